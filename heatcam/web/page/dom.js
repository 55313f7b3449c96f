// Elements of the page. Text from anywhere goes in as text nodes, never as HTML.

/**
 * Make an element. Attributes that start with "on" are listeners, true sets an empty attribute, null and false leave it out.
 * Children are elements or texts; null and false are left out.
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.flat().filter((one) => one !== null && one !== undefined && one !== false));
  return made;
}

/** Make an icon of the page's sprite. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

/** Make a button with an icon and words; `more` are further attributes. */
export function iconButton(name, words, onclick, more = {}) {
  return element("button", { type: "button", onclick, ...more }, icon(name), element("span", {}, words));
}

/** Set an element's text only if it differs: screen readers and selections stay calm. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export const byId = (id) => document.getElementById(id);

let made = 0;
/** Return an id that no other element has. */
export const freshId = () => `n${(made += 1)}`;

/** Say something to screen readers. */
export function say(text) {
  setText(byId("spoken"), text);
}
