// Access: the token comes in the address's fragment or a small form, goes to the server once, and stays in no address.

import { ask } from "./api.js";
import { byId, element } from "./dom.js";
import { sentence } from "./notices.js";

let asking = null;

/** Return when this browser may use the service; until then the form is shown, once however many ask. */
export function signedIn() {
  asking ??= signIn().finally(() => (asking = null));
  return asking;
}

async function signIn() {
  const token = takenFromAddress();
  if (token) await ask("session", { method: "POST", json: { token } }).catch(() => null); // the form says what is wrong
  const session = await ask("session");
  if (session.needs_token && !session.signed_in) await form(token ? "The token in the address is not that of this server." : "");
}

/** Take the token out of the address, so that no history and no bookmark has it. */
function takenFromAddress() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const token = fragment.get("token");
  if (token === null) return "";
  fragment.delete("token");
  const rest = fragment.toString();
  history.replaceState(null, "", location.pathname + location.search + (rest ? `#${rest}` : ""));
  return token;
}

function form(words) {
  const box = byId("sign-in");
  const wrong = element("p", { class: "wrong", role: "alert", id: "token-wrong" }, words);
  const input = element("input", { type: "password", id: "token", autocomplete: "current-password", required: true, "aria-describedby": "token-wrong" });
  return new Promise((resolve) => {
    const submit = async (event) => {
      event.preventDefault();
      try {
        await ask("session", { method: "POST", json: { token: input.value.trim() } });
        box.hidden = true;
        document.body.classList.remove("locked");
        resolve();
      } catch (error) {
        wrong.textContent = sentence(error.message);
        input.select();
      }
    };
    box.replaceChildren(
      element(
        "form",
        { class: "card", onsubmit: submit },
        element("img", { src: "static/favicon.svg", alt: "", width: 48, height: 48 }),
        element("h1", {}, "This server needs its token"),
        element("p", { class: "soft" }, "heatcam serve printed it when it started: open the address that it shows, or paste the token here."),
        element("label", { for: "token" }, "Token"),
        input,
        wrong,
        element("button", { class: "primary", type: "submit" }, "Sign in"),
      ),
    );
    document.body.classList.add("locked");
    box.hidden = false;
    input.focus();
  });
}
