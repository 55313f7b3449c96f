// What changed since a previous audit.

const CHANGES = {
  mended: ["Mended", "right"], broken: ["Broken", "wrong"], still_wrong: ["Still wrong", "missed"], still_right: ["Still right", "right"],
  appeared: ["Appeared", "wrong"], vanished: ["Vanished", "missed"], kept: ["Kept", "right"],
};
const MOST_CHANGES = 60;
const changesShown = { kind: "", count: MOST_CHANGES };

function drawChanges() {
  const changes = page.changes;
  const intro = element("header", { class: "heading" }, element("h1", {}, "Changes"), element("p", { class: "note" }, `Against ${changes.previous}: ${counted(changes.images, "picture")} of both audits count${onlyWords(changes)}.`));
  return [intro, changeTiles(changes), element("div", { class: "columns" }, numberChanges(changes), changes.lines.length ? section("In words", "", element("ul", { class: "lines" }, changes.lines.map((line) => element("li", {}, asSentence(line))))) : null), changedObjects(changes)].filter(Boolean);
}

function onlyWords({ images_only_before: before, images_only_now: now }) {
  return before || now ? ` (${before} only before, ${now} only now)` : "";
}

function changeTiles(changes) {
  const kinds = Object.keys(CHANGES).filter((kind) => changes.counts[kind] !== undefined);
  for (const kind of kinds) {
    const numbers = changes.objects.filter((one) => one.change === kind && one.number !== null).map((one) => one.number);
    sets.set(`change-${kind}`, { title: `${CHANGES[kind][0].toLowerCase()} since ${changes.previous}`, numbers: new Set(numbers) });
  }
  return element("dl", { class: "tiles card" }, kinds.map((kind) => {
    const hasNumbers = sets.get(`change-${kind}`).numbers.size > 0;
    return element("div", {}, element("dt", {}, CHANGES[kind][0]), element("dd", {}, whole(changes.counts[kind])), hasNumbers ? element("dd", { class: "note" }, button("show them", () => showObjects({ set: `change-${kind}` }), { class: "linked" })) : null);
  }));
}

function numberChanges(changes) {
  const names = [...new Set(changes.numbers.map((one) => one.class_name).filter((name) => name !== null))];
  const made = section("What changed in each number", "Paired over pictures, with 95 % intervals."), holder = element("div", { class: "scrolls", tabindex: 0, role: "region", "aria-label": "Numbers" });
  const head = element("thead", {}, element("tr", {}, ["", "Before", "Now", "Difference"].map((words) => element("th", { scope: "col" }, words || element("span", { class: "spoken" }, "Number")))));
  const draw = (name) => {
    const rows = changes.numbers.filter((one) => one.class_name === (name === "" ? null : name)).map((one) => element("tr", { class: isClear(one.difference) ? "clear" : null }, element("th", { scope: "row" }, measureWords(one.number)), element("td", {}, measure(one.number, one.before)), element("td", {}, measure(one.number, one.now)), element("td", {}, differenceWords(one))));
    holder.replaceChildren(element("table", { class: "numbers" }, head, element("tbody", {}, rows)));
  };
  draw("");
  made.append(select("Class", [["", "All classes"], ...names.map((name) => [name, name])], "", draw), holder, element("p", { class: "note" }, "Bold: the interval leaves 0 out."));
  return made;
}
const isClear = ({ low, high }) => !isNone(low) && (low > 0 || high < 0);

function differenceWords({ number: name, difference }) {
  const isShare = SHARES.has(name) && name !== "confidence";
  const write = (value) => { const text = isShare ? minus((100 * value).toFixed(1)) : measure(name, value); return value > 0 ? `+${text}` : text; };
  return `${estimateWords(difference, write)}${isShare && !isNone(difference.value) ? " points" : ""}`;
}

function changedObjects(changes) {
  const kinds = [...new Set(changes.objects.map((one) => one.change))];
  if (!kinds.length) return null;
  const made = section("Objects", ""), holder = element("div");
  const draw = () => holder.replaceChildren(...changedRows(changes.objects.filter((one) => !changesShown.kind || one.change === changesShown.kind), draw));
  made.append(select("What became of it", [["", "Any change"], ...kinds.map((kind) => [kind, CHANGES[kind]?.[0] ?? kind])], changesShown.kind, (kind) => { Object.assign(changesShown, { kind, count: MOST_CHANGES }); draw(); }), holder);
  draw();
  return made;
}

function changedRows(objects, redraw) {
  const shown = objects.slice(0, changesShown.count), list = objects.map((one) => rowOf.get(one.number)).filter((row) => row !== undefined);
  const head = element("tr", {}, ["", "Object", "Change", "Before", "Now", "Picture"].map((words) => element("th", { scope: "col", class: "text" }, words || element("span", { class: "spoken" }, "Thumbnail"))));
  const rows = shown.map((one) => {
    const row = rowOf.get(one.number);
    return element("tr", {}, element("td", { class: "text" }, row === undefined ? null : thumbButton(row, list, 48)), element("th", { scope: "row" }, one.class_name), element("td", { class: "text" }, element("i", { class: "dot", "data-tone": CHANGES[one.change]?.[1] }), CHANGES[one.change]?.[0] ?? one.change),
      element("td", { class: "text" }, sideWords(one.kind_before, one.confidence_before)), element("td", { class: "text" }, sideWords(one.kind, one.confidence)), element("td", { class: "text path" }, one.image));
  });
  const more = objects.length - shown.length;
  return [element("div", { class: "scrolls", tabindex: 0, role: "region", "aria-label": "Changed objects" }, element("table", { class: "numbers" }, element("thead", {}, head), element("tbody", {}, rows))), more > 0 ? button(`Show ${Math.min(more, MOST_CHANGES)} more of ${whole(more)}`, () => { changesShown.count += MOST_CHANGES; redraw(); }, { class: "quiet" }) : ""];
}
const sideWords = (kind, confidence) => (isNone(kind) ? "not there" : `${kindWords(kind)}${isNone(confidence) ? "" : ` ${hundredth(confidence)}`}`);
