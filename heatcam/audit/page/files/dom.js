// Elements of the page. Text from anywhere goes in as text nodes, never as HTML.

const byId = (id) => document.getElementById(id);

/**
 * Make an element. Attributes that start with "on" are listeners, those that start with "--" are variables of its style, true
 * sets an empty attribute, null and false leave it out. Children are elements or texts; null and false are left out.
 */
function element(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** Make an element of a drawing. */
function drawn(tag, attributes = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function filled(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name.startsWith("--")) made.style.setProperty(name, value);
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.flat(Infinity).filter((one) => one !== null && one !== undefined && one !== false));
  return made;
}

/** Make an icon of the page's sprite. */
function icon(name) {
  return drawn("svg", { "aria-hidden": "true" }, drawn("use", { href: `#i-${name}` }));
}

/** Make a button with words. */
function button(words, onclick, attributes = {}) {
  return element("button", { type: "button", onclick, ...attributes }, words);
}

/** Make a button with an icon alone. */
function iconButton(name, words, onclick, attributes = {}) {
  return element("button", { type: "button", class: "icon-button", title: words, "aria-label": words, onclick, ...attributes }, icon(name));
}

/** Make a choice of one of several: pairs of value and words. */
function select(words, pairs, chosen, onchange, attributes = {}) {
  const options = pairs.map(([value, text]) => element("option", { value, selected: String(value) === String(chosen) }, text));
  const made = element("select", { onchange: (event) => onchange(event.target.value), ...attributes }, options);
  return element("label", { class: "field" }, element("span", {}, words), made);
}

/** Make a row of choices of which one is chosen: triples of value, words and what is said of it. */
function segments(name, words, choices, chosen, onchange) {
  const labels = choices.map(([value, text, title]) => {
    const input = element("input", { type: "radio", name, value, checked: value === chosen, onchange: () => onchange(value) });
    return element("label", { title }, input, element("span", {}, text));
  });
  return element("fieldset", { class: "segments" }, element("legend", { class: "spoken" }, words), labels);
}

/** Make a section with a heading and what is said below it. */
function section(title, note, ...children) {
  return element("section", { class: "card" }, element("h2", {}, title), note ? element("p", { class: "note" }, note) : null, children);
}

/** Set an element's text only if it differs: screen readers and selections stay calm. */
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Say something to screen readers. */
const say = (text) => setText(byId("spoken"), text);

/** Read what was kept in this browser; `otherwise` where nothing was, or nothing may be. */
function recall(name, otherwise) {
  try {
    return localStorage.getItem(name) ?? otherwise;
  } catch {
    return otherwise;
  }
}

/** Keep a text in this browser; tells if it could. */
function remember(name, text) {
  try {
    localStorage.setItem(name, text);
    return true;
  } catch {
    return false;
  }
}
