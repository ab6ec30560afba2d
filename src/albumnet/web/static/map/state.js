// What the address bar holds: the view, the filters, the album that is open, the cover that was read. Back and forward bring them back.

const FILTERS = ["q", "genre", "decade", "mood"];

/** The address as { view: {x, y, zoom} or null, filter: {q, genre, decade, mood}, album, pin: [x, y] or null }. */
export function readAddress(search = location.search) {
  const given = new URLSearchParams(search);
  const [x, y, zoom] = ["x", "y", "z"].map((name) => (given.has(name) ? Number(given.get(name)) : NaN));
  const view = [x, y].every(Number.isFinite) ? { x, y: 1 - y, zoom: Number.isFinite(zoom) ? zoom : 0 } : null;
  const filter = Object.fromEntries(FILTERS.map((name) => [name, given.get(name) ?? ""]));
  const pin = (given.get("pin") ?? "").split(",").map(Number);
  const isPin = given.has("pin") && pin.length === 2 && pin.every(Number.isFinite);
  return { view, filter, album: given.get("album") ?? "", pin: isPin ? [pin[0], 1 - pin[1]] : null };
}

/** Write them there; `isStep` says that back should return to what was before. */
export function writeAddress({ view, filter, album, pin }, isStep) {
  const address = new URLSearchParams();
  address.set("x", view.x.toFixed(4));
  address.set("y", (1 - view.y).toFixed(4));
  address.set("z", view.zoom.toFixed(2));
  for (const name of FILTERS) if (filter[name]) address.set(name, filter[name]);
  if (album) address.set("album", album);
  if (pin) address.set("pin", `${pin[0].toFixed(4)},${(1 - pin[1]).toFixed(4)}`);
  const url = `${location.pathname}?${address}`;
  if (url === location.pathname + location.search) return;
  history[isStep ? "pushState" : "replaceState"](null, "", url);
}
