// The dialogue of one object.

const opened = { row: null, list: [] };
const FACTS = [["confidence", "Confidence", hundredth], ["evidence", "Evidence", number], ["energy_in_box", "Energy in box", percent], ["enrichment", "Enrichment", NUMBERS.enrichment.write], ["spread", "Spread", number], ["size", "Size", NUMBERS.size.write], ["iou", "IoU with the label", hundredth], ["evidence_for", "Evidence for", number], ["evidence_against", "Evidence against", number]];
const MOST_NEAR = 8;

/** Open an object; arrows go along `list`. */
function openObject(row, list = gallery.rows) {
  Object.assign(opened, { row, list: list.includes(row) ? list : [row] });
  drawDetail();
  if (!byId("detail").open) byId("detail").showModal();
  byId("detail").scrollTop = 0;
}

function step(by) {
  const place = opened.list.indexOf(opened.row) + by;
  if (place < 0 || place >= opened.list.length) return;
  openObject(opened.list[place], opened.list);
  if (opened.list === gallery.rows && choice.view === "objects") goTo(place);
}

function drawDetail() {
  const { row, list } = opened, dialog = byId("detail"), focused = document.activeElement?.dataset?.focus, place = list.indexOf(row);
  dialog.replaceChildren(
    element("header", { class: "detail-top" },
      element("div", { class: "title" }, element("h2", { id: "detail-title" }, classOf(row)), element("span", { class: "kind-tag" }, dot(kindOf(row)), kindWords(kindOf(row))), element("span", { class: "soft of" }, `object ${table.number[row]}, ${whole(place + 1)} of ${whole(list.length)}`)),
      element("div", { class: "row" }, flagButton(row), iconButton("left", "Previous (left arrow)", () => step(-1), { disabled: place === 0, "data-focus": "left" }), iconButton("right", "Next (right arrow)", () => step(1), { disabled: place === list.length - 1, "data-focus": "right" }), iconButton("close", "Close (Esc)", () => dialog.close(), { "data-focus": "close" }))),
    element("div", { class: "detail-body" },
      element("div", { class: "pictures" }, stageOf(row, gallery.look), looksOf(row, gallery.look, lookAt), outlineWords(row)),
      element("div", { class: "about" }, verdictOf(row), factsOf(row), placeOf(row), commandOf(row), nearOf(row))));
  (focused && dialog.querySelector(`[data-focus="${focused}"]:not(:disabled)`))?.focus();
}

function lookAt(look) {
  setLook(look);
  drawDetail();
}

function flagButton(row) {
  const isOn = flagged.has(table.number[row]);
  return element("button", { type: "button", class: "flag", "aria-pressed": String(isOn), title: "Flag (f)", "aria-label": "Flag", "data-focus": "flag", onclick: () => toggleFlag(row) }, icon("flag"), element("span", {}, isOn ? "Flagged" : "Flag"));
}

function outlineWords(row) {
  const isMissed = kindOf(row) === "missed";
  return element("p", { class: "note outline-words" }, isMissed ? null : element("span", {}, element("i", { class: "own-box" }), "detection"), isMissed || table.label_box[row] ? element("span", {}, element("i", { class: "label-box" }), "label") : null);
}

/** Why it is what it is, in a sentence or two. */
function verdictOf(row) {
  const kind = kindOf(row), label = labelOf(row), iou = isNone(table.iou[row]) ? "" : `, IoU ${hundredth(table.iou[row])}`;
  const sentences = {
    true: `On a label of its class${iou}.`, class: `The label says “${label}”${iou}.`, location: `Its label is “${label}” too, but the boxes overlap too little${iou}.`, both: `The nearest label says “${label}”${iou}.`,
    duplicate: `A more confident detection is on the same label${iou}.`, background: "No label is near it.", missed: table.why[row] < 0 ? "Nothing right is on this label." : sentence(table.whys[table.why[row]]),
  };
  const stands = isNone(table.covers[row]) ? null : rowOf.get(table.covers[row]), standing = kind === "missed" ? table.covers.indexOf(table.number[row]) : -1;
  const link = (other, words) => button(`${words} ${table.number[other]}`, () => openObject(other, opened.list), { class: "linked" });
  return element("div", { class: "verdict" }, element("p", {}, sentences[kind] ?? `${KINDS[kind]?.[1] ?? ""}.`, table.low[row] === 1 ? element("span", { class: "low" }, "Low evidence: for and against cancel out, as with shuffled weights.") : null),
    stands !== null && stands !== undefined ? element("p", {}, "It stands for ", link(stands, "missed object"), ": the two count once.") : null, standing >= 0 ? element("p", {}, "In its place is ", link(standing, "object"), ".") : null);
}
const sentence = (text) => `${capital(text)}${/[.!?]$/.test(text) ? "" : "."}`;

