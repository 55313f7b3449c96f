// What is chosen of the objects: kind, class, cluster, picture, and ranges of numbers.

const RANGES = ["evidence", "outside", "confidence", "size"];
let filtersDrawn = null;

/** Make the filters once; they follow the choice. */
function drawFilters() {
  const kinds = [...Object.entries(GROUPS).filter(([name]) => hasLabels || name === "all").map(([name, [words, test]]) => [name, words, ROWS.filter(test).length]), ...Object.keys(KINDS).filter((kind) => kindCounts.get(kind) && hasLabels).map((kind) => [kind, kindWords(kind), kindCounts.get(kind)])];
  const parts = { kinds: kindList(kinds), class: classSelect(), cluster: clusterSelect(), text: textField(), ranges: RANGES.filter((name) => valuesOf(name).length > 1).map(rangeField) };
  const clear = button("Clear filters", () => choose({ ...FRESH, kind: "all", sort: choice.sort, down: choice.down }), { class: "quiet" });
  const made = element("details", { class: "filters card", id: "filters" }, element("summary", {}, "Filters"), element("div", { class: "inner" }, parts.kinds, parts.class, parts.cluster, parts.text, parts.ranges.map(({ field }) => field), clear));
  made.open = window.matchMedia("(min-width: 1000px)").matches;
  filtersDrawn = { ...parts, clear };
  return made;
}

function kindList(kinds) {
  const items = kinds.map(([value, words, count]) => element("label", {}, element("input", { type: "radio", name: "kind", value, onchange: () => choose({ kind: value }) }), element("span", { class: "name" }, Object.hasOwn(KINDS, value) ? dot(value) : null, words), element("span", { class: "count" }, whole(count))));
  return element("fieldset", { class: "kind-list" }, element("legend", {}, "Kind"), items);
}

function classSelect() {
  const counts = countBy(classOf);
  for (const row of ROWS) if (labelOf(row) && labelOf(row) !== classOf(row)) counts.set(labelOf(row), (counts.get(labelOf(row)) ?? 0) + 1);
  const names = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a) || a.localeCompare(b));
  return select("Class", [["", "Any class"], ...names.map((name) => [name, `${name} (${whole(counts.get(name))})`])], choice.class, (value) => choose({ class: value }));
}

function clusterSelect() {
  if (!clusterOf.size) return null;
  const pairs = [...clusterOf.values()].map((one) => [one.number, `${one.number}: ${one.class_name}, ${counted(one.members.length, "object")}`]);
  return select("Cluster", [["", "Any"], ...pairs, [-1, "In none"]], choice.cluster, (value) => choose({ cluster: value }));
}

function textField() {
  let wait = 0;
  const note = (event) => { clearTimeout(wait); wait = setTimeout(() => choose({ text: event.target.value }), 150); };
  return element("label", { class: "field" }, element("span", {}, "Picture or number"), element("input", { type: "search", placeholder: "part of its name", oninput: note }));
}

/** Make a range of a number: two handles that move along its percentiles, so that each step holds as many objects. */
function rangeField(name) {
  const { words, write } = NUMBERS[name];
  const inputs = ["least", "most"].map((end, at) => element("input", { type: "range", min: 0, max: 100, step: 1, value: 100 * at, "aria-label": `${words}, ${end}`, oninput: () => moved(at) }));
  const output = element("output", {}), lane = element("div", { class: "lane" }, inputs);
  const moved = (at) => {
    const ends = inputs.map((one) => Number(one.value));
    if (ends[0] > ends[1]) inputs[at].value = ends[1 - at];
    setRange(name, ...inputs.map((one) => Number(one.value)));
  };
  const follow = (ranges) => {
    const ends = ranges.get(name) ?? [0, 100];
    inputs.forEach((one, at) => { one.value = ends[at]; one.setAttribute("aria-valuetext", write(valueAt(name, ends[at]))); });
    lane.style.setProperty("--from", `${ends[0]}%`);
    lane.style.setProperty("--to", `${ends[1]}%`);
    setText(output, ends[0] <= 0 && ends[1] >= 100 ? "any" : `${write(valueAt(name, ends[0]))} to ${write(valueAt(name, ends[1]))}`);
  };
  return { follow, field: element("div", { class: "range" }, element("div", { class: "between" }, element("span", {}, words), output), lane) };
}

/** Show in the filters what is chosen. */
function followFilters() {
  const { kinds, class: classes, cluster, text, ranges } = filtersDrawn, chosen = readRanges();
  kinds.querySelectorAll("input").forEach((one) => { one.checked = one.value === choice.kind; });
  classes.querySelector("select").value = choice.class;
  if (cluster) cluster.querySelector("select").value = choice.cluster;
  const field = text.querySelector("input");
  if (document.activeElement !== field) field.value = choice.text;
  ranges.forEach(({ follow }) => follow(chosen));
}
