// What is asked of an uploaded picture: kept by this browser, sent in the query of POST /analyze.

import { byId, element, setText } from "./dom.js";
import { classesField } from "./classes_field.js";
import { choiceField, rangeField, selectField, switchField, textField } from "./fields.js";
import { recall, remember } from "./remember.js";
import { known, number, percent, RENORMS, VIEWS } from "./words.js";

const KEPT = "analyze";
const START = {
  views: ["overlay", "heatmap", "boxes", "regions", "original"], model: "", method: "live", layers: "", conf: 0.25, iou: 0.7,
  classes: [], why: "", target: "", imgsz: "", colormap: "turbo", alpha: 0.7, renorm: "box", foreground: false, region_share: "", longest: "",
};
const TARGETS = ["class", "box", "iou-side", "mask", "keypoint", "angle"];
const pairs = (values, words = String) => values.map((value) => [String(value), words(value)]);

export class AnalyzeOptions {
  constructor(options) {
    this.offered = options;
    this.values = { ...START, ...recall(KEPT, {}) };
    this.values.views = this.values.views.filter((view) => options.views.includes(view));
    this.fields = this.makeFields();
    this.show();
  }

  /** Return the query of the request. */
  query() {
    const { views, classes, foreground, ...rest } = this.values;
    const asked = Object.entries(rest).filter(([, value]) => value !== "");
    const query = new URLSearchParams(asked.map(([name, value]) => [name, String(value)]));
    query.set("views", (views.length ? views : START.views).join(","));
    if (classes.length) query.set("classes", classes.join(","));
    if (foreground) query.set("foreground", "auto");
    return query;
  }

  set(name, value) {
    this.values[name] = value;
    remember(KEPT, this.values);
    this.show();
  }

  makeFields() {
    const { offered } = this;
    const set = (name) => (value) => this.set(name, value);
    const others = offered.models.map((one) => one.name).filter((name) => name !== offered.for_pictures);
    const models = [["", `${offered.for_pictures} (default)`], ...others.map((name) => [name, name])];
    const fields = {
      model: selectField("Model", models, set("model")),
      method: selectField("Method", pairs(offered.methods), set("method")),
      layers: textField("Layers", "the method's own; or such as 15,18,21", set("layers")),
      conf: rangeField("Confidence above", { min: 0.01, max: 0.99, step: 0.01, words: (v) => number(v) }, set("conf")),
      iou: rangeField("Overlap threshold (IoU)", { min: 0.1, max: 0.95, step: 0.05, words: (v) => number(v) }, set("iou")),
      classes: classesField("Classes to keep", set("classes")),
      colormap: choiceField("Colour map", pairs(offered.colormaps), set("colormap"), "swatches"),
      alpha: rangeField("Opacity", { min: 0, max: 1, step: 0.05, words: percent }, set("alpha")),
      renorm: choiceField("Scale the heat", pairs(offered.renorms, (v) => known(RENORMS, v)), set("renorm")),
      why: textField("Why (not) this class?", "each object's own class", set("why")),
      target: selectField("Explain", [["", "the class (default)"], ...pairs(TARGETS.slice(1))], set("target")),
      imgsz: textField("Network input in pixels", "the model's own", set("imgsz"), { inputmode: "numeric" }),
      region_share: textField("Regions hold this share of the evidence", "by Otsu's threshold; or 0.1 to 0.99", set("region_share"), { inputmode: "decimal" }),
      longest: textField("Longer side of the images in pixels", "2048 at most", set("longest"), { inputmode: "numeric" }),
      foreground: switchField("Tell the evidence outside the subject", set("foreground")),
    };
    this.views = element("fieldset", { class: "field" }, element("legend", {}, "Views"), element("div", { class: "ticks across" }, ...offered.views.map((view) => this.tick(view))));
    const reset = element("button", { type: "button", class: "plain", onclick: () => this.reset() }, "Back to the defaults");
    byId("options").append(element("div", { class: "columns" }, this.views, ...Object.values(fields).map((field) => field.node)), reset);
    return fields;
  }

  tick(view) {
    const input = element("input", { type: "checkbox", value: view, onchange: () => this.set("views", this.ticked()) });
    return element("label", {}, input, element("span", {}, known(VIEWS, view)));
  }

  ticked() {
    return [...this.views.querySelectorAll("input:checked")].map((input) => input.value);
  }

  reset() {
    this.values = { ...START };
    remember(KEPT, this.values);
    this.show();
  }

  show() {
    for (const [name, field] of Object.entries(this.fields)) field.show(this.values[name]);
    for (const input of this.views.querySelectorAll("input")) input.checked = this.values.views.includes(input.value);
    const model = this.values.model || this.offered.for_pictures;
    this.fields.classes.offer(this.offered.models.find((one) => one.name === model)?.classes ?? null);
    setText(byId("option-words"), `${model}, ${this.values.method}, confidence ${number(this.values.conf)}`);
  }
}
