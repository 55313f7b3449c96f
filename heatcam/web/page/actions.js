// The buttons under the picture, and the position in a file.

import { download } from "./api.js";
import { byId, element, iconButton, setText } from "./dom.js";
import { attempt, notice } from "./notices.js";
import { clock } from "./words.js";

const SEEK_MS = 150;

/** What buttons and keys do. */
export function liveActions(live, recordings) {
  return {
    startOrStop: () => (live.isOn ? live.stop() : live.start()),
    toggle: (name) => live.alter(name, (value) => !value),
    layout: (name) => live.alter("layout", (value) => (value === name ? "single" : name)),
    act: (action) => live.isRunning && live.act(action),
    snapshot: (view = "") => attempt(() => snapshot(view)),
    record: () => recordings.toggle(),
    fullScreen,
  };
}

async function snapshot(view) {
  await download(`live/snapshot.png${view ? `?view=${encodeURIComponent(view)}` : ""}`);
  notice("The snapshot is in your downloads.");
}

/** Fill the screen with the picture, or leave it. */
export function fullScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else byId("stage").requestFullscreen?.();
}

export function setUpActions(live, does) {
  const button = (name, words, onclick, more) => iconButton(name, words, onclick, { title: words, ...more });
  const start = button("play", "Start", does.startOrStop, { class: "primary", id: "start" });
  const stateful = {
    heatmap: button("heat", "Heat map", () => does.toggle("heatmap"), { class: "heat", id: "heat", "aria-keyshortcuts": "h" }),
    paused: button("pause", "Pause", () => does.toggle("paused"), { class: "small", "aria-keyshortcuts": "Space" }),
    dual: button("dual", "Side by side", () => does.layout("dual"), { class: "small layout", "aria-keyshortcuts": "d" }),
    wipe: button("wipe", "Wipe", () => does.layout("wipe"), { class: "small layout" }),
  };
  const record = button("record", "Record", does.record, { class: "record", id: "record" });
  const full = button("full", "Full screen", does.fullScreen, { class: "small", hidden: !document.fullscreenEnabled });
  byId("actions").append(
    element("div", { class: "group" }, start, stateful.heatmap),
    element(
      "div", { class: "group play" }, stateful.paused,
      button("back", "One frame back", () => does.act("step_back"), { class: "small" }),
      button("on", "One frame on", () => does.act("step_forward"), { class: "small" }),
    ),
    element("div", { class: "group" }, stateful.dual, stateful.wipe, full),
    element("div", { class: "group save" }, button("photo", "Snapshot", () => does.snapshot(), { id: "snapshot" }), record),
  );
  live.watchChanges(({ state, phase, recording_s: seconds }) => [state, phase, typeof seconds], (status) => {
    const { state } = status;
    const on = { heatmap: state.heatmap, paused: state.paused, dual: state.layout === "dual", wipe: state.layout === "wipe" };
    for (const [name, one] of Object.entries(stateful)) one.setAttribute("aria-pressed", String(on[name]));
    Object.assign(byId("actions").dataset, { running: live.isRunning, paused: state.paused });
    reword(start, live.isOn ? "stop" : "play", live.isOn ? "Stop" : "Start");
    const isRecording = status.recording_s !== null && status.recording_s !== undefined;
    record.setAttribute("aria-pressed", String(isRecording));
    reword(record, isRecording ? "stop" : "record", isRecording ? "Stop recording" : "Record");
  });
}

function reword(button, icon, words) {
  const use = button.querySelector("use");
  if (use.getAttribute("href") !== `#i-${icon}`) use.setAttribute("href", `#i-${icon}`);
  setText(button.querySelector("span"), words);
  button.title = words;
}

/** The position in a file, for sources that can seek. */
export function setUpSeek(live) {
  const range = element("input", { type: "range", min: 0, step: 0.1, "aria-label": "Position in the file" });
  const text = element("span", {});
  const box = byId("seek");
  box.append(range, text);
  let timer = null;
  range.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = null;
      live.post("live/seek", { seconds: Number(range.value) });
    }, SEEK_MS);
  });
  live.watch((status) => {
    box.hidden = !(live.isRunning && status.can_seek && status.duration_s);
    if (box.hidden || timer !== null) return;
    range.max = status.duration_s;
    range.value = status.position_s ?? 0;
    const words = `${clock(status.position_s ?? 0)} of ${clock(status.duration_s)}`;
    range.setAttribute("aria-valuetext", words);
    setText(text, words);
  });
}
