// The settings beside the live picture, made from what the server offers.

import { byId, element, iconButton } from "./dom.js";
import { classesField } from "./classes_field.js";
import { choiceField, rangeField, selectField, switchField } from "./fields.js";
import { everyWords, known, LAYOUTS, layerWords, number, percent, RENORMS, VIEWS } from "./words.js";

const pairs = (values, words = String) => values.map((value) => [String(value), words(value)]);

/** Fill the column of settings; called once, when the server's options are known. */
export function setUpControls(live, does) {
  const { options } = live;
  const set = (name, convert = (value) => value) => (value) => live.change({ [name]: convert(value) });
  const fields = {
    conf: rangeField("Confidence above", { min: 0.05, max: 0.95, step: 0.05, words: (v) => number(v) }, set("conf")),
    iou: rangeField("Overlap threshold (IoU)", { min: 0.1, max: 0.95, step: 0.05, words: (v) => number(v) }, set("iou")),
    classes: classesField("Classes to keep", set("classes")),
    method: selectField("Method", pairs(options.methods), set("method")),
    layers: selectField("Layers", pairs(options.layer_sets, layerWords), set("layers")),
    colormap: choiceField("Colour map", pairs(options.colormaps), set("colormap"), "swatches"),
    alpha: rangeField("Opacity", { min: 0, max: 1, step: 0.05, words: percent }, set("alpha")),
    renorm: choiceField("Scale the heat", pairs(options.renorms, (v) => known(RENORMS, v)), set("renorm")),
    every: choiceField("Map every", pairs(options.every, everyWords), set("every", Number)),
    object_maps: switchField("Map each object by itself", set("object_maps")),
    boxes: switchField("Boxes and labels", set("boxes")),
    layout: choiceField("Layout", pairs(options.layouts, (v) => known(LAYOUTS, v)), set("layout")),
    split: rangeField("Divider of the wipe", { min: 0, max: 1, step: 0.01, words: percent }, set("split")),
    numbers: switchField("Numbers in the picture", set("numbers")),
    graphs: switchField("Graphs in the picture", set("graphs")),
    hud: switchField("Top line and colour bar", set("hud")),
  };
  const input = inputFields(live);
  const saved = snapshotField(options, does);
  const reset = iconButton("reset", "All settings back to their defaults", () => live.act("reset"), { class: "quiet" });
  const shown = (...names) => names.map((name) => fields[name].node);
  byId("controls").append(
    card("input", "Input", ...input.nodes),
    card("heat", "Heat map", ...shown("method", "layers", "colormap", "alpha", "renorm", "every", "object_maps")),
    card("detection", "Detection", ...shown("conf", "iou", "classes")),
    card("view", "View", ...shown("layout", "split", "boxes", "numbers", "graphs", "hud"), saved, reset),
  );
  // Methods, layers and classes are those of the model, known when it is loaded.
  live.watchChanges((status) => [status.state, status.model, status.source, live.chosen, live.options], (status) => {
    fields.method.offer(pairs(live.options.methods));
    fields.layers.offer(pairs(live.options.layer_sets, layerWords));
    const model = live.options.models.find((one) => one.name === status.model);
    fields.classes.offer(model?.classes ?? null);
    for (const [name, field] of Object.entries(fields)) if (name in status.state) field.show(status.state[name]);
    for (const [name, field] of Object.entries(fields)) field.node.classList.toggle("missing", !(name in status.state));
    fields.split.node.hidden = status.state.layout !== "wipe";
    input.show(status);
  });
}

function card(name, title, ...content) {
  const count = element("span", { class: "count" });
  return element(
    "details",
    { class: "card", id: `card-${name}`, open: true },
    element("summary", {}, element("h2", {}, title), count),
    element("div", { class: "inner" }, ...content),
  );
}

/** Source and model: another one restarts what runs, and is kept for the next start while nothing does. */
function inputFields(live) {
  const { sources, models } = live.options;
  const choose = (name) => (value) => (live.isOn ? live.start({ [name]: value }) : live.keep(name, value));
  const source = selectField("Source", sources.map((one) => [one.id, one.name]), choose("source"));
  const model = selectField("Model", models.map((one) => [one.name, one.name]), choose("model"));
  return {
    nodes: [source.node, model.node],
    show(status) {
      const now = sources.find((one) => one.id === status.source || one.name === status.source);
      source.show(live.chosen.source ?? now?.id ?? status.source);
      model.show(live.chosen.model ?? status.model);
    },
  };
}

/** Save one view of the frame that is shown. */
function snapshotField(options, does) {
  const views = [["", "As it is shown"], ...options.views.map((view) => [view, known(VIEWS, view)])];
  const select = selectField("Snapshot of", views, () => {});
  select.node.append(iconButton("down", "Save", () => does.snapshot(select.node.querySelector("select").value)));
  select.node.classList.add("with-button");
  return select.node;
}
