// The attention graphs: the share of each object's evidence inside its box over the last minute.

import { ask } from "./api.js";
import { standingOut, token } from "./colours.js";
import { byId, element, setText } from "./dom.js";
import { percent } from "./words.js";

const EVERY_MS = 1000;
const SPAN_S = 60;
const PRESENT_S = 1.5;
const MOST_NAMED = 8;
const MARGIN = { left: 38, right: 10, top: 8, bottom: 20 };

export function setUpAttention(live) {
  const canvas = element("canvas", { class: "graph", role: "img", "aria-label": "Energy in box of each object, over the last minute" });
  const legend = element("ul", { class: "legend" });
  const words = element("p", { class: "soft" });
  const own = element("button", { type: "button", onclick: () => live.change({ object_maps: true }) }, "Map each object by itself");
  const empty = element("div", { class: "empty" }, words, own);
  byId("attention").append(canvas, legend, empty);
  let objects = [];

  function show() {
    const seen = objects.filter((one) => one.seconds.length);
    for (const part of [canvas, legend]) part.hidden = !seen.length;
    empty.hidden = seen.length > 0;
    own.hidden = !live.isRunning || live.status.state.object_maps !== false;
    setText(words, own.hidden ? "The graph begins when the live view runs and objects are there." : "The graph needs a map of each object, which takes a little longer.");
    if (!seen.length || !canvas.clientWidth) return;
    const colours = coloursOf(seen, live.status?.state.focus);
    drawGraph(canvas, seen, colours);
    fillLegend(legend, seen, colours);
    canvas.setAttribute("aria-label", `Energy in box over the last minute. ${spoken(seen)}`);
  }

  async function poll() {
    const isSeen = byId("card-attention").open && !byId("panel-live").hidden && !document.hidden;
    if (isSeen && live.isRunning) {
      const found = await ask("live/attention").catch(() => null); // the next second brings another
      if (found) objects = found.objects;
    }
    if (isSeen) show();
    setTimeout(poll, EVERY_MS);
  }

  poll();
  new ResizeObserver(show).observe(byId("attention"));
  window.addEventListener("theme", show);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
}

const isPresent = (one) => one.seconds.at(-1) > -PRESENT_S; // 0 is now
const newestOf = (one) => one.energy_in_box.findLast((share) => share !== null) ?? null;
const nameOf = (one) => one.class_name;

function spoken(seen) {
  return seen.slice(0, MOST_NAMED).map((one) => `${nameOf(one)} ${percent(newestOf(one))}`).join(", ");
}

/** Colours as the picture has them, dark enough to be seen; of others than the one in focus, or those that are named, only a hint. */
function coloursOf(seen, focus) {
  const card = token("--card");
  const isOne = seen.some((one) => one.object_id === focus);
  const named = seen.filter(isPresent).slice(0, MOST_NAMED);
  return seen.map((one) => ({
    line: standingOut(one.colour ?? "", card),
    faint: isOne ? one.object_id !== focus : !named.includes(one),
    wide: one.object_id === focus,
  }));
}

function drawGraph(canvas, seen, colours) {
  const scale = devicePixelRatio;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  Object.assign(canvas, { width: Math.round(width * scale), height: Math.round(height * scale) });
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  const at = {
    x: (seconds) => width - MARGIN.right - (-seconds / SPAN_S) * (width - MARGIN.left - MARGIN.right),
    y: (share) => MARGIN.top + (1 - share) * (height - MARGIN.top - MARGIN.bottom),
  };
  drawScale(pen, at, width);
  seen.forEach((one, n) => drawLine(pen, one, colours[n], at));
}

function drawScale(pen, at, width) {
  pen.font = `11px ${getComputedStyle(document.body).fontFamily}`;
  pen.fillStyle = token("--soft");
  pen.strokeStyle = token("--line");
  pen.lineWidth = 1;
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  for (const share of [0, 0.5, 1]) {
    const y = Math.round(at.y(share)) + 0.5;
    pen.beginPath();
    pen.moveTo(MARGIN.left, y);
    pen.lineTo(width - MARGIN.right, y);
    pen.stroke();
    pen.fillText(percent(share), MARGIN.left - 6, y);
  }
  pen.textBaseline = "top";
  for (const ago of [60, 40, 20, 0]) {
    pen.textAlign = { 60: "left", 0: "right" }[ago] ?? "center";
    pen.fillText(ago ? `-${ago} s` : "now", at.x(-ago), at.y(0) + 6);
  }
}

/** Draw one object's line; it breaks where nothing is known. */
function drawLine(pen, one, { line, faint, wide }, at) {
  pen.strokeStyle = line;
  pen.globalAlpha = faint ? 0.22 : 1;
  pen.lineWidth = wide ? 2.5 : 1.6;
  pen.lineJoin = "round";
  pen.beginPath();
  let isDown = false;
  one.seconds.forEach((second, n) => {
    const share = one.energy_in_box[n];
    if (share === null) {
      isDown = false;
      return;
    }
    if (isDown) pen.lineTo(at.x(second), at.y(share));
    else pen.moveTo(at.x(second), at.y(share));
    isDown = true;
  });
  pen.stroke();
  pen.globalAlpha = 1;
}

/** Name the objects that are there now; lines of those that left end where they left. */
function fillLegend(legend, seen, colours) {
  const lines = seen.map((one, n) => [one, colours[n].line]).filter(([one]) => isPresent(one));
  const rows = lines.slice(0, MOST_NAMED).map(([one, line]) => {
    const dash = element("i", { class: "dash" });
    dash.style.backgroundColor = line;
    return element("li", {}, dash, element("span", { class: "name", title: nameOf(one) }, nameOf(one)), element("b", {}, percent(newestOf(one))));
  });
  if (lines.length > MOST_NAMED) rows.push(element("li", { class: "soft" }, `and ${lines.length - MOST_NAMED} more`));
  legend.replaceChildren(...rows);
}
