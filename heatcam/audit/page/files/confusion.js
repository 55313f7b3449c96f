// Labels by predictions: each cell shows its objects.

const MOST_CLASSES = 14, MOST_LISTED = 8;
let isWholeMatrix = false;

function confusionSection() {
  const confusion = page.figures?.confusion;
  if (!confusion || !confusion.cells.length) return null;
  const cells = confusion.cells.map((cell) => noted(cell, confusion.names));
  const made = section("Labels and predictions", "Rows are labels, columns predictions; a cell shows its objects. Colour: its share of the row.");
  const holder = element("div", { class: "columns wide-first" });
  const draw = () => holder.replaceChildren(matrix(confusion.names, cells, draw), largest(cells));
  draw();
  made.append(holder);
  return made;
}

/** Note a cell's objects as a set that can be shown. */
function noted(cell, names) {
  const label = cell.label === null ? "background" : names[cell.label], predicted = cell.predicted === null ? "background" : names[cell.predicted];
  const title = cell.label === null ? `${predicted} where no label is` : cell.predicted === null ? `${label} that was missed` : label === predicted ? `${label} found` : `${label} taken for ${predicted}`;
  const set = `cell-${cell.label ?? "b"}-${cell.predicted ?? "b"}`;
  sets.set(set, { title, numbers: new Set(cell.numbers) });
  return { ...cell, title, set, count: cell.numbers.length };
}

function matrix(names, cells, redraw) {
  const picked = pick(names, cells), places = [...picked, null];
  const at = new Map(cells.map((cell) => [`${cell.label} ${cell.predicted}`, cell]));
  const sums = new Map();
  for (const cell of cells) sums.set(cell.label, (sums.get(cell.label) ?? 0) + cell.count);
  const word = (place) => (place === null ? "background" : names[place]);
  const head = element("tr", {}, element("td", { class: "corner" }, "label ╲ predicted"), places.map((place) => element("th", { scope: "col", title: word(place) }, element("span", {}, word(place)))));
  const body = places.map((label) => element("tr", {}, element("th", { scope: "row", title: word(label) }, word(label)), places.map((predicted) => matrixCell(at.get(`${label} ${predicted}`), sums.get(label)))));
  const grid = element("div", { class: "scrolls", tabindex: 0, role: "region", "aria-label": "Confusion matrix" }, element("table", { class: "matrix" }, element("thead", {}, head), element("tbody", {}, body)));
  if (names.length <= MOST_CLASSES) return grid;
  const words = isWholeMatrix ? `Only the ${MOST_CLASSES} with the most mistakes` : `All ${names.length} classes`;
  return element("div", {}, grid, button(words, () => { isWholeMatrix = !isWholeMatrix; redraw(); }, { class: "quiet" }));
}

/** The classes to show, in their order: those with the most mistakes. */
function pick(names, cells) {
  const mistakes = names.map(() => 0);
  for (const cell of cells.filter((one) => one.label !== one.predicted)) {
    for (const place of [cell.label, cell.predicted]) if (place !== null) mistakes[place] += cell.count;
  }
  const ranked = [...names.keys()].sort((a, b) => mistakes[b] - mistakes[a] || a - b);
  return isWholeMatrix ? [...names.keys()] : ranked.slice(0, MOST_CLASSES).sort((a, b) => a - b);
}

function matrixCell(cell, sum) {
  if (!cell) return element("td");
  const isRight = cell.label === cell.predicted;
  const made = button(whole(cell.count), () => showObjects({ set: cell.set }), { title: `${cell.title}: ${cell.count}`, "aria-label": `${cell.title}: ${cell.count}`, "--share": Math.sqrt(cell.count / sum).toFixed(3) });
  return element("td", { class: isRight ? "right" : "wrong" }, made);
}

function largest(cells) {
  const between = cells.filter((cell) => cell.label !== cell.predicted).sort((a, b) => b.count - a.count).slice(0, MOST_LISTED), most = between[0]?.count ?? 1;
  if (!between.length) return null;
  const rows = between.map((cell) => element("li", {}, button([element("span", { class: "name" }, cell.title), bar(cell.count / most, "wrong"), element("span", { class: "count" }, whole(cell.count))], () => showObjects({ set: cell.set }), { class: "kind-row brief" })));
  return element("div", {}, element("h3", {}, "The largest"), element("ul", { class: "kinds" }, rows));
}