/** Numbers, beside the middle half of the class's true detections. */
function factsOf(row) {
  const alike = ROWS.filter((one) => table.class[one] === table.class[row] && ["true", "unlabelled"].includes(kindOf(one)));
  const rows = FACTS.filter(([name]) => !isNone(table[name][row])).map(([name, words, write]) => element("div", {}, element("dt", {}, words), element("dd", { class: "value" }, write(table[name][row])), element("dd", { class: "track" }, amongAlike(name, table[name][row], alike))));
  const isCompared = alike.length >= 5;
  return element("div", {}, element("dl", { class: "fact-rows" }, rows), isCompared ? element("p", { class: "note" }, `Lines: the middle half of ${hasLabels ? "true" : "all"} “${classOf(row)}”.`) : null);
}

function amongAlike(name, value, alike) {
  const values = alike.map((one) => table[name][one]).filter((one) => !isNone(one)).sort((a, b) => a - b);
  if (values.length < 5 || ["iou", "evidence_for", "evidence_against"].includes(name)) return "";
  const at = (share) => values[Math.round(share * (values.length - 1))];
  return interval({ value, low: at(0.25), high: at(0.75) }, { low: Math.min(at(0.02), value), high: Math.max(at(0.98), value) });
}

function placeOf(row) {
  const [x1, y1, x2, y2] = table.box[row].map(Math.round);
  return element("dl", { class: "place" }, element("dt", {}, "Picture"), element("dd", { class: "path" }, imageOf(row)), element("dt", {}, kindOf(row) === "missed" ? "Label's box" : "Box"), element("dd", {}, `${x1}, ${y1} to ${x2}, ${y2}`));
}

function commandOf(row) {
  const text = commandFor(row);
  const copied = button([icon("copy"), "Copy"], async () => { setText(copied.lastChild, (await copy(text)) ? "Copied" : "Select it"); }, { class: "copy", "data-focus": "copy" });
  return element("div", { class: "command" }, element("div", { class: "between" }, element("h3", {}, kindOf(row) === "missed" ? "Ask why it is missed" : "Open in the window"), copied), element("code", { tabindex: 0 }, text));
}

/** The command that shows an object elsewhere. */
function commandFor(row) {
  const name = raw(imageOf(row)), root = page.root.replace(/\/$/, ""), path = root ? `${root}/${name}` : name.startsWith("-") ? `./${name}` : name;
  const words = kindOf(row) === "missed" ? ["heatcam", "missed", path, "--at", table.box[row].join(","), "--class", raw(classOf(row))] : ["heatcam", "live", "--source", path];
  return [...words, ...page.options].map(quoted).join(" ");
}

/** A word as a POSIX shell reads it: also with spaces, quotes and characters that cannot be seen. */
function quoted(word) {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  // eslint-disable-next-line no-control-regex
  if (!/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/.test(word)) return `'${word.replaceAll("'", `'\\''`)}'`;
  const escaped = [...word].map((sign) => (/[ -~]/.test(sign) && !/['\\]/.test(sign) ? sign : [...new TextEncoder().encode(sign)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("")));
  return `$'${escaped.join("")}'`;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const selection = getSelection();
    selection.selectAllChildren(byId("detail").querySelector("code"));
    return document.execCommand("copy");
  }
}

/** Others in the same cluster, the nearest in how typical they are, and others in the same picture. */
function nearOf(row) {
  const cluster = clusterOf.get(table.cluster[row]), parts = [];
  if (cluster) {
    const members = cluster.members.map((one) => rowOf.get(one)).filter((one) => one !== undefined), start = Math.max(0, Math.min(members.indexOf(row) - MOST_NEAR / 2, members.length - MOST_NEAR - 1));
    parts.push(near(`In the same cluster (${cluster.number}, ${whole(members.length)} objects)`, members.slice(start, start + MOST_NEAR + 1).filter((one) => one !== row), members));
  }
  const others = ROWS.filter((one) => table.image[one] === table.image[row] && one !== row);
  if (others.length) parts.push(near("In the same picture", others.slice(0, MOST_NEAR), others));
  return parts.length ? element("div", { class: "nears" }, parts) : null;
}
const near = (words, rows, list) => element("div", {}, element("h3", {}, words), element("div", { class: "strip" }, rows.slice(0, MOST_NEAR).map((one) => thumbButton(one, list, 64, gallery.look === "plain" ? "plain" : gallery.look))));
