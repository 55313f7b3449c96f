// The classes to keep: a list with boxes to tick and a line to search it, or names with commas while the classes are not known.

import { element, setText } from "./dom.js";
import { textField } from "./fields.js";
import { counted } from "./words.js";

/** Make the field; `offer(names or null)` and `show(names)`, none of which means all. */
export function classesField(label, onChange) {
  const summary = element("summary", {}, element("span", {}, label), element("span", { class: "chosen" }, "all"));
  const search = element("input", { type: "search", placeholder: "Search classes", "aria-label": "Search classes", oninput: () => sift() });
  const list = element("div", { class: "ticks", role: "group", "aria-label": label, tabindex: 0 });
  const none = element("button", { type: "button", class: "plain", onclick: () => choose([]) }, "Keep all");
  const folded = element("details", { class: "classes" }, summary, search, list, none);
  const names = textField(label, "all; or names with commas", (text) => choose(text.split(",").map((one) => one.trim()).filter(Boolean)));
  const node = element("div", { class: "field" }, folded, names.node);
  let chosen = [];
  let offered;

  function choose(next) {
    field.show(next);
    onChange(next);
  }

  function sift() {
    const wanted = search.value.trim().toLowerCase();
    for (const row of list.children) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  }

  function tick(name) {
    const box = element("input", {
      type: "checkbox",
      value: name,
      onchange: () => choose(box.checked ? [...chosen, name] : chosen.filter((one) => one !== name)),
    });
    return element("label", {}, box, element("span", {}, name));
  }

  const field = {
    node,
    offer(known) {
      if (JSON.stringify(known) === offered) return;
      offered = JSON.stringify(known);
      folded.hidden = !known;
      names.node.hidden = Boolean(known);
      list.replaceChildren(...(known ?? []).map(tick));
      field.show(chosen);
    },
    show(value) {
      chosen = value ?? [];
      for (const box of list.querySelectorAll("input")) box.checked = chosen.includes(box.value);
      setText(summary.lastChild, chosen.length ? counted(chosen.length, "class", "classes") : "all");
      none.hidden = !chosen.length;
      names.show(chosen.join(", "));
    },
  };
  field.offer(null);
  return field;
}
