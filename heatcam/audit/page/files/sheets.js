// Sprite sheets: decoded when one of their objects is seen, and kept while they are likely to be seen again.

const MOST_SHEETS = 24; // decoded thumbnails kept: 3.7 MB each
const decoded = new Map(); // by sheet, the least recently used first
const unpacked = new Map(); // maps by sheet: 115 kB each, kept

/** The text of an element that may not have been read yet, while the page is still coming in. */
async function textOf(id) {
  while (!byId(id) && document.readyState === "loading") await new Promise((done) => setTimeout(done, 50));
  return byId(id)?.textContent ?? "";
}

/** Return a sheet's thumbnails as one bitmap; null where they cannot be read. */
function thumbsOf(sheet) {
  const known = decoded.get(sheet) ?? decodeThumbs(sheet);
  decoded.delete(sheet);
  decoded.set(sheet, known);
  if (decoded.size > MOST_SHEETS) decoded.delete(decoded.keys().next().value);
  return known;
}

async function decodeThumbs(sheet) {
  try {
    return await createImageBitmap(new Blob([bytesOf(await textOf(`thumbs-${sheet}`))], { type: "image/webp" }));
  } catch {
    return null;
  }
}

/** Return a sheet's maps: levels of own and signed ones; null where this browser cannot unpack them. */
function mapsOf(sheet) {
  if (!unpacked.has(sheet)) unpacked.set(sheet, unpackMaps(sheet).catch(() => null));
  return unpacked.get(sheet);
}

async function unpackMaps(sheet) {
  const stream = new Blob([bytesOf(await textOf(`maps-${sheet}`))]).stream().pipeThrough(new DecompressionStream("deflate"));
  const steps = new Uint8Array(await new Response(stream).arrayBuffer());
  for (let at = 0; at < steps.length; at += 1) if (at % CELLS) steps[at] += steps[at - 1]; // (modulo 256, as they were written)
  return steps;
}

/** Return one object's map: Float32Array of 0 to 255 (own) or -255 to 255 (signed); null where there is none. */
async function mapOf(row, kind) {
  const all = await mapsOf(table.sheet[row]), size = CELLS * CELLS;
  if (!all) return null;
  const start = (table.cell[row] + (kind === "own" ? 0 : all.length / size / 2)) * size;
  const levels = new Float32Array(size), [zero, scale] = kind === "own" ? [0, 255 / 63] : [32, 255 / 31];
  for (let at = 0; at < size; at += 1) levels[at] = (all[start + at] - zero) * scale;
  return levels;
}

/** Where a crop lies in a square of `side` pixels, whole and in its middle: x, y, width, height. */
function placeIn(side, row) {
  const [x1, y1, x2, y2] = cropOf(row), scale = side / Math.max(x2 - x1, y2 - y1);
  const wide = (x2 - x1) * scale, tall = (y2 - y1) * scale;
  return [(side - wide) / 2, (side - tall) / 2, wide, tall];
}

/** Draw an object's thumbnail into a part of a canvas; tells if it could. */
async function paintThumb(context, row, place, isWanted) {
  const sheet = await thumbsOf(table.sheet[row]);
  if (!sheet || !isWanted()) return false;
  const [x, y, wide, tall] = placeIn(THUMB, row), edge = 0.6; // (its edges may have been mixed with the black around it)
  const left = (table.cell[row] % SHEET_SIDE) * THUMB + x + edge, top = Math.floor(table.cell[row] / SHEET_SIDE) * THUMB + y + edge;
  context.imageSmoothingQuality = "high";
  context.drawImage(sheet, left, top, Math.max(1, wide - 2 * edge), Math.max(1, tall - 2 * edge), ...place);
  return true;
}

/**
 * Draw an object into a square canvas: its thumbnail, and its map over it unless `look` is "plain". A canvas that shows another
 * object by then stays as it is.
 */
async function paintObject(canvas, row, look) {
  const ticket = `${row} ${look} ${canvas.width}`;
  if (canvas.dataset.shows === ticket) return;
  if (canvas.dataset.shows?.split(" ")[0] !== String(row)) canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
  canvas.dataset.shows = ticket;
  const isWanted = () => canvas.dataset.shows === ticket;
  const context = canvas.getContext("2d"), place = placeIn(canvas.width, row);
  const levels = look === "plain" ? null : await mapOf(row, look);
  await thumbsOf(table.sheet[row]);
  if (!isWanted()) return;
  context.clearRect(0, 0, canvas.width, canvas.height);
  await paintThumb(context, row, place, isWanted);
  if (levels && isWanted()) paintMap(context, levels, look, place);
}

/** Make a small picture of an object that opens it. */
function thumbButton(row, list, side = 72, look = "own") {
  const scale = Math.min(2, window.devicePixelRatio || 1), canvas = element("canvas", { width: side * scale, height: side * scale });
  paintObject(canvas, row, look);
  const words = `Object ${table.number[row]}: ${objectWords(row)}`;
  return element("button", { type: "button", class: "thumb", title: words, "aria-label": words, onclick: () => openObject(row, list) }, canvas);
}
