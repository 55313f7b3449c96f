// Fields of forms. Each is `{node, show(value)}`: `show` sets it without telling anybody, `onChange` hears a hand's changes.

import { element, freshId, setText } from "./dom.js";

/** Make a list to choose from; values are texts, offered as [[value, words], ...]. */
export function selectField(label, offered, onChange) {
  const id = freshId();
  const select = element("select", { id, onchange: () => onChange(select.value) });
  const field = {
    node: element("div", { class: "field" }, element("label", { for: id }, label), select),
    offer(pairs) {
      const words = JSON.stringify(pairs);
      if (words === select.dataset.offered) return;
      select.dataset.offered = words;
      const kept = select.value;
      select.replaceChildren(...pairs.map(([value, words]) => element("option", { value }, words)));
      select.value = kept;
    },
    show(value) {
      const text = String(value ?? "");
      if (select.value !== text && ![...select.options].some((one) => one.value === text)) {
        select.append(element("option", { value: text }, text));
      }
      if (select.value !== text) select.value = text;
    },
  };
  field.offer(offered);
  return field;
}

/** Make a slider with its value beside the label. */
export function rangeField(label, { min, max, step, words }, onChange) {
  const id = freshId();
  const output = element("output", { for: id });
  const input = element("input", { type: "range", id, min, max, step });
  const say = () => {
    setText(output, words(Number(input.value)));
    input.setAttribute("aria-valuetext", output.textContent);
    input.style.setProperty("--share", String((Number(input.value) - min) / (max - min)));
  };
  input.addEventListener("input", () => {
    say();
    onChange(Number(input.value));
  });
  return {
    node: element("div", { class: "field" }, element("div", { class: "between" }, element("label", { for: id }, label), output), input),
    show(value) {
      if (Number(input.value) !== value) input.value = value;
      say();
    },
  };
}

/** Make a switch. */
export function switchField(label, onChange) {
  const input = element("input", { type: "checkbox", role: "switch", onchange: () => onChange(input.checked) });
  return {
    node: element("label", { class: "switch" }, element("span", {}, label), input),
    show(value) {
      input.checked = Boolean(value);
    },
  };
}

/** Make a row of which one is chosen; `look` is "segments" or "swatches". */
export function choiceField(label, offered, onChange, look = "segments") {
  const name = freshId();
  const inputs = offered.map(([value, words]) => [
    element("input", { type: "radio", name, value, onchange: () => onChange(value) }),
    words,
  ]);
  const choices = inputs.map(([input, words]) => {
    const sample = look === "swatches" ? element("i", { class: "ramp", "data-map": input.value }) : null;
    return element("label", { title: words }, input, sample, element("span", {}, words));
  });
  return {
    node: element("fieldset", { class: "field" }, element("legend", {}, label), element("div", { class: look }, ...choices)),
    show(value) {
      for (const [input] of inputs) input.checked = input.value === String(value);
    },
  };
}

/** Make a line of text, told when it is left or Enter is pressed. */
export function textField(label, placeholder, onChange, more = {}) {
  const id = freshId();
  const input = element("input", { type: "text", id, placeholder, autocomplete: "off", ...more, onchange: () => onChange(input.value.trim()) });
  return {
    node: element("div", { class: "field" }, element("label", { for: id }, label), input),
    show(value) {
      if (document.activeElement !== input) input.value = value ?? "";
    },
  };
}
