// What the background does, by trying it.

const MOST_CONTEXTS = 12;
let isWholeContext = false;

function contextSection() {
  const context = leaningFirst(page.figures?.context ?? []);
  if (!context.length) return null;
  const made = section("Without the background", "Backgrounds were blurred and swapped, objects blurred, and each picture scored again.");
  const holder = element("div");
  const draw = () => holder.replaceChildren(...contextParts(context, draw));
  draw();
  made.append(holder);
  return made;
}

/** All classes together, then those that surely lose most without their background: by the upper ends of their intervals. */
function leaningFirst([every, ...classes]) {
  const high = (one) => one.without_background.high ?? 2;
  return every ? [every, ...classes.sort((a, b) => high(a) - high(b))] : [];
}

function contextParts(context, redraw) {
  const shown = isWholeContext ? context : context.slice(0, MOST_CONTEXTS);
  const head = element("thead", {}, element("tr", {}, ["Class", "Keeps its detections without its background", "Background blurred", "Background swapped", "Lost when it is blurred itself", "Tried", ""].map((words) => element("th", { scope: "col" }, words ? words : element("span", { class: "spoken" }, "Pictures")))));
  const rows = shown.map((one) => element("tr", {}, element("th", { scope: "row" }, one.class_name ?? "All classes"),
    element("td", { class: "with-track" }, interval(one.without_background), element("span", {}, estimateWords(one.without_background))),
    [one.background_blurred, one.background_swapped, one.object_needed].map((each) => element("td", {}, estimateWords(each))), element("td", {}, whole(one.tries)), element("td", {}, causeButton(one))));
  const parts = [element("div", { class: "scrolls", tabindex: 0, role: "region", "aria-label": "Context" }, element("table", { class: "numbers" }, head, element("tbody", {}, rows)))];
  if (context.length > MOST_CONTEXTS) parts.push(button(isWholeContext ? "Fewer classes" : `All ${context.length - 1} classes`, () => { isWholeContext = !isWholeContext; redraw(); }, { class: "quiet" }));
  return parts;
}

function causeButton(one) {
  const count = one.caused_by_background.length;
  if (!count) return null;
  const set = `cause-${one.class_name ?? ""}`;
  sets.set(set, { title: `${one.class_name ?? "objects"} lost without background`, numbers: new Set(one.caused_by_background) });
  return button(`${counted(count, "object")} lost without it`, () => showObjects({ set }), { class: "linked" });
}
