// The line over the picture: mode, rate, inference, detections, hardware, model, age of the frame.

import { byId, element, setText } from "./dom.js";
import { clock, counted, rate } from "./words.js";

const EVERY_MS = 250; // faster cannot be read
const OLD_S = 1;

const ITEMS = [
  ["mode", "Mode", (s) => `[${modeOf(s)}]`],
  ["rate", "Rate", (s) => (s.fps > 0 ? rate(s.fps) : "–")],
  ["inference", "Inference", (s) => (s.forward_ms > 0 ? milliseconds(s) : "–")],
  ["detections", "Detections", (s) => (s.phase === "running" ? counted(s.detections.length, "object") : "–")],
  ["age", "Frame age", (s) => age(s.age_s)],
  ["model", "Model", (s) => s.model || "–"],
  ["hardware", "Hardware", (s, options) => [s.device, s.backend].filter(Boolean).join(" ") || options.hardware || "–"],
  ["dropped", "Dropped", (s) => (s.dropped > 0 ? String(s.dropped) : "")],
  ["viewers", "Viewers", (s) => (s.viewers > 1 ? String(s.viewers) : "")],
];

/** What is said for a while stands over the picture: in the line it would move it. */
const OVER = [
  ["note", (s) => s.map_error || s.note || (s.phase === "running" && s.reason) || ""],
  ["rolling", (s) => (s.recording_s === null || s.recording_s === undefined ? "" : `Recording ${clock(s.recording_s)}`)],
];

/** What is shown, or would be if it ran. */
function modeOf(s) {
  if (s.phase === "running") return s.mode;
  return s.state.heatmap ? "HEATMAP" : "NORMAL";
}

const milliseconds = (s) => `${Math.round(s.forward_ms + s.map_ms)} ms`;

function age(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  return seconds < OLD_S ? `${Math.round(1000 * seconds)} ms` : `${seconds.toFixed(1)} s`;
}

export function setUpStatusBar(live) {
  const values = new Map();
  const boxes = ITEMS.map(([name, label]) => {
    const value = element("dd", {});
    const box = element("div", { "data-item": name, hidden: true }, element("dt", {}, label), value);
    values.set(name, value);
    return box;
  });
  byId("status").append(...boxes);
  let due = null;

  function show() {
    due = null;
    const { status } = live;
    for (const [n, [name, , words]] of ITEMS.entries()) {
      const text = words(status, live.options);
      setText(values.get(name), text);
      values.get(name).title = text;
      boxes[n].hidden = text === "";
    }
    for (const [name, words] of OVER) {
      setText(byId(name), words(status));
      byId(name).hidden = words(status) === "";
    }
    boxes[0].dataset.mode = modeOf(status);
    boxes[2].title = `forward pass ${status.forward_ms?.toFixed(1)} ms, map ${status.map_ms?.toFixed(1)} ms`;
    boxes[4].classList.toggle("old", status.age_s > OLD_S);
  }

  live.watch(() => {
    due ??= setTimeout(show, values.get("mode").textContent ? EVERY_MS : 0);
  });
}
