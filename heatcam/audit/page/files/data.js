// The objects, column by column. An object is told by its row; what others call it is its number.

const page = JSON.parse(byId("data").textContent);
byId("data").remove();
const table = page.table;
const COUNT = table.number.length;
const ROWS = [...table.number.keys()];
const CELLS = 24, THUMB = 96, MARGIN = 0.25, SHEET_SIDE = 10;

const rowOf = new Map(table.number.map((one, row) => [one, row]));
const kindOf = (row) => table.kinds[table.kind[row]];
const classOf = (row) => table.classes[table.class[row]];
const labelOf = (row) => (table.label_class[row] < 0 ? null : table.classes[table.label_class[row]]);
const imageOf = (row) => table.images[table.image[row]];
/** A name as it was written, for files and commands. */
const raw = (name) => (Object.hasOwn(table.raw, name) ? table.raw[name] : name);
const hasLabels = ROWS.some((row) => kindOf(row) !== "unlabelled");

table.outside = table.energy_in_box.map((value) => (isNone(value) ? null : 1 - value));
table.size = table.box.map(([x1, y1, x2, y2]) => Math.sqrt(Math.max(0, x2 - x1) * Math.max(0, y2 - y1)));

const isMistake = (row) => ["wrong", "missed"].includes(tone(kindOf(row)));
/** Groups of kinds that can be chosen together. */
const GROUPS = {
  all: ["All objects", () => true],
  mistakes: ["All mistakes", isMistake],
  false: ["False detections", (row) => tone(kindOf(row)) === "wrong"],
};

/** Count rows by what `key` says of each. */
function countBy(key, rows = ROWS) {
  const counts = new Map();
  for (const row of rows) counts.set(key(row), (counts.get(key(row)) ?? 0) + 1);
  return counts;
}
const kindCounts = countBy(kindOf);

/** An object's box grown by a quarter of its sides, out to whole pixels of the picture: what its thumbnail, crop and maps are of. */
function cropOf(row) {
  const [x1, y1, x2, y2] = table.box[row], [wide, tall] = table.image_sizes[table.image[row]];
  const across = MARGIN * Math.max(x2 - x1, 2), down = MARGIN * Math.max(y2 - y1, 2);
  const left = clamped(x1 - across, 0, wide - 1), top = clamped(y1 - down, 0, tall - 1);
  return [Math.floor(left), Math.floor(top), Math.ceil(clamped(x2 + across, left + 1, wide)), Math.ceil(clamped(y2 + down, top + 1, tall))];
}
const clamped = (value, low, high) => Math.min(Math.max(value, low), high);

/** The clusters' members by cluster, and each cluster by its number. */
const clusterOf = new Map((page.clusters?.list ?? []).map((one) => [one.number, one]));

/** One line about an object, for the ear and for titles. */
function objectWords(row) {
  const confidence = isNone(table.confidence[row]) ? "" : ` ${hundredth(table.confidence[row])}`;
  return `${classOf(row)}${confidence}, ${kindWords(kindOf(row)).toLowerCase()}`;
}
