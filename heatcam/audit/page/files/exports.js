// What flags can be taken away as.

const EXPORTS = {
  files: { words: "List of pictures", note: "One path a line, each once.", file: "flagged.txt", type: "text/plain", make: fileList },
  coco: { words: "COCO JSON", note: "Pictures, categories, and a box an object.", file: "flagged-coco.json", type: "application/json", make: cocoDocument },
  labels: { words: "Label fixes", note: "CSV: what to look at in each label, and why.", file: "label-fixes.csv", type: "text/csv", make: labelFixes },
};

/** Save the flagged objects as a file. */
function exportFlags(name) {
  const { file, type, make } = EXPORTS[name];
  const address = URL.createObjectURL(new Blob([make(flaggedRows())], { type }));
  const link = element("a", { href: address, download: file });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
  say(`${file} saved`);
}

function fileList(rows) {
  return [...new Set(rows.map((row) => raw(imageOf(row))))].map((path) => `${path}\n`).join("");
}

function cocoDocument(rows) {
  const images = [...new Set(rows.map((row) => table.image[row]))];
  const document = {
    images: images.map((at) => ({ id: table.image_ids[at], file_name: raw(table.images[at]), width: table.image_sizes[at][0], height: table.image_sizes[at][1] })),
    categories: [...new Set(rows.map((row) => table.class[row]))].map((at) => ({ id: categoryOf(at), name: raw(table.classes[at]) })),
    annotations: rows.map(annotation),
  };
  return `${JSON.stringify(document, null, 1)}\n`;
}
const categoryOf = (at) => table.class_ids[at] ?? 100000 + at;

function annotation(row) {
  const [x1, y1, x2, y2] = table.box[row];
  return {
    id: table.number[row], image_id: table.image_ids[table.image[row]], category_id: categoryOf(table.class[row]), bbox: [x1, y1, round(x2 - x1), round(y2 - y1)],
    area: round((x2 - x1) * (y2 - y1)), iscrowd: 0, score: table.confidence[row], kind: kindOf(row), label: labelOf(row) && raw(labelOf(row)),
  };
}
const round = (value) => Math.round(value * 10) / 10;

/** What a person looks at to mend a label. */
const FIXES = {
  background: "is an object there that has no label?", missed: "is the label right, and the object to be seen?", class: "is the label's class right?",
  both: "are the label's class and box right?", location: "is the label's box right?", duplicate: "is there a second object without a label?",
  loose: "draw the label's box closer", true: "flagged by eye", ignored: "flagged by eye", unlabelled: "label it",
};

function labelFixes(rows) {
  const head = ["image", "number", "kind", "look_at", "class", "confidence", "x1", "y1", "x2", "y2", "label_class", "label_x1", "label_y1", "label_x2", "label_y2"];
  const lines = rows.map((row) => [
    raw(imageOf(row)), table.number[row], kindOf(row), FIXES[kindOf(row)] ?? "", raw(classOf(row)), table.confidence[row], ...table.box[row],
    labelOf(row) && raw(labelOf(row)), ...(table.label_box[row] ?? ["", "", "", ""]),
  ]);
  return [head, ...lines].map((line) => `${line.map(csvCell).join(",")}\r\n`).join("");
}

/** A cell of a CSV file. A text that a spreadsheet would take for a formula gets an apostrophe before it. */
function csvCell(value) {
  if (isNone(value)) return "";
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
