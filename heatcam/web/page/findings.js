// The findings of a picture as tables: objects or classes, regions, warnings, and how the heat is spread.

import { element } from "./dom.js";
import { sentence } from "./notices.js";
import { number, percent } from "./words.js";

export function findingsPanel(found, image) {
  return element("div", { class: "findings" }, warnings(image), image.classes ? classes(image) : objects(found, image), regions(image), heat(image), facts(found, image));
}

function warnings(image) {
  const lines = image.warnings ?? [];
  return lines.length ? element("ul", { class: "warnings" }, ...lines.map((line) => element("li", {}, sentence(line)))) : null;
}

/** A table that scrolls by itself where it is wider than the screen. Cells are texts or elements; `left` columns are words. */
function table(title, headings, rows, left = 1) {
  const side = (n) => (n < left ? null : "n");
  return element(
    "section",
    {},
    element("h3", {}, title),
    element(
      "div",
      { class: "wide", tabindex: 0, role: "region", "aria-label": title },
      element(
        "table",
        {},
        element("thead", {}, element("tr", {}, ...headings.map((heading, n) => element("th", { scope: "col", class: side(n) }, heading)))),
        element("tbody", {}, ...rows.map((cells) => element("tr", {}, ...cells.map((cell, n) => (n ? element("td", { class: side(n) }, cell) : element("th", { scope: "row" }, cell)))))),
      ),
    ),
  );
}

const nothing = (title, words) => element("section", {}, element("h3", {}, title), element("p", { class: "soft" }, words));

function objects(found, image) {
  if (!image.detections.length) {
    const conf = found.thresholds?.conf;
    return nothing("Objects", `Nothing was detected${conf === undefined ? "" : ` above a confidence of ${number(conf)}`}. A lower one keeps less sure boxes too.`);
  }
  const rows = image.detections.map((one) => [
    [one.class_name, one.low_evidence ? element("span", { class: "tag" }, "low evidence") : null].filter(Boolean),
    number(one.confidence),
    percent(one.energy_in_box),
    number(one.evidence, 1),
    one.box_xyxy.map(Math.round).join(", "),
  ]);
  const asked = image.detections.some((one) => one.asked_confidence !== undefined);
  if (asked) image.detections.forEach((one, n) => rows[n].splice(2, 0, number(one.asked_confidence, 3)));
  const headings = ["Object", "Confidence", "Energy in box", `Evidence, ${found.unit}`, "Box, px"];
  if (asked) headings.splice(2, 0, `As ${image.detections[0].asked_class_name}`);
  return table("Objects", headings, rows);
}

function classes(image) {
  const rows = image.classes.map((one) => {
    const bar = element("i", { class: "bar" });
    bar.style.setProperty("--share", one.probability);
    return [one.class_name, [bar, element("span", {}, percent(one.probability, 1))]];
  });
  return table("Classes", ["Class", "Probability"], rows);
}

function regions(image) {
  if (!image.regions) return null;
  if (!image.regions.length) return nothing("Regions", "No region of the picture holds evidence.");
  const rows = image.regions.map((one) => [
    `${one.rank}. ${one.place}`,
    one.objects.map((object) => `${object.class_name} ${percent(object.overlap)}`).join(", ") || "none",
    percent(one.energy),
    percent(one.area, 1),
  ]);
  return table("Regions", ["Region", "Overlaps objects", "Share of the evidence", "Share of the picture"], rows, 2);
}

const ofThePicture = (share) => (share === null || share === undefined ? "–" : `${percent(share, 1)} of the picture`);

function heat(image) {
  if (!image.heat) return null;
  const { coverage_50, coverage_90, entropy, outside_foreground } = image.heat;
  const lines = [
    ["Half of the evidence lies in", ofThePicture(coverage_50)],
    ["90 % of it in", ofThePicture(coverage_90)],
    ["Spread (0 one cell, 1 even)", number(entropy)],
  ];
  if (outside_foreground !== undefined) lines.push(["Evidence outside the subject", percent(outside_foreground)]);
  return element("section", {}, element("h3", {}, "Heat"), list(lines));
}

function facts(found, image) {
  const times = image.timings;
  const lines = [
    ["Model", `${found.model.name} (${found.model.task})`],
    ["Method", `${found.method} map of ${found.layers.join(" + ")}`],
    ["Evidence for", image.question ?? "each object's own class"],
    ["Ran on", `${found.device} ${found.backend} ${found.precision}, ${found.imgsz} px`],
  ];
  if (times) lines.push(["Time", `forward ${number(times.forward_ms, 0)} ms, map ${number(times.map_ms, 0)} ms`]);
  return element("section", {}, element("h3", {}, "Made with"), list(lines));
}

const list = (lines) => element("dl", {}, ...lines.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
