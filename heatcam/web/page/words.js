// Numbers and names in words.

export const percent = (share, digits = 0) => (share === null || share === undefined ? "–" : `${(100 * share).toFixed(digits)} %`);

export const number = (value, digits = 2) => (value === null || value === undefined ? "–" : value.toFixed(digits));

/** 23 fps, but 7.5 fps: the tenth matters where there are few. */
export const rate = (fps) => `${fps >= 10 ? Math.round(fps) : fps.toFixed(1)} fps`;

/** 0:07, 1:02:30. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (!parts[0]) parts.shift();
  return parts.map((part, n) => (n ? String(part).padStart(2, "0") : String(part))).join(":");
}

export function bytes(count) {
  if (count < 1e3) return `${count} bytes`;
  return count < 1e6 ? `${Math.round(count / 1e3)} kB` : `${Number((count / 1e6).toFixed(1))} MB`;
}

export const counted = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

export const RENORMS = { box: "per box", region: "per region", frame: "per picture", fixed: "fixed" };
export const LAYOUTS = { single: "Single", dual: "Side by side", wipe: "Wipe" };
export const VIEWS = {
  original: "Original", overlay: "Overlay", heatmap: "Heat map", boxes: "Boxes", regions: "Regions", dual: "Side by side",
  grid: "Each object", sheet: "Sheet to print",
};

export const everyWords = (count) => (Number(count) === 1 ? "frame" : `${count} frames`);
export const layerWords = (layers) => (layers === "" ? "the method's own" : layers);
export const known = (names, value) => names[value] ?? String(value);
