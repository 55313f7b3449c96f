// Heat maps of 24 x 24 cells, drawn in heatcam's colours: values between cells are interpolated first and coloured then.

const palettes = { own: bytesOf(page.palettes.own), signed: bytesOf(page.palettes.signed) };

/** Decode base64. */
function bytesOf(text) {
  const binary = atob(text), bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at += 1) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

const weights = new Map();
/** For each of `size` pixels, the two cells that it lies between and the share of the second. */
function weightsOf(size) {
  if (!weights.has(size)) {
    weights.set(size, Array.from({ length: size }, (_, at) => {
      const place = Math.min(Math.max(((at + 0.5) * CELLS) / size - 0.5, 0), CELLS - 1), first = Math.floor(place);
      return [first, Math.min(first + 1, CELLS - 1), place - first];
    }));
  }
  return weights.get(size);
}

/** Colour a map in `size` x `size` pixels: an ImageData with opacity. `levels` are 0 to 255 (own) or -255 to 255 (signed). */
function coloured(levels, kind, size) {
  const picture = new ImageData(size, size), along = weightsOf(size), palette = palettes[kind];
  const pixels = new Uint32Array(picture.data.buffer), colours = new Uint32Array(palette.buffer), zero = kind === "own" ? 0 : 255;
  for (let y = 0, at = 0; y < size; y += 1) {
    const [top, bottom, down] = along[y];
    for (let x = 0; x < size; x += 1, at += 1) {
      const [left, right, across] = along[x];
      const above = levels[top * CELLS + left] * (1 - across) + levels[top * CELLS + right] * across;
      const below = levels[bottom * CELLS + left] * (1 - across) + levels[bottom * CELLS + right] * across;
      pixels[at] = colours[zero + Math.round(above * (1 - down) + below * down)];
    }
  }
  return picture;
}

const scratch = document.createElement("canvas");
/** Draw a map over a part of a canvas: x, y, width, height. */
function paintMap(context, levels, kind, [x, y, wide, tall], size = 72) {
  scratch.width = scratch.height = size;
  scratch.getContext("2d").putImageData(coloured(levels, kind, size), 0, 0);
  context.imageSmoothingQuality = "high";
  context.drawImage(scratch, x, y, wide, tall);
}
