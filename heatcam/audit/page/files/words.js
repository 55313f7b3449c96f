// Numbers and names in words.

const NONE = "–";
const THIN = "\u202f", FIXED = "\u00a0";
const isNone = (value) => value === null || value === undefined;

/** 12 345 with thin spaces. */
const whole = (value) => (isNone(value) ? NONE : String(Math.round(value)).replace(/\B(?=(\d{3})+(?!\d))/g, THIN));
const percent = (share, digits = 0) => (isNone(share) ? NONE : `${(100 * share).toFixed(digits)}${FIXED}%`);
const counted = (count, one, many = `${one}s`) => `${whole(count)} ${count === 1 ? one : many}`;
const capital = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
const minus = (text) => text.replace("-", "−");

/** Three digits that say something: 0.012, 1.23, 12.3, 1234. */
function number(value) {
  if (isNone(value)) return NONE;
  const size = Math.abs(value);
  if (size === 0) return "0";
  return minus(value.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.9995 ? 2 : 3));
}

const hundredth = (value) => (isNone(value) ? NONE : minus(value.toFixed(2)));

const KINDS = {
  true: ["True", "On a label of its class", "right"],
  class: ["Wrong class", "On a label of another class", "wrong"],
  location: ["Badly placed", "Its class, but the box overlaps the label too little", "wrong"],
  both: ["Class and place", "Near a label of another class", "wrong"],
  duplicate: ["Duplicate", "On a label that a more confident box is on", "wrong"],
  background: ["Background", "On no label", "wrong"],
  missed: ["Missed", "A label that nothing right is on", "missed"],
  ignored: ["Ignored", "On a crowd or a region to ignore", "neutral"],
  loose: ["Loose label", "The label's box is far larger than the object", "neutral"],
  unlabelled: ["Unlabelled", "The data has no labels", "neutral"],
};
const kindWords = (kind) => KINDS[kind]?.[0] ?? kind;
const tone = (kind) => KINDS[kind]?.[2] ?? "neutral";

/** Numbers that objects are sorted and filtered by: words, how they are written, and where sorting by them begins. */
const NUMBERS = {
  evidence: { words: "Evidence", write: number, least: true },
  outside: { words: "Outside the box", write: (value) => percent(value), least: false },
  confidence: { words: "Confidence", write: hundredth, least: false },
  size: { words: "Size", write: (value) => (isNone(value) ? NONE : `${Math.round(value)}${FIXED}px`), least: false },
  enrichment: { words: "Enrichment", write: (value) => (isNone(value) ? NONE : `${number(value)}×`), least: true },
};
/** Numbers of the figures. */
const MEASURES = {
  confidence: "Confidence", energy_in_box: "Energy in box", enrichment: "Enrichment", evidence: "Evidence",
  precision: "Precision", found: "Labels found", false_per_image: "False per picture", low_evidence: "Low evidence",
  spread: "Spread", evidence_for: "Evidence for", evidence_against: "Evidence against",
};
const measureWords = (name) => MEASURES[name] ?? name.replaceAll("_", " ");
const SHARES = new Set(["confidence", "energy_in_box", "precision", "found", "low_evidence"]);
const measure = (name, value) => (name === "confidence" ? hundredth(value) : SHARES.has(name) ? percent(value) : number(value));

/** 83 % [76, 89]: an estimate with its interval. */
function estimateWords({ value, low, high }, write = percent) {
  if (isNone(value)) return NONE;
  return isNone(low) ? write(value) : `${write(value)} [${bare(write(low))}, ${bare(write(high))}]`;
}
const bare = (text) => text.replace(`${FIXED}%`, "");
