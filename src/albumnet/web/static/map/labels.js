// Who and what by row, asked for in batches and kept.
import { askJson } from "../api.js";

const MOST = 500;
const known = new Map();

/** Labels of some rows, in their order. */
export async function labelsOf(rows) {
  const missing = rows.filter((row) => !known.has(row));
  for (let start = 0; start < missing.length; start += MOST) {
    for (const label of await askJson(`/api/map/labels?rows=${missing.slice(start, start + MOST).join(",")}`)) {
      known.set(label.row, label);
    }
  }
  return rows.map((row) => known.get(row));
}

/** "Title by Artist". */
export function nameOf(label) {
  return [label.title || "Untitled", label.artist && `by ${label.artist}`].filter(Boolean).join(" ");
}
