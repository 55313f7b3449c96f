// Heat maps of 24 x 24 cells, drawn in heatcam's colours: values between cells are interpolated first and coloured then.

const palettes = { own: bytesOf(page.palettes.own), signed: bytesOf(page.palettes.signed) };

/** Decode base64. */
function bytesOf(text) {
  const binary = atob(text), bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at += 1) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

const palettes32 = { own: new Uint32Array(palettes.own.buffer), signed: new Uint32Array(palettes.signed.buffer) };
const weights = new Map();

/** For each of `size` pixels, the first of the two cells that it lies between, the second, and the share of the second. */
function weightsOf(size) {
  if (!weights.has(size)) {
    const first = new Uint8Array(size), second = new Uint8Array(size), share = new Float32Array(size);
    for (let at = 0; at < size; at += 1) {
      const place = clamped(((at + 0.5) * CELLS) / size - 0.5, 0, CELLS - 1);
      first[at] = Math.floor(place);
      second[at] = Math.min(first[at] + 1, CELLS - 1);
      share[at] = place - first[at];
    }
    weights.set(size, { first, second, share });
  }
  return weights.get(size);
}

/** Interpolate along each row of cells: `CELLS` rows of `size` values. */
function widened(levels, size) {
  const { first, second, share } = weightsOf(size), rows = new Float32Array(CELLS * size);
  for (let y = 0, at = 0; y < CELLS; y += 1) {
    const start = y * CELLS;
    for (let x = 0; x < size; x += 1, at += 1) rows[at] = levels[start + first[x]] * (1 - share[x]) + levels[start + second[x]] * share[x];
  }
  return rows;
}

/** Colour a map in `size` x `size` pixels: an ImageData with opacity. `levels` are 0 to 255 (own) or -255 to 255 (signed). */
function coloured(levels, kind, size) {
  const picture = new ImageData(size, size), pixels = new Uint32Array(picture.data.buffer), colours = palettes32[kind];
  const rows = widened(levels, size), { first, second, share } = weightsOf(size), zero = (kind === "own" ? 0 : 255) + 0.5;
  for (let y = 0, at = 0; y < size; y += 1) {
    const above = first[y] * size, below = second[y] * size, down = share[y];
    for (let x = 0; x < size; x += 1, at += 1) pixels[at] = colours[(rows[above + x] * (1 - down) + rows[below + x] * down + zero) | 0];
  }
  return picture;
}

const scratch = document.createElement("canvas"), scratchContext = scratch.getContext("2d", { willReadFrequently: true });
/** Draw a map over a part of a canvas: x, y, width, height. */
function paintMap(context, levels, kind, [x, y, wide, tall], size = 48) {
  if (scratch.width !== size) scratch.width = scratch.height = size;
  scratchContext.putImageData(coloured(levels, kind, size), 0, 0);
  context.imageSmoothingQuality = "high";
  context.drawImage(scratch, x, y, wide, tall);
}
