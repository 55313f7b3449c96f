// The objects: only those near the window are elements of the page, however many there are.

const TILE = { least: 136, leastOnPhones: 104, gap: 10, caption: 47, around: 1 }; // pixels; rows above and below the window
const gallery = { rows: [], current: 0, look: "own", tiles: new Map(), spare: [], columns: 1, side: 0, grid: null, bar: null };
const LOOKS = [["own", "Heat", "The positive part of the object's own map (1)"], ["signed", "For and against", "Red speaks for it, blue against it (2)"], ["plain", "Plain", "The picture alone (3)"]];

function drawObjects() {
  gallery.tiles.clear();
  gallery.spare = [];
  gallery.grid = element("div", { class: "grid", id: "grid", role: "listbox", tabindex: 0, "aria-label": "Objects", onkeydown: galleryKey, onclick: galleryClick });
  gallery.bar = element("div", { class: "bar-top" });
  gallery.empty = element("p", { class: "empty card", hidden: true }, "No object is like this. ", button("Clear filters", () => choose({ ...FRESH, kind: "all" }), { class: "linked" }));
  new ResizeObserver(() => layOut()).observe(gallery.grid);
  return [element("h1", { class: "spoken" }, "Objects"), element("div", { class: "gallery" }, drawFilters(), element("div", { class: "results" }, gallery.bar, gallery.empty, gallery.grid))];
}

/** Show what is chosen, from its beginning. */
function followGallery() {
  const before = gallery.rows[gallery.current];
  gallery.rows = chosenRows();
  gallery.current = Math.max(0, gallery.rows.indexOf(before));
  gallery.empty.hidden = gallery.rows.length > 0;
  drawBar();
  layOut(true);
}

function drawBar() {
  const set = choice.set === "flagged" ? { title: "flagged" } : sets.get(choice.set);
  const chips = [];
  if (set) chips.push(chip(set.title, { set: "" }));
  if (choice.class) chips.push(chip(choice.class, { class: "" }));
  if (choice.cluster !== "") chips.push(chip(choice.cluster === "-1" ? "in no cluster" : `cluster ${choice.cluster}`, { cluster: "" }));
  const words = Object.hasOwn(GROUPS, choice.kind) ? GROUPS[choice.kind][0] : kindWords(choice.kind);
  const sort = select("Sort by", Object.entries(NUMBERS).map(([name, { words: text }]) => [name, text]), choice.sort, (value) => choose({ sort: value, down: "" }), { id: "sort" });
  const turn = iconButton(isDown() ? "down" : "up", isDown() ? "Largest first" : "Least first", () => { choose({ down: isDown() ? "0" : "1" }); byId("turn").focus(); }, { id: "turn" });
  const look = segments("look", "What is drawn", LOOKS, gallery.look, setLook);
  const hadFocus = gallery.bar.contains(document.activeElement) ? document.activeElement.id || null : null;
  gallery.bar.replaceChildren(
    element("p", { class: "found" }, element("strong", { id: "count", "aria-live": "polite" }, counted(gallery.rows.length, "object")), element("span", { class: "soft" }, ` ${choice.kind === "all" ? "" : words.toLowerCase()}`), chips),
    element("div", { class: "row" }, element("div", { class: "row sorting" }, sort, turn), look));
  if (hadFocus) byId(hadFocus)?.focus();
}
const chip = (words, without) => button([words, icon("close")], () => choose(without), { class: "chip", "aria-label": `${words}: take this filter away` });

/** Measure the grid, and draw what is near the window; `isFresh` where other objects are shown than before. */
function layOut(isFresh = false) {
  const { grid } = gallery, wide = grid.clientWidth;
  if (!wide) return;
  const least = wide < 600 ? TILE.leastOnPhones : TILE.least;
  gallery.columns = Math.max(1, Math.floor((wide + TILE.gap) / (least + TILE.gap)));
  gallery.side = Math.floor((wide - TILE.gap * (gallery.columns - 1)) / gallery.columns);
  grid.style.height = `${Math.max(0, Math.ceil(gallery.rows.length / gallery.columns) * rowTall() - TILE.gap)}px`;
  for (const place of [...gallery.tiles.keys()]) if (isFresh) release(place);
  drawNear(true);
}
const rowTall = () => gallery.side + TILE.caption + TILE.gap;

/** Draw the tiles near the window, with elements of those that left it. */
function drawNear(isMoved = false) {
  const { grid, columns, rows, tiles } = gallery;
  if (choice.view !== "objects" || !grid?.clientWidth) return;
  const top = -grid.getBoundingClientRect().top, tall = rowTall();
  const first = Math.max(0, Math.floor(top / tall) - TILE.around) * columns;
  const last = Math.min(rows.length, (Math.ceil((top + window.innerHeight) / tall) + TILE.around) * columns);
  for (const place of [...tiles.keys()]) if (place < first || place >= last) release(place);
  for (let place = first; place < last; place += 1) {
    if (!tiles.has(place)) hold(place);
    else if (isMoved) put(tiles.get(place), place);
  }
  markCurrent();
}

