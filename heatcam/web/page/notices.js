// Calm lines at the top of the page: what happened, and what to do.

import { byId, element, icon } from "./dom.js";

const MOST = 3;
const GOES_AFTER_MS = 6_000;
const shown = new Map();

/** Show a line: kind is "note", which goes by itself, or "problem", which stays until it is closed. */
export function notice(text, kind = "note") {
  dismiss(text);
  const close = element(
    "button",
    { type: "button", class: "icon-button", "aria-label": "Close this message", onclick: () => dismiss(text) },
    icon("close"),
  );
  const role = kind === "problem" ? "alert" : "status";
  const line = element("div", { class: `notice ${kind}`, role }, element("span", {}, text), close);
  shown.set(text, line);
  byId("notices").append(line);
  if (kind !== "problem") setTimeout(() => shown.get(text) === line && dismiss(text), GOES_AFTER_MS);
  if (shown.size > MOST) dismiss(shown.keys().next().value);
}

/** Take a line away. */
export function dismiss(text) {
  shown.get(text)?.remove();
  shown.delete(text);
}

/** Do something that may fail, and show why it did. What a reader cancelled is no failure. */
export async function attempt(does) {
  try {
    return await does();
  } catch (error) {
    if (error.name === "AbortError") return undefined;
    const again = error.retryAfter ? ` (try again in ${error.retryAfter} s)` : "";
    notice(sentence(error.message) + again, "problem");
    return undefined;
  }
}

/** Begin with a capital letter and end with a full stop. */
export function sentence(text) {
  const said = String(text).trim();
  if (!said) return "";
  return said[0].toUpperCase() + said.slice(1) + (/[.!?)]$/.test(said) ? "" : ".");
}
