// The objects in the picture as a list of buttons: each shows its own map alone, as a click on it in the picture does.

import { byId, element, setText } from "./dom.js";
import { standingOut, token } from "./colours.js";
import { percent } from "./words.js";

const EVERY_MS = 300;

export function setUpObjects(live) {
  const rows = new Map(); // object id -> row
  const list = element("ul", { class: "objects" });
  const empty = element("p", { class: "soft" });
  const all = element("button", { type: "button", class: "plain", hidden: true, onclick: () => live.change({ focus: null }) }, "Show all objects again");
  byId("objects").append(list, empty, all);
  list.addEventListener("keydown", (event) => walk(list, event));
  let due = null;

  function show() {
    due = null;
    const { detections, state } = live.status;
    const seen = [...detections].sort(inOrder);
    const ids = new Set(seen.map((one) => one.object_id));
    const card = token("--card");
    for (const [id, row] of rows) if (!ids.has(id)) drop(rows, id, row);
    seen.forEach((one, n) => {
      if (!rows.has(one.object_id)) rows.set(one.object_id, makeRow(one.object_id, live));
      const row = rows.get(one.object_id);
      row.show(one, state.focus === one.object_id, card);
      if (list.children[n] !== row.node) list.insertBefore(row.node, list.children[n] ?? null);
    });
    oneInTabOrder(list);
    setText(byId("object-count"), live.isRunning ? String(detections.length) : "");
    setText(empty, detections.length ? "" : nothing(live));
    empty.hidden = detections.length > 0;
    list.hidden = !detections.length;
    all.hidden = state.focus === null || state.focus === undefined;
  }

  live.watch(() => {
    due ??= setTimeout(show, EVERY_MS);
  });
}

const inOrder = (one, other) => one.class_name.localeCompare(other.class_name) || one.object_id - other.object_id;

function nothing(live) {
  if (!live.isRunning) return "Objects are listed here while the live view runs.";
  return `Nothing is detected above a confidence of ${live.status.state.conf.toFixed(2)}.`;
}

function drop(rows, id, row) {
  row.node.remove();
  rows.delete(id);
}

function makeRow(id, live) {
  const dot = element("i", { class: "dot" });
  const name = element("span", { class: "name" });
  const low = element("span", { class: "tag", title: "The map is no better than that of a network with shuffled weights." }, "low evidence");
  const energy = element("span", { class: "energy", title: "Share of its evidence that lies inside its box" });
  const confidence = element("span", { class: "confidence", title: "Confidence" });
  const button = element("button", { type: "button", "aria-pressed": "false" }, dot, name, low, energy, confidence);
  button.addEventListener("click", () => live.change({ focus: button.getAttribute("aria-pressed") === "true" ? null : id }));
  return {
    node: element("li", {}, button),
    show(one, isFocus, card) {
      setText(name, one.class_name);
      name.title = one.class_name;
      setText(confidence, one.confidence.toFixed(2));
      setText(energy, one.energy_in_box === null || one.energy_in_box === undefined ? "" : `${percent(one.energy_in_box)} in box`);
      low.hidden = !one.low_evidence;
      button.setAttribute("aria-pressed", String(isFocus));
      dot.style.backgroundColor = standingOut(one.colour ?? "", card);
    },
  };
}

/** The list is one stop of Tab; arrows, Home and End move in it. */
function walk(list, event) {
  const buttons = [...list.querySelectorAll("button")];
  const now = buttons.indexOf(document.activeElement);
  const next = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: buttons.length - 1 }[event.key];
  if (now < 0 || next === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  buttons[Math.max(0, Math.min(buttons.length - 1, next))].focus();
  oneInTabOrder(list);
}

function oneInTabOrder(list) {
  const buttons = [...list.querySelectorAll("button")];
  const chosen = buttons.find((one) => one === document.activeElement) ?? buttons.find((one) => one.getAttribute("aria-pressed") === "true") ?? buttons[0];
  for (const one of buttons) one.tabIndex = one === chosen ? 0 : -1;
}