function release(place) {
  const tile = gallery.tiles.get(place);
  tile.remove();
  gallery.spare.push(tile);
  gallery.tiles.delete(place);
}

function hold(place) {
  const tile = gallery.spare.pop() ?? freshTile();
  gallery.tiles.set(place, tile);
  fillTile(tile, place);
  put(tile, place);
  // In their order, so that reading the page follows it.
  const next = gallery.tiles.get(place + 1);
  gallery.grid.insertBefore(tile, next?.parentNode === gallery.grid ? next : null);
}

function freshTile() {
  return element("div", { class: "tile", role: "option" }, element("canvas"), element("div", { class: "line" }, element("b"), element("span")), element("div", { class: "line small" }, element("span", { class: "name" }), element("span")), icon("flag"));
}

function fillTile(tile, place) {
  const row = gallery.rows[place], [, one, two] = tile.children, kind = kindOf(row), { write, words } = NUMBERS[choice.sort];
  tile.id = `tile-${place}`;
  tile.dataset.place = place;
  tile.setAttribute("aria-setsize", gallery.rows.length);
  tile.setAttribute("aria-posinset", place + 1);
  setText(one.children[0], classOf(row));
  setText(one.children[1], hundredth(table.confidence[row]));
  two.children[0].replaceChildren(dot(kind), ["class", "both"].includes(kind) ? `is ${labelOf(row)}` : kindWords(kind));
  setText(two.children[1], choice.sort === "confidence" ? number(table.evidence[row]) : write(table[choice.sort][row]));
  tile.title = `${objectWords(row)}; ${words.toLowerCase()} ${write(table[choice.sort][row])}`;
  markFlag(tile, row);
}

function markFlag(tile, row) {
  const isOn = flagged.has(table.number[row]);
  tile.classList.toggle("flagged", isOn);
  tile.setAttribute("aria-label", `${tile.title}${isOn ? ", flagged" : ""}`);
}

/** Put a tile into its place and draw its picture. */
function put(tile, place) {
  const { columns, side } = gallery, canvas = tile.firstChild, pixels = Math.min(256, Math.round(side * Math.min(2, window.devicePixelRatio || 1)));
  tile.style.translate = `${(place % columns) * (side + TILE.gap)}px ${Math.floor(place / columns) * rowTall()}px`;
  tile.style.width = `${side}px`;
  if (canvas.width !== pixels) canvas.width = canvas.height = pixels;
  paintObject(canvas, gallery.rows[place], gallery.look);
}

function markCurrent() {
  for (const [place, tile] of gallery.tiles) tile.setAttribute("aria-selected", place === gallery.current);
  if (gallery.tiles.has(gallery.current)) gallery.grid.setAttribute("aria-activedescendant", `tile-${gallery.current}`);
  else gallery.grid.removeAttribute("aria-activedescendant");
}

function setLook(look) {
  gallery.look = look;
  document.querySelectorAll('input[name="look"]').forEach((one) => { one.checked = one.value === look; });
  for (const [place, tile] of gallery.tiles) put(tile, place);
}

/** Make an object the current one, and bring it into the window. */
function goTo(place) {
  gallery.current = Math.min(Math.max(place, 0), gallery.rows.length - 1);
  const top = gallery.grid.getBoundingClientRect().top + Math.floor(gallery.current / gallery.columns) * rowTall();
  const above = gallery.bar.getBoundingClientRect().bottom + TILE.gap, below = window.innerHeight - rowTall();
  if (top < above) window.scrollBy(0, top - above);
  else if (top > below) window.scrollBy(0, top - below);
  drawNear();
}

function galleryKey(event) {
  const { columns, current, rows } = gallery, screen = Math.max(1, Math.floor(window.innerHeight / rowTall()) - 1) * columns;
  const places = { ArrowLeft: current - 1, ArrowRight: current + 1, ArrowUp: current - columns, ArrowDown: current + columns, Home: 0, End: rows.length - 1, PageUp: current - screen, PageDown: current + screen };
  if (!rows.length || event.ctrlKey || event.metaKey || event.altKey) return;
  if (Object.hasOwn(places, event.key)) {
    if (places[event.key] >= 0 && places[event.key] < rows.length) goTo(places[event.key]);
    else if (event.key.startsWith("Page")) goTo(places[event.key]);
  } else if (event.key === "Enter" || event.key === " ") openObject(rows[current], rows);
  else return;
  event.preventDefault();
}

function galleryClick(event) {
  const tile = event.target.closest(".tile");
  if (!tile) return;
  gallery.current = Number(tile.dataset.place);
  markCurrent();
  openObject(gallery.rows[gallery.current], gallery.rows);
}

/** Show which tiles are flagged. */
function followFlags() {
  for (const [place, tile] of gallery.tiles) if (gallery.rows[place] !== undefined) markFlag(tile, gallery.rows[place]);
}
