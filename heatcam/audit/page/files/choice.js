// Which view is shown, and which objects in which order. It stands in the address, so that going back works.

const FRESH = { kind: hasLabels ? "mistakes" : "all", class: "", cluster: "", set: "", text: "", sort: "evidence", down: "", ranges: "" };
const choice = { view: "overview", ...FRESH };
/** Sets of objects that something on the page chose, by name: their title and their numbers. */
const sets = new Map();
const listeners = [];
const onChoice = (listener) => listeners.push(listener);

/** Change the choice: go there (a step back undoes it) or only note it in the address. */
function choose(changes, { isStep = false } = {}) {
  Object.assign(choice, changes);
  const address = addressOf();
  try {
    if (isStep && address !== location.hash) history.pushState(null, "", address);
    else history.replaceState(null, "", address);
  } catch {
    // (a page in a mail has no address of its own)
  }
  listeners.forEach((listener) => listener());
}

/** Show objects, with nothing chosen but this. */
function showObjects(changes) {
  choose({ ...FRESH, kind: "all", ...changes, view: "objects" }, { isStep: true });
  window.scrollTo(0, 0);
}

function addressOf() {
  const differing = Object.keys(FRESH).filter((name) => choice[name] !== FRESH[name]).map((name) => [name, choice[name]]);
  const query = choice.view === "objects" ? new URLSearchParams(differing).toString() : "";
  return `#${choice.view}${query ? `?${query}` : ""}`;
}

/** Take the choice from the address. */
function readAddress() {
  const [view, query] = location.hash.slice(1).split("?");
  const given = Object.fromEntries([...new URLSearchParams(query ?? "")].filter(([name]) => Object.hasOwn(FRESH, name)));
  Object.assign(choice, FRESH, given, { view: Object.hasOwn(VIEWS, view) ? view : "overview" });
  if (choice.set && !sets.has(choice.set) && choice.set !== "flagged") noteSets();
  if (!Object.hasOwn(NUMBERS, choice.sort)) choice.sort = FRESH.sort;
  listeners.forEach((listener) => listener());
}

/** Ranges as they stand in the address: `evidence:10:90`, in percentiles. */
const readRanges = () => new Map(choice.ranges.split(",").filter(Boolean).map((one) => one.split(":")).filter(([name]) => Object.hasOwn(NUMBERS, name))
  .map(([name, low, high]) => [name, [Number(low) || 0, Number(high ?? 100)]]));
function setRange(name, low, high) {
  const ranges = readRanges();
  if (low <= 0 && high >= 100) ranges.delete(name);
  else ranges.set(name, [low, high]);
  choose({ ranges: [...ranges].map(([each, ends]) => [each, ...ends].join(":")).join(",") });
}

const ranked = new Map();
/** The values of a number that are known, in order. */
function valuesOf(name) {
  if (!ranked.has(name)) ranked.set(name, Float64Array.from(table[name].filter((value) => !isNone(value))).sort());
  return ranked.get(name);
}
function valueAt(name, percentile) {
  const values = valuesOf(name);
  return values.length ? values[Math.round((percentile / 100) * (values.length - 1))] : null;
}

/** Tests that a row must pass, in the words of the choice. */
function testsOf() {
  const tests = [];
  if (Object.hasOwn(GROUPS, choice.kind)) tests.push(GROUPS[choice.kind][1]);
  else tests.push((row) => kindOf(row) === choice.kind);
  if (choice.class !== "") tests.push((row) => classOf(row) === choice.class || labelOf(row) === choice.class);
  if (choice.cluster !== "") tests.push((row) => table.cluster[row] === Number(choice.cluster));
  if (choice.set === "flagged") tests.push((row) => flagged.has(table.number[row]));
  else if (choice.set !== "") tests.push((row) => sets.get(choice.set)?.numbers.has(table.number[row]) ?? false);
  const text = choice.text.trim().toLowerCase();
  if (text) tests.push((row) => imageOf(row).toLowerCase().includes(text) || String(table.number[row]) === text);
  for (const [name, [low, high]] of readRanges()) {
    const least = valueAt(name, low), most = valueAt(name, high);
    tests.push((row) => !isNone(table[name][row]) && table[name][row] >= least && table[name][row] <= most);
  }
  return tests;
}

/** Return the rows that are chosen, in their order: what has no such number comes last. */
function chosenRows() {
  const tests = testsOf(), values = table[choice.sort];
  const rows = ROWS.filter((row) => tests.every((test) => test(row)));
  const sign = isDown() ? -1 : 1;
  return rows.sort((a, b) => {
    if (isNone(values[a]) || isNone(values[b])) return isNone(values[a]) - isNone(values[b]) || a - b;
    return sign * (values[a] - values[b]) || a - b;
  });
}
/** True where the largest comes first. */
const isDown = () => (choice.down === "" ? !NUMBERS[choice.sort].least : choice.down === "1");
