// HTML and SVG made by script: names from the server become text, never markup.

/** An element: `make("a", { href: "/", class: "brand" }, "AlbumNet", image)`. */
export function make(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** An element of SVG. */
export function makeSvg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

/** A share as people read it: 34 %, 3.4 %. */
export function percent(share) {
  return `${(100 * share).toFixed(share >= 0.1 ? 0 : 1)}\u00a0%`;
}

/** 127,467. */
export function count(n) {
  return n.toLocaleString("en");
}

/** "1 album", "2 albums". */
export function albums(n) {
  return `${count(n)} ${n === 1 ? "album" : "albums"}`;
}

/** The address of a row's picture that the browser may keep for ever: of so many pixels, or whole without `size`. */
export function pictureAddress(row, size = 0) {
  const version = document.documentElement.dataset.version;
  return size ? `/thumbs/${row}?s=${size}&v=${version}` : `/covers/${row}?v=${version}`;
}

/** A cover shown so wide (as the attribute `sizes` says it), or two letters in its place. */
export function coverOf(album, sizes = "8rem") {
  if (album.cover) {
    const small = pictureAddress(album.row, 128);
    return make("img", {
      class: "cover", src: small, srcset: `${small} 128w, ${pictureAddress(album.row)} 640w`, sizes, alt: "",
      width: 128, height: 128, loading: "lazy", decoding: "async",
    });
  }
  const letters = (album.title || album.artist || "?").split(/\s+/).slice(0, 2).map((word) => word[0] ?? "");
  return make("span", { class: "cover missing", "aria-hidden": "true" }, letters.join("").toUpperCase());
}

/** Title and artist of an album, as two lines. */
export function namesOf(album) {
  return [
    make("span", { class: "title" }, album.title || "Untitled"),
    make("span", { class: "artist" }, album.artist || "Unknown artist"),
  ];
}

/** A list of albums as covers; `onChoose(album)` stands in for following the link. */
export function shelf(list, { sizes = "8rem", onChoose = null } = {}) {
  return make("ul", { class: "shelf" }, ...list.map((album) => {
    const link = make("a", { class: "album", href: `/albums/${encodeURIComponent(album.album_id)}` }, coverOf(album, sizes), ...namesOf(album),
      album.reason && make("span", { class: "reason" }, album.reason));
    if (onChoose) {
      link.addEventListener("click", (event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        onChoose(album);
      });
    }
    return make("li", {}, link);
  }));
}

/** Text in which what stands between backticks is code. */
export function withCode(text) {
  return text.split("`").map((part, n) => (n % 2 ? make("code", {}, part) : part));
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}
