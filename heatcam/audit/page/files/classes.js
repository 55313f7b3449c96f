// Counts and shares of each class, in a table that can be sorted.

const COLUMNS = [
  ["Class", (one) => one.class_name], ["True", (one) => one.kinds.true ?? 0], ["False", (one) => falseOf(one)], ["Missed", (one) => one.kinds.missed ?? 0],
  ["Precision", (one) => one.precision.value], ["Labels found", (one) => one.found.value], ["Low evidence, true", (one) => one.low_evidence.true?.value], ["Low evidence, false", (one) => one.low_evidence.false?.value],
];
const falseOf = (one) => Object.entries(one.kinds).filter(([kind]) => tone(kind) === "wrong").reduce((sum, [, count]) => sum + count, 0);
const classesOrder = { column: 2, isDown: true };

function classesSection() {
  const classes = (page.figures?.classes ?? []).filter((one) => one.class_name !== null);
  if (!classes.length) return null;
  const made = section("Classes", "A class shows its objects; a heading sorts.");
  const holder = element("div", { class: "scrolls tall", tabindex: 0, role: "region", "aria-label": "Classes" });
  const columns = page.figures.has_labels ? [...COLUMNS.keys()] : [0];
  const draw = () => holder.replaceChildren(element("table", { class: "numbers" }, element("thead", {}, element("tr", {}, columns.map((column) => classHeading(column, draw)))), element("tbody", {}, sortedClasses(classes).map((one) => classRow(one, columns)))));
  draw();
  made.append(holder);
  return made;
}

function classHeading(column, redraw) {
  const isChosen = classesOrder.column === column;
  const sort = () => {
    classesOrder.isDown = isChosen ? !classesOrder.isDown : column > 0;
    classesOrder.column = column;
    redraw();
    document.querySelectorAll("[data-column]")[column]?.focus();
  };
  return element("th", { scope: "col", "aria-sort": isChosen ? (classesOrder.isDown ? "descending" : "ascending") : "none" }, button([COLUMNS[column][0], isChosen ? icon(classesOrder.isDown ? "down" : "up") : null], sort, { class: "sorts", "data-column": column }));
}

function sortedClasses(classes) {
  const of = COLUMNS[classesOrder.column][1], sign = classesOrder.isDown ? -1 : 1;
  return [...classes].sort((a, b) => {
    const one = of(a), other = of(b);
    if (isNone(one) || isNone(other)) return isNone(one) - isNone(other);
    return sign * (typeof one === "string" ? one.localeCompare(other) : one - other);
  });
}

function classRow(one, columns) {
  const cells = [
    null, () => whole(one.kinds.true ?? 0), () => whole(falseOf(one)), () => whole(one.kinds.missed ?? 0), () => estimateWords(one.precision), () => estimateWords(one.found),
    () => percent(one.low_evidence.true?.value), () => percent(one.low_evidence.false?.value),
  ];
  return element("tr", {}, element("th", { scope: "row" }, button(one.class_name, () => showObjects({ class: one.class_name }), { class: "linked" })), columns.slice(1).map((column) => element("td", {}, cells[column]())));
}
