// The upload area: drop, paste, choose or photograph a picture, send it to POST /analyze, wait or cancel.

import { ask } from "./api.js";
import { byId, element, icon, iconButton, say, setText } from "./dom.js";
import { attempt, dismiss, notice } from "./notices.js";
import { showResult } from "./result.js";
import { bytes } from "./words.js";

export class Upload {
  /** `open` brings the part of the page with the upload area into view. */
  constructor(options, limits, open) {
    this.options = options;
    this.limits = limits;
    this.open = open;
    this.file = null;
    this.running = null;
    this.build();
    this.listen();
    this.showIdle();
  }

  build() {
    const input = (more) => {
      const made = element("input", { type: "file", accept: "image/*,.heic,.heif", class: "spoken", tabindex: -1, "aria-hidden": "true", ...more });
      made.addEventListener("change", () => {
        if (made.files[0]) this.take(made.files[0]);
        made.value = "";
      });
      return made;
    };
    const choose = input({ id: "choose" });
    const camera = input({ id: "camera", capture: "environment" });
    const sign = element("span", { class: "sign" }, icon("picture"));
    this.thumb = element("img", { class: "thumb", alt: "", hidden: true });
    this.thumb.addEventListener("load", () => (this.thumb.hidden = false));
    this.thumb.addEventListener("error", () => (this.thumb.hidden = true));
    this.title = element("h2", {});
    this.words = element("p", { class: "soft" });
    this.buttons = element(
      "div",
      { class: "row" },
      iconButton("picture", "Choose a picture", () => choose.click(), { class: "primary", id: "choose-button" }),
      iconButton("photo", "Take a photo", () => camera.click(), { class: "touch-only" }),
    );
    this.again = iconButton("reset", "Analyze again", () => this.send(), { hidden: true });
    this.buttons.append(this.again);
    this.cancel = element("button", { type: "button", onclick: () => this.running?.abort() }, "Cancel");
    this.busy = element("div", { class: "busy", hidden: true }, element("i", { class: "spinner" }), element("span", {}, "Analyzing"), this.cancel);
    byId("drop").append(sign, this.thumb, this.title, this.words, this.buttons, this.busy, choose, camera);
  }

  listen() {
    let depth = 0;
    const over = (by) => {
      depth = Math.max(0, depth + by);
      document.body.classList.toggle("dropping", depth > 0);
      if (depth) this.open();
    };
    const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
    document.addEventListener("dragenter", (event) => hasFiles(event) && over(1));
    document.addEventListener("dragleave", (event) => hasFiles(event) && over(-1));
    document.addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
    document.addEventListener("drop", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      over(-depth);
      if (event.dataTransfer.files[0]) this.take(event.dataTransfer.files[0]);
    });
    document.addEventListener("paste", (event) => {
      const file = [...(event.clipboardData?.files ?? [])][0];
      if (!file) return;
      event.preventDefault();
      this.take(file);
    });
  }

  take(file) {
    this.open();
    const most = this.limits?.most_bytes;
    if (most && file.size > most) {
      notice(`${file.name} has ${bytes(file.size)}, and this server takes ${bytes(most)} at most. Send a smaller picture.`, "problem");
      return;
    }
    this.file = file;
    URL.revokeObjectURL(this.thumb.src);
    this.thumb.src = URL.createObjectURL(file);
    this.send();
  }

  async send() {
    this.running?.abort();
    const running = new AbortController();
    this.running = running;
    this.showBusy();
    const body = new FormData();
    body.append("file", this.file, this.file.name || "pasted.png");
    const path = `analyze?${this.options.query()}`;
    const found = await attempt(() => this.answer(path, body, running.signal));
    if (this.running !== running) return; // another picture came meanwhile
    this.running = null;
    this.showIdle();
    if (!found) return;
    showResult(byId("result"), found, this.file.name || "pasted picture");
    if (matchMedia("(max-width: 1100px)").matches) byId("result").scrollIntoView({ block: "start", behavior: "smooth" });
  }

  async answer(path, body, signal) {
    for (const line of document.querySelectorAll(".notice.problem span")) dismiss(line.textContent);
    return ask(path, { method: "POST", body, signal });
  }

  showBusy() {
    byId("drop").setAttribute("aria-busy", "true");
    byId("result").classList.add("waiting");
    byId("drop").classList.add("filled");
    setText(this.title, this.file.name || "Pasted picture");
    setText(this.words, bytes(this.file.size));
    this.buttons.hidden = true;
    this.busy.hidden = false;
    this.cancel.focus({ preventScroll: true });
    say("Analyzing the picture.");
  }

  showIdle() {
    const hadFocus = document.activeElement === this.cancel;
    byId("drop").removeAttribute("aria-busy");
    byId("drop").classList.toggle("filled", Boolean(this.file));
    byId("result").classList.remove("waiting");
    const most = this.limits?.most_bytes ? `, up to ${bytes(this.limits.most_bytes)}` : "";
    setText(this.title, this.file ? this.file.name || "Pasted picture" : "Drop a picture here");
    setText(this.words, this.file ? bytes(this.file.size) : `or paste or choose one: JPEG, PNG, WebP, HEIC, TIFF, BMP${most}. It stays in memory.`);
    setText(byId("choose-button").lastChild, this.file ? "Another picture" : "Choose a picture");
    this.again.hidden = !this.file;
    this.buttons.hidden = false;
    this.busy.hidden = true;
    if (hadFocus) this.again.focus({ preventScroll: true });
  }
}
