// Small charts of elements: bars, intervals on a scale, and two histograms over one another.

/** Make a bar with its share, 0 to 1. */
const bar = (share, kind = "") => element("span", { class: `bar ${kind}`, "--share": Math.max(0, Math.min(1, share || 0)), "aria-hidden": "true" });

/** Make an estimate with its interval on a scale from `low` to `high`; `mark` is a place on it that means something. */
function interval(estimate, { low = 0, high = 1, mark = null } = {}) {
  const at = (value) => `${(100 * Math.max(0, Math.min(1, (value - low) / (high - low || 1)))).toFixed(2)}%`;
  const track = element("span", { class: "interval", "aria-hidden": "true" });
  if (mark !== null) track.append(element("i", { class: "mark", "--at": at(mark) }));
  if (isNone(estimate.value)) return track;
  if (!isNone(estimate.low)) track.append(element("i", { class: "span", "--at": at(estimate.low), "--to": at(estimate.high) }));
  track.append(element("i", { class: "point", "--at": at(estimate.value) }));
  return track;
}

/** Make rows of a name, an estimate on a scale, and its words. */
function intervals(rows, scale, ends = null) {
  const lines = rows.map(({ name, estimate, words, note, onclick }) => element("div", { class: "estimate" },
    element("dt", {}, onclick ? button(name, onclick, { class: "linked" }) : name), element("dd", { class: "track" }, interval(estimate, scale)),
    element("dd", { class: "value" }, words ?? estimateWords(estimate), note ? element("span", { class: "soft" }, ` ${note}`) : null)));
  const axis = ends ? element("div", { class: "estimate axis", "aria-hidden": "true" }, element("dt"), element("dd", { class: "track ends" }, ends.map((end) => element("span", {}, end))), element("dd")) : null;
  return element("dl", { class: "estimates" }, lines, axis);
}

/** Make histograms over one another: `series` are counts and a style each; every one is scaled to its own sum. */
function histogram(series, ends, label) {
  const known = series.filter(({ counts }) => counts && counts.some(Boolean)), bins = known[0]?.counts.length ?? 1;
  const shares = known.map(({ counts }) => { const sum = counts.reduce((a, b) => a + b, 0); return counts.map((one) => one / sum); });
  const most = Math.max(...shares.flat(), 1e-9);
  const paths = shares.map((heights, n) => drawn("path", { class: known[n].style, d: steps(heights.map((one) => 1 - (0.96 * one) / most), bins) }));
  const chart = drawn("svg", { class: "histogram", viewBox: `0 0 ${bins} 1`, preserveAspectRatio: "none", role: "img", "aria-label": label }, paths);
  return element("div", {}, chart, element("div", { class: "ends", "aria-hidden": "true" }, ends.map((end) => element("span", {}, end))));
}

const steps = (heights, bins) => `M0 1 ${heights.map((y, x) => `L${x} ${y.toFixed(4)} L${x + 1} ${y.toFixed(4)}`).join(" ")} L${bins} 1 Z`;

/** The dot of a kind: filled for wrong, a ring for missed, pale for right. */
const dot = (kind) => element("i", { class: "dot", "data-tone": tone(kind), "aria-hidden": "true" });
