// Clusters as cards, and the classes where none was found.

function drawClusters() {
  const clusters = page.clusters;
  const cards = clusters.list.map(clusterCard);
  const intro = element("header", { class: "heading" }, element("h1", {}, "Clusters"), element("p", { class: "note" }, "Objects of a class whose evidence looks alike, and unlike that of its others. Those with the most mistakes come first. Stability: how much of a cluster comes back when only a part of the objects is clustered, 0 to 1."));
  return [intro, cards.length ? element("div", { class: "cards" }, cards) : section("No clusters", "In no class does the evidence fall into groups that come back when only a part of the objects is looked at: there is nothing to see apart."), clusteredClasses(clusters.classes)].filter(Boolean);
}

function clusterCard(one) {
  const canvas = element("canvas", { width: 144, height: 144, role: "img", "aria-label": "Mean map of its members" });
  paintMap(canvas.getContext("2d"), bytesOf(one.mean_map), "own", [0, 0, 144, 144]);
  const rows = one.medoids.map((each) => rowOf.get(each)).filter((row) => row !== undefined);
  const show = () => showObjects({ cluster: String(one.number) });
  return element("article", { class: "card cluster" },
    element("header", { class: "between" }, element("h2", {}, one.class_name), element("span", { class: "soft" }, `cluster ${one.number}`)),
    element("div", { class: "cluster-top" }, element("figure", { class: "mean" }, canvas, element("figcaption", { class: "note" }, "mean map in the box")), clusterNumbers(one)),
    element("div", { class: "strip" }, rows.map((row) => thumbButton(row, one.members.map((each) => rowOf.get(each)).filter((each) => each !== undefined)))),
    button(`Show ${counted(one.members.length, "object")}`, show, { class: "primary" }));
}

function clusterNumbers(one) {
  const facts = [["Mistakes", one.judged ? `${whole(one.mistakes)} of ${whole(one.judged)}` : NONE]];
  if (!isNone(one.mistake_share)) {
    const [low, high] = one.mistake_interval ?? [null, null];
    facts.push(["Share", estimateWords({ value: one.mistake_share, low, high })], ["Others of the class", percent(one.others_mistake_share)]);
  }
  facts.push(["Energy in box", `${percent(one.energy_in_box)}, others ${percent(one.others_energy_in_box)}`], ["Stability", hundredth(one.stability)]);
  return element("dl", { class: "pairs" }, facts.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))));
}

function clusteredClasses(classes) {
  if (!classes.length) return null;
  const rows = classes.map((one) => element("tr", {}, element("th", { scope: "row" }, one.class_name), element("td", {}, whole(one.objects)), element("td", {}, one.clusters ? whole(one.clusters) : "none"), element("td", {}, whole(one.in_none)), element("td", { class: "text" }, one.reason)));
  const head = element("tr", {}, ["Class", "Objects", "Clusters", "In none"].map((words) => element("th", { scope: "col" }, words)), element("th", { scope: "col", class: "text" }, "Why not"));
  return section("What was looked at", "", element("div", { class: "scrolls tall", tabindex: 0, role: "region", "aria-label": "Classes" }, element("table", { class: "numbers" }, element("thead", {}, head), element("tbody", {}, rows))));
}
