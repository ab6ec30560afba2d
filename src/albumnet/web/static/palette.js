// The page's colours as numbers, for canvases; asked for again whenever light turns dark.

/** A colour of base.css as [r, g, b], whatever notation and colour scheme it stands in. */
export function colour(name) {
  const probe = document.createElement("span");
  probe.hidden = true;
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const channels = getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3).map(Number);
  probe.remove();
  return channels;
}

/** "rgb(… / alpha)" of three channels. */
export function css([r, g, b], alpha = 1) {
  return `rgb(${r} ${g} ${b} / ${alpha})`;
}

/** Colours of the mood families, told apart in light and dark; the last is for albums without a mood. */
export function familyColours(isDark) {
  return (isDark ? DARK : LIGHT).map((hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)));
}

/** Whether the page is dark now. */
export function isDark() {
  return colour("--paper")[0] < 128;
}

// Eight hues of one lightness each (OKLCH L 0.56 and 0.75, C about 0.12), ordered so that neighbours in number differ.
const LIGHT = ["#b5533c", "#3f7cac", "#5f8a2f", "#8a5fae", "#b27a16", "#1f8f86", "#b3507f", "#5c6bc0", "#8b8376"];
const DARK = ["#ea8a6c", "#74b3e0", "#9dc46a", "#c19ae6", "#e0b252", "#5ccabd", "#ea8db6", "#9aa7f0", "#8d867b"];
