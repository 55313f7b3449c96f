// The switch between the system's colours, light and dark.

import { byId, element, icon } from "./dom.js";
import { recall, remember } from "./remember.js";

const THEMES = [["auto", "As the system"], ["light", "Light"], ["dark", "Dark"]];

export function setUpTheme() {
  const kept = recall("theme", "auto");
  byId("theme").append(...THEMES.map(([name, words]) => choice(name, words, name === kept)));
}

function choice(name, words, checked) {
  const input = element("input", { type: "radio", name: "theme", value: name, checked, onchange: () => use(name) });
  return element("label", { title: words }, input, icon(name), element("span", { class: "spoken" }, words));
}

function use(name) {
  remember("theme", name);
  if (name === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  window.dispatchEvent(new Event("theme"));
}
