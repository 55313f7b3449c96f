// The window's keys, for the page: one table of key, action and help, from which the help is made too.

import { byId, element, icon } from "./dom.js";
import { recall, remember } from "./remember.js";

const OPACITY_STEP = 0.1;
const CONFIDENCE_STEP = 0.05;

/** Return the table: [keys, words, what they do]. */
export function keyTable(live, does) {
  const next = (name, values) => () => live.alter(name, (value) => nextOf(values(), value));
  const step = (name, by, least, most) => () =>
    live.alter(name, (value) => Number(Math.min(most, Math.max(least, value + by)).toFixed(2)));
  return [
    [["h"], "heat map or plain detection", () => does.toggle("heatmap")],
    [["d"], "plain picture beside the heat map", () => does.layout("dual")],
    [["D"], "wipe between the two with the mouse", () => does.layout("wipe")],
    [[" "], "pause; the paused frame gets its fine maps", () => does.toggle("paused")],
    [["."], "one frame on, paused", () => does.act("step_forward")],
    [[","], "one frame back, paused", () => does.act("step_back")],
    [["ArrowLeft"], "5 seconds back, in a file", () => does.act("seek_back")],
    [["ArrowRight"], "5 seconds on", () => does.act("seek_forward")],
    [["ArrowDown"], "a minute back", () => does.act("seek_far_back")],
    [["ArrowUp"], "a minute on", () => does.act("seek_far_forward")],
    [["n"], "next object's own map (or click a box)", () => focusNext(live, 1)],
    [["N"], "previous object's own map (click elsewhere: all)", () => focusNext(live, -1)],
    [["c"], "next colour map", next("colormap", () => live.options.colormaps)],
    [["m"], "next method", next("method", () => live.options.methods)],
    [["l"], "next set of layers", next("layers", () => live.options.layer_sets)],
    [["r"], "scale per box, region or frame, or fixed", next("renorm", () => live.options.renorms)],
    [["+", "="], "more heat", step("alpha", OPACITY_STEP, 0, 1)],
    [["-", "_"], "less heat", step("alpha", -OPACITY_STEP, 0, 1)],
    [["]"], "keep surer boxes only", step("conf", CONFIDENCE_STEP, 0.05, 0.95)],
    [["["], "keep less sure boxes too", step("conf", -CONFIDENCE_STEP, 0.05, 0.95)],
    [["b"], "boxes and labels on or off", () => does.toggle("boxes")],
    [["i"], "numbers of each object", () => does.toggle("numbers")],
    [["a"], "evidence graphs in the picture", () => does.toggle("graphs")],
    [["e"], "make the map every 1, 2, 3 or 5 frames", next("every", () => live.options.every)],
    [["s"], "save a picture", () => does.snapshot()],
    [["R"], "record on or off", () => does.record()],
    [["f"], "full screen", () => does.fullScreen()],
    [["0"], "all settings back to their defaults", () => live.act("reset")],
    [["?", "/"], "this help", () => byId("keys").showModal()],
  ];
}

function nextOf(values, value) {
  return values[(values.indexOf(value) + 1) % values.length];
}

function focusNext(live, by) {
  const ids = live.status?.detections.map((one) => one.object_id) ?? [];
  if (!ids.length) return;
  const now = ids.indexOf(live.status.state.focus);
  const next = now < 0 ? (by > 0 ? 0 : ids.length - 1) : now + by;
  live.change({ focus: ids[next] ?? null });
}

/** Listen to the keys while the live view is open, unless they are for the field that they are pressed in. */
export function setUpKeys(live, does) {
  const table = keyTable(live, does);
  const byKey = new Map(table.flatMap(([keys, , act]) => keys.map((key) => [key, act])));
  document.addEventListener("keydown", (event) => {
    const act = byKey.get(event.key) ?? byKey.get(event.key.toLowerCase());
    if (!act || !isForThePage(event)) return;
    if (ARROWS.includes(event.key) && !live.status?.can_seek) return; // the page scrolls
    event.preventDefault();
    act();
  });
  fillHelp(table);
  byId("keys-button").addEventListener("click", () => byId("keys").showModal());
}

const ARROWS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"];

function isForThePage(event) {
  const { target, key } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.isComposing) return false;
  if (byId("panel-live").hidden || document.querySelector("dialog[open]") || !recall("keys", true)) return false;
  if (target.matches("textarea, select, input:not([type]), input[type=text], input[type=search], input[type=password], input[type=number]")) return false;
  if (key === " " || key === "Enter") return !target.matches("button, summary, input, a, [role=tab]");
  return !(ARROWS.includes(key) && target.matches("input, [role=tab], [tabindex='0'], .objects button"));
}

const SHOWN = { " ": "Space", ArrowLeft: "Left", ArrowRight: "Right", ArrowDown: "Down", ArrowUp: "Up" };

function fillHelp(table) {
  const rows = table.map(([keys, words]) =>
    element("tr", {}, element("th", { scope: "row" }, ...keys.map((key) => element("kbd", {}, SHOWN[key] ?? key))), element("td", {}, words)),
  );
  const input = element("input", { type: "checkbox", role: "switch", onchange: () => remember("keys", input.checked) });
  input.checked = recall("keys", true);
  const close = element("button", { type: "button", class: "icon-button", "aria-label": "Close", onclick: () => byId("keys").close() }, icon("close"));
  byId("keys").replaceChildren(
    element("div", { class: "between" }, element("h2", { id: "keys-title" }, "Keys"), close),
    element("div", { class: "keys" }, element("table", {}, element("tbody", {}, ...rows))),
    element("label", { class: "switch" }, element("span", {}, "Keys act on the live view"), input),
  );
}
