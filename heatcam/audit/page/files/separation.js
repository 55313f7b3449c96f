// What tells mistakes from true detections: how well each number does, what dropping low evidence would cost, distributions.

const SHAPES = ["confidence", "energy_in_box", "enrichment", "evidence"];
let separationClass = "";

function separationSection() {
  const figures = page.figures;
  if (!figures?.distributions.length) return null;
  const made = section(figures.has_labels ? "What tells false from true" : "How the numbers are distributed", figures.has_labels ? "The chance that a true detection has more of it than a false one: 50 % says nothing, and below it the false ones have more. Lines are 95 % intervals over pictures." : "");
  const names = [...new Set(figures.distributions.map((one) => one.class_name).filter((name) => name !== null))];
  const holder = element("div");
  const draw = () => holder.replaceChildren(...separationParts(figures, separationClass === "" ? null : separationClass));
  made.append(select("Class", [["", "All classes"], ...names.map((name) => [name, name])], separationClass, (value) => { separationClass = value; draw(); }), holder);
  draw();
  return made;
}

function separationParts(figures, name) {
  const ofClass = (list) => list.filter((one) => one.class_name === name);
  const rows = ofClass(figures.separation).map((one) => ({ name: measureWords(one.number), estimate: one.auc, note: `${whole(one.true)} true, ${whole(one.false)} false` }));
  const rule = ofClass(figures.low_evidence_rule)[0];
  const parts = [];
  if (rows.length) parts.push(intervals(rows, { low: 0, high: 1, mark: 0.5 }, [`0${FIXED}%`, `50${FIXED}%`, `100${FIXED}%`]));
  else if (figures.has_labels) parts.push(element("p", { class: "note" }, "Too few true or false detections of this class to tell."));
  if (rule) parts.push(ruleParts(rule));
  parts.push(element("div", { class: "shapes" }, SHAPES.map((one) => shape(ofClass(figures.distributions), one)).filter(Boolean)), legend(figures.has_labels));
  return parts;
}

function ruleParts(rule) {
  const rows = [{ name: "False ones it would drop", estimate: rule.caught }, { name: "True ones it would cost", estimate: rule.cost }];
  return element("div", { class: "rule" }, element("h3", {}, "If detections with low evidence were dropped"), intervals(rows, { low: 0, high: 1 }));
}

/** One number's distribution: true filled, false as a line, missed dotted; without labels all that there is. */
function shape(distributions, name) {
  const of = (kind) => distributions.find((one) => one.number === name && one.kind === kind);
  const series = page.figures.has_labels ? [[of("true"), "right"], [of("false"), "wrong"], [of("missed"), "missed"]] : [[of("unlabelled") ?? of(null), "right"]];
  const known = series.filter(([one]) => one && one.n);
  if (!known.length) return null;
  const first = known[0][0], medians = known.map(([one, style]) => `${STYLES_OF[style]} ${measure(name, one.quantiles[2])}`).join(", ");
  const chart = histogram(known.map(([one, style]) => ({ counts: one.counts, style })), [measure(name, first.low), measure(name, first.high)], `${measureWords(name)}, medians: ${medians}`);
  return element("figure", {}, element("figcaption", {}, element("b", {}, measureWords(name)), element("span", { class: "soft" }, page.figures.has_labels ? `medians: ${medians}` : `median ${measure(name, first.quantiles[2])}`)), chart);
}
const STYLES_OF = { right: "true", wrong: "false", missed: "missed" };

const legend = (hasThree) => hasThree ? element("p", { class: "legend note" }, element("span", {}, element("i", { class: "right" }), "true"), element("span", {}, element("i", { class: "wrong" }), "false"), element("span", {}, element("i", { class: "missed" }), "missed"), " Each is scaled to its own sum.") : null;
