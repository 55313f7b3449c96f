// Views, keys, colours; and the first drawing.

const VIEWS = { overview: ["Overview", drawOverview], clusters: ["Clusters", drawClusters], changes: ["Changes", drawChanges], objects: ["Objects", drawObjects] };
if (!page.clusters) delete VIEWS.clusters;
if (!page.changes) delete VIEWS.changes;
const KEYS = [
  ["arrows, Home, End, Page up and down", "go through the objects"], ["Enter", "open an object"], ["left, right", "previous and next object, when one is open"], ["Esc", "close"],
  ["f", "flag, or take the flag away"], ["1, 2, 3", "heat, for and against, plain"], ["o", "overview"], ["g", "objects"], ["?", "these keys"],
];
let viewDrawn = "";

function followView() {
  if (viewDrawn !== choice.view) {
    viewDrawn = choice.view;
    byId("main").className = `view-${choice.view}`;
    byId("main").replaceChildren(...VIEWS[choice.view][1]());
    drawViews();
  }
  if (choice.view === "objects") {
    followFilters();
    followGallery();
  }
}

/** Note all sets that an address may name: views note theirs when they are drawn. */
function noteSets() {
  for (const [name, [, draw]] of Object.entries(VIEWS)) if (name !== "objects") draw();
}

function drawViews() {
  const links = Object.entries(VIEWS).map(([name, [words]]) => element("a", { href: `#${name}`, "aria-current": name === choice.view ? "page" : null, onclick: (event) => { event.preventDefault(); choose({ view: name }, { isStep: true }); window.scrollTo(0, 0); } }, words));
  byId("views").replaceChildren(...links);
}

function drawTools() {
  const flags = byId("flags-button"), follow = () => { flags.replaceChildren(icon("flag"), element("span", {}, whole(flagged.size)), element("span", { class: "wide-only" }, "flagged")); flags.setAttribute("aria-label", `${flagged.size} flagged: export`); };
  flags.addEventListener("click", openFlags);
  byId("keys-button").addEventListener("click", openKeys);
  onFlags(follow);
  onFlags(() => { if (gallery.grid) followFlags(); });
  onFlags(() => { if (byId("detail").open) drawDetail(); });
  onFlags(() => { if (choice.view === "objects" && choice.set === "flagged" && !byId("detail").open) followGallery(); });
  follow();
  const kept = recall("heatcam-theme", "auto");
  const themes = [["auto", "As the system"], ["light", "Light"], ["dark", "Dark"]].map(([name, words]) => element("label", { title: words }, element("input", { type: "radio", name: "theme", value: name, checked: name === kept, onchange: () => useTheme(name) }), icon(name), element("span", { class: "spoken" }, words)));
  byId("theme").append(...themes);
  useTheme(kept);
}

function useTheme(name) {
  remember("heatcam-theme", name);
  if (["light", "dark"].includes(name)) document.documentElement.dataset.theme = name;
  else delete document.documentElement.dataset.theme;
}

function openKeys() {
  const dialog = byId("keys");
  dialog.replaceChildren(element("header", { class: "between" }, element("h2", { id: "keys-title" }, "Keys"), iconButton("close", "Close", () => dialog.close())), element("dl", { class: "key-list" }, KEYS.map(([key, words]) => [element("dt", {}, key.split(", ").map((one) => element("kbd", {}, one))), element("dd", {}, words)])));
  dialog.showModal();
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.('input:not([type="radio"]), select, textarea')) return;
  const detail = byId("detail"), isOpen = detail.open, isList = choice.view === "objects" && !isOpen;
  const isOther = byId("flags").open || byId("keys").open;
  const looks = { 1: "own", 2: "signed", 3: "plain" };
  if (isOther) return;
  if (isOpen && ["ArrowLeft", "ArrowRight"].includes(event.key)) step(event.key === "ArrowLeft" ? -1 : 1);
  else if (event.key === "f" && isOpen) toggleFlag(opened.row);
  else if (event.key === "f" && isList && gallery.rows.length) toggleFlag(gallery.rows[gallery.current]);
  else if (looks[event.key] && isOpen) lookAt(looks[event.key]);
  else if (looks[event.key] && isList) setLook(looks[event.key]);
  else if (event.key === "?") openKeys();
  else if (event.key === "o" && !isOpen) choose({ view: "overview" }, { isStep: true });
  else if (event.key === "g" && !isOpen) { choose({ view: "objects" }, { isStep: true }); gallery.grid.focus(); }
  else return;
  event.preventDefault();
}

/** Draw near the window once a frame, however often it scrolls. */
let isScrolling = false;
function scrolled() {
  if (isScrolling) return;
  isScrolling = true;
  requestAnimationFrame(() => { isScrolling = false; drawNear(); });
}

drawTools();
onChoice(followView);
byId("detail").addEventListener("close", () => { if (choice.view === "objects") gallery.grid.focus({ preventScroll: true }); });
for (const name of ["detail", "flags", "keys"]) byId(name).addEventListener("click", (event) => { if (event.target === byId(name)) byId(name).close(); });
window.addEventListener("keydown", pressed);
window.addEventListener("scroll", scrolled, { passive: true });
window.addEventListener("popstate", readAddress);
window.addEventListener("hashchange", readAddress);
readAddress();
document.body.dataset.ready = "";
