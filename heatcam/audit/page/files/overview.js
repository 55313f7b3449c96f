// The first view: headline numbers, where it goes wrong, and what the figures say.

function drawOverview() {
  return [heading(), tiles(), element("div", { class: "columns" }, kindsSection(), wordsSection()), ...[confusionSection(), separationSection(), contextSection(), classesSection()].filter(Boolean)];
}

function heading() {
  const facts = page.head.filter(([name]) => !isHeadline(name));
  return element("header", { class: "heading" }, element("h1", {}, page.title),
    element("dl", { class: "facts" }, facts.map(([name, value]) => element("div", {}, element("dt", {}, capital(name)), element("dd", {}, value)))));
}
const isHeadline = (name) => /^mAP/.test(name);

function tiles() {
  const count = (test) => ROWS.filter(test).length, made = [["Objects", whole(page.objects), shownNote()]];
  made.push(["Pictures", whole(page.figures?.images ?? table.images.length), ""]);
  if (hasLabels) {
    made.push(["True", whole(allOf("true")), shareOf(allOf("true"))], ["False", whole(sumOf("wrong")), shareOf(sumOf("wrong"))], ["Missed", whole(allOf("missed")), shareOfLabels(allOf("missed"))]);
  } else {
    made.push(["Low evidence", whole(count((row) => table.low[row] === 1)), "for and against cancel out"]);
  }
  made.push(...page.head.filter(([name]) => isHeadline(name)).map(([name, value]) => [name, value, ""]));
  return element("dl", { class: "tiles card" }, made.map(([name, value, note]) => element("div", {}, element("dt", {}, name), element("dd", {}, value), note ? element("dd", { class: "note" }, note) : null)));
}
const shownNote = () => (COUNT < page.objects ? `${whole(COUNT)} of them on this page` : "");

/** Counts of all objects, also of those that are not on this page. */
function allOf(kind) {
  const whole = page.figures?.classes.find((one) => one.class_name === null);
  return whole ? whole.kinds[kind] ?? 0 : kindCounts.get(kind) ?? 0;
}
const sumOf = (toned) => Object.keys(KINDS).filter((kind) => tone(kind) === toned).reduce((sum, kind) => sum + allOf(kind), 0);
function shareOf(count) {
  const all = sumOf("wrong") + sumOf("right");
  return all ? `${percent(count / all)} of detections` : "";
}
function shareOfLabels(count) {
  const all = ["true", "loose", "missed"].reduce((sum, kind) => sum + allOf(kind), 0);
  return all ? `${percent(count / all)} of labels` : "";
}

function kindsSection() {
  const kinds = Object.keys(KINDS).filter((kind) => allOf(kind)), most = Math.max(...kinds.map(allOf), 1);
  const rows = kinds.map((kind) => element("li", {}, button([
    element("span", { class: "name" }, dot(kind), kindWords(kind)), element("span", { class: "soft about" }, KINDS[kind][1]), bar(allOf(kind) / most, tone(kind)), element("span", { class: "count" }, whole(allOf(kind))),
  ], () => showObjects({ kind }), { class: "kind-row" })));
  return section(hasLabels ? "What became of each object" : "Objects", hasLabels ? "A row shows its objects." : "Without labels nothing is right or wrong: sort the objects by evidence.", element("ul", { class: "kinds" }, rows));
}

function wordsSection() {
  const lines = page.figures?.lines ?? [];
  if (!lines.length) return null;
  return section("In words", "", element("ul", { class: "lines" }, lines.map((line) => element("li", {}, asSentence(line)))));
}
/** A plain line of the terminal's; the name of a class at its beginning stays as it is written. */
function asSentence(line) {
  const text = line.replaceAll(" %", `${FIXED}%`);
  return table.classes.some((name) => text.startsWith(`${name} `)) ? text : capital(text);
}
