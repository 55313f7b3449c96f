// One object large: its crop with a map over it, its box and the label's.

/** Make the picture of an object. */
function stageOf(row, look) {
  const [x1, y1, x2, y2] = cropOf(row), wide = x2 - x1, tall = y2 - y1;
  const heat = element("canvas", { class: "heat", width: 320, height: Math.max(1, Math.round((320 * tall) / wide)) });
  const frame = element("div", { class: "frame", role: "img", "aria-label": `${objectWords(row)}, ${LOOKS.find(([name]) => name === look)[1].toLowerCase()}`, "--ratio": (wide / tall).toFixed(4) }, cropPicture(row), heat, outlines(row, [x1, y1, wide, tall]));
  if (look !== "plain") mapOf(row, look).then((levels) => levels && paintMap(heat.getContext("2d"), levels, look, [0, 0, heat.width, heat.height], 240));
  return element("figure", { class: "stage" }, frame);
}

/** The crop that lies beside the page; the thumbnail where it does not. */
function cropPicture(row) {
  const picture = element("img", { alt: "", src: `crops/${String(table.number[row]).padStart(6, "0")}.jpg` });
  picture.addEventListener("error", () => {
    const [, , wide, tall] = placeIn(THUMB, row), canvas = element("canvas", { class: "thumbnail", width: Math.max(1, Math.round(wide * 4)), height: Math.max(1, Math.round(tall * 4)) });
    paintThumb(canvas.getContext("2d"), row, [0, 0, canvas.width, canvas.height], () => true);
    picture.replaceWith(canvas);
  });
  return picture;
}

function outlines(row, view) {
  const rect = ([x1, y1, x2, y2], kind) => ["under", kind].map((style) => drawn("rect", { class: style === "under" ? `under ${kind}` : style, x: x1, y: y1, width: Math.max(0, x2 - x1), height: Math.max(0, y2 - y1) }));
  const label = table.label_box[row];
  return drawn("svg", { class: "outlines", viewBox: view.join(" "), preserveAspectRatio: "none", "aria-hidden": "true" }, label && kindOf(row) !== "missed" ? rect(label, "label-box") : null, rect(table.box[row], kindOf(row) === "missed" ? "label-box" : "own-box"));
}

/** Choices of what is drawn over the picture, each as a small picture. */
function looksOf(row, look, onchange) {
  const choices = LOOKS.map(([value, words, title]) => {
    const canvas = element("canvas", { width: 128, height: 128 });
    paintObject(canvas, row, value);
    return element("label", { title }, element("input", { type: "radio", name: "detail-look", value, checked: value === look, "data-focus": `look-${value}`, onchange: () => onchange(value) }), canvas, element("span", {}, words));
  });
  return element("fieldset", { class: "looks" }, element("legend", { class: "spoken" }, "What is drawn"), choices);
}
