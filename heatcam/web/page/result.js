// The answer to an uploaded picture: its views and its findings, in tabs.

import { saveFile } from "./api.js";
import { byId, element, icon, iconButton, say } from "./dom.js";
import { findingsPanel } from "./findings.js";
import { recall, remember } from "./remember.js";
import { sentence } from "./notices.js";
import { setUpTabs } from "./tabs.js";
import { counted, known, VIEWS } from "./words.js";

/** Say that there is nothing yet. */
export function showNothing(box) {
  box.replaceChildren(
    element("div", { class: "nothing" }, icon("heat"), element("p", {}, "The views of the picture and the findings come here.")),
  );
}

/** Show a document of findings of one picture. */
export function showResult(box, found, name) {
  const [image] = found.images;
  const views = Object.entries(image.images ?? {});
  const parts = [
    ["all", "All views", false, allPanel(views, name, (view) => pick(view))],
    ...views.map(([view, made]) => [view, known(VIEWS, view), made.status !== "ok", viewPanel(view, made, name)]),
    ["findings", "Findings", false, findingsPanel(found, image)],
  ];
  const tabs = parts.map(([key, words, isFailed]) => tabOf(key, words, isFailed));
  const panels = parts.map(([key, , , content]) =>
    element("div", { role: "tabpanel", id: `result-${key}`, "aria-labelledby": `result-tab-${key}`, tabindex: 0, hidden: true }, content),
  );
  const list = element("div", { class: "tabs", role: "tablist", "aria-label": "Result" }, ...tabs);
  box.replaceChildren(head(found, image, name), list, ...panels);
  const choose = setUpTabs(list, (tab) => remember("result-tab", tab.dataset.key));
  const pick = (key) => {
    const tab = tabs.find((one) => one.dataset.key === key) ?? tabs[0];
    choose(tab);
    remember("result-tab", tab.dataset.key);
    tab.focus();
  };
  choose(tabs.find((one) => one.dataset.key === recall("result-tab", "all")) ?? tabs[0]);
  say(`The picture is analyzed: ${summary(image)}.`);
}

function tabOf(key, words, isFailed) {
  const mark = isFailed ? element("span", { class: "tag bad" }, "not made") : null;
  return element("button", { type: "button", role: "tab", id: `result-tab-${key}`, "aria-controls": `result-${key}`, "data-key": key }, words, mark);
}

function summary(image) {
  const what = image.classes ? counted(image.classes.length, "class", "classes") : counted(image.detections.length, "object");
  return image.regions ? `${what}, ${counted(image.regions.length, "region")}` : what;
}

function head(found, image, name) {
  const withPictures = JSON.stringify(found, null, 1);
  const bare = { ...found, images: found.images.map(({ images: _, ...rest }) => rest) };
  const base = name.replace(/\.[^.]*$/, "") || "picture";
  const save = (text, ending) => saveFile(new Blob([text], { type: "application/json" }), `${base}${ending}.json`);
  return element(
    "div",
    { class: "head" },
    element("div", {}, element("h2", {}, name), element("p", { class: "soft" }, `${summary(image)} · ${image.size_wh.join(" × ")} px`)),
    element(
      "div",
      { class: "row" },
      iconButton("down", "Findings as JSON", () => save(JSON.stringify(bare, null, 1), "-findings"), { id: "save-json" }),
      iconButton("down", "With pictures", () => save(withPictures, "-findings-and-pictures")),
    ),
  );
}

const addressOf = (made) => `data:${/^image\/[a-z+]+$/.test(made.mime) ? made.mime : "image/png"};base64,${made.data}`;

function allPanel(views, name, pick) {
  return element("div", { class: "thumbs" }, ...views.map(([view, made]) => thumb(view, made, name, pick)));
}

function thumb(view, made, name, pick) {
  const words = known(VIEWS, view);
  if (made.status !== "ok") return element("figure", { class: "failed" }, notMade(made), element("figcaption", {}, words));
  const image = element("img", { src: addressOf(made), alt: `${words} of ${name}`, "data-view": view });
  return element("figure", {}, element("button", { type: "button", onclick: () => pick(view), "aria-label": `Show ${words} large` }, image), element("figcaption", {}, words));
}

function viewPanel(view, made, name) {
  if (made.status !== "ok") return notMade(made);
  const words = known(VIEWS, view);
  const image = element("img", { src: addressOf(made), alt: `${words} of ${name}` });
  const file = `${name.replace(/\.[^.]*$/, "") || "picture"}-${view}.png`;
  return element(
    "figure",
    { class: "view" },
    element("button", { type: "button", class: "zoom", "aria-label": `${words} in full size`, onclick: () => enlarge(image) }, image),
    element("figcaption", { class: "row" }, iconButton("down", "Download", () => saveFile(blobOf(made), file)), iconButton("full", "Full size", () => enlarge(image))),
  );
}

function notMade(made) {
  return element(
    "div",
    { class: "not-made" },
    element("h3", {}, "This view was not made"),
    element("p", {}, sentence(made.reason ?? "") || "The server gives no reason."),
    element("p", { class: "soft" }, "The findings are there all the same; another method or a lower confidence may help."),
  );
}

function blobOf(made) {
  const bytes = Uint8Array.from(atob(made.data), (letter) => letter.charCodeAt(0));
  return new Blob([bytes], { type: made.mime });
}

function enlarge(image) {
  const dialog = byId("large");
  const close = element("button", { type: "button", class: "icon-button", "aria-label": "Close", onclick: () => dialog.close() }, icon("close"));
  const pane = element("div", { class: "pane", tabindex: 0, role: "region", "aria-label": "Picture; arrow keys scroll" }, element("img", { src: image.src, alt: image.alt }));
  dialog.replaceChildren(pane, close);
  dialog.showModal();
}
