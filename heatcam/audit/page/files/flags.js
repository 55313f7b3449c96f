// Flags: kept in this browser, under the audit's own name.

const FLAGS = `heatcam-audit-${page.id}`;
const flagged = new Set(keptFlags().filter((one) => rowOf.has(one)));
const flagListeners = [];
const onFlags = (listener) => flagListeners.push(listener);

/** The numbers that were kept; none where something else stands there. */
function keptFlags() {
  try {
    return [...JSON.parse(recall(FLAGS, "[]"))];
  } catch {
    return [];
  }
}

/** Flag an object, or take its flag away. */
function toggleFlag(row) {
  const one = table.number[row], isOn = !flagged.has(one);
  if (isOn) flagged.add(one);
  else flagged.delete(one);
  keepFlags();
  say(`Object ${one} ${isOn ? "flagged" : "not flagged"}`);
}

function clearFlags() {
  flagged.clear();
  keepFlags();
}

function keepFlags() {
  remember(FLAGS, JSON.stringify([...flagged]));
  flagListeners.forEach((listener) => listener());
}

/** Rows of the flagged objects, in the order of their numbers. */
const flaggedRows = () => [...flagged].sort((a, b) => a - b).map((one) => rowOf.get(one));

/** The dialogue about flags: what they export. */
function openFlags() {
  const rows = flaggedRows(), dialog = byId("flags"), isNothing = rows.length === 0;
  const close = () => dialog.close();
  const exported = Object.entries(EXPORTS).map(([name, { words, note }]) => element("li", {},
    element("button", { type: "button", disabled: isNothing, "data-export": name, onclick: () => exportFlags(name) }, icon("save"), words), element("p", { class: "note" }, note)));
  dialog.replaceChildren(
    element("header", { class: "between" }, element("h2", { id: "flags-title" }, isNothing ? "Nothing is flagged" : `${counted(rows.length, "object")} flagged`), iconButton("close", "Close", close)),
    element("p", { class: "note" }, isNothing ? "Press f on an object to flag it. Flags stay in this browser." : "Flags stay in this browser. Take them with you:"),
    element("ul", { class: "exports" }, exported),
    element("footer", { class: "row" },
      button("Show them", () => { close(); showObjects({ set: "flagged" }); }, { disabled: isNothing }),
      button("Take all flags away", () => { clearFlags(); openFlags(); }, { class: "quiet", disabled: isNothing })),
  );
  if (!dialog.open) dialog.showModal();
}
