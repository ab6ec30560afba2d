// What an explanation is about: an album of the set, or a cover that is sent along with every question.
import { askPatiently } from "../api.js";

/** An album; `address` is where its cover is shown from, or null. */
export function albumSubject(albumId, address) {
  return {
    address,
    ask: (about, asked, say) => askPatiently(addressOf(about, { ...asked, album: albumId }), () => ({}), { onWait: waiting(say) }),
  };
}

/** A cover that the server keeps nothing of; `makeBody` makes the form that it came with. */
export function uploadSubject(address, makeBody) {
  return {
    address,
    ask: (about, asked, say) =>
      askPatiently(addressOf(about, asked), () => ({ method: "POST", body: makeBody() }), { onWait: waiting(say) }),
  };
}

function addressOf(about, asked) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(asked)) {
    for (const each of Array.isArray(value) ? value : [value]) query.append(name, each);
  }
  return `/api/explain/${about}?${query}`;
}

function waiting(say) {
  return (left) => say(`Other explanations come first. Trying again in ${left} s …`);
}
