// What lies over the picture while there is none: stopped, loading, failed, ended, server gone.

import { byId, element, icon, iconButton, say, setText } from "./dom.js";
import { sentence } from "./notices.js";

const PHASES = {
  stopped: ["Stopped", "Choose a source and a model, and start.", "Start"],
  starting: ["Starting", "The source is being opened.", null],
  loading: ["Loading the model", "The first time takes a few seconds.", null],
  running: ["Waiting for the first picture", "", null],
  ended: ["The source has ended", "Start shows it again from the beginning.", "Start again"],
  failed: ["That did not work", "", "Try again"],
};

/** The cover; `reconnect` is called by its button when the server is gone. */
export class Cover {
  constructor(live, reconnect) {
    this.live = live;
    this.reconnect = reconnect;
    this.box = byId("cover");
    this.key = "";
    this.lost = null;
    this.hasPicture = false;
    live.watch(() => this.show());
  }

  /** A picture has been drawn: the live view's, or the plain source's while the model is loading. */
  sawPicture() {
    const isRunning = this.live.isRunning;
    this.box.classList.toggle("through", !isRunning);
    if (isRunning && !this.hasPicture) {
      this.hasPicture = true;
      this.show();
    }
  }

  /** Tell of the connection: null while it is there, else the seconds until the next try. */
  setLost(seconds, isFull = false) {
    this.lost = seconds;
    this.isFull = isFull;
    this.show();
  }

  show() {
    const { status } = this.live;
    if (this.lost !== null) this.fill("lost", ...this.goneWords());
    else if (!status) this.fill("first", "Connecting", "", null, true);
    else if (status.phase === "running" && this.hasPicture) this.hide();
    else this.ofPhase(status);
  }

  ofPhase(status) {
    if (status.phase !== "running") this.hasPicture = false;
    const [title, words, button] = PHASES[status.phase] ?? [status.phase, "", null];
    const isBusy = button === null;
    if (!isBusy) this.box.classList.remove("through");
    this.fill(status.phase, title, sentence(status.reason ?? "") || words, button, isBusy);
  }

  goneWords() {
    const when = this.lost > 1 ? `in ${this.lost} seconds` : "now";
    if (this.isFull) return ["All places are taken", `This server has as many viewers as it takes. Trying again ${when}.`, "Try now", false];
    return ["The server is gone", `Trying again ${when}; nothing needs to be done here.`, "Try now", false];
  }

  fill(kind, title, words, button, isBusy) {
    const key = [kind, title, button].join("|");
    this.box.hidden = false;
    byId("stage").dataset.phase = kind;
    if (key !== this.key) {
      this.words = element("p", {}, "");
      const does = kind === "lost" ? this.reconnect : () => this.live.start();
      this.box.replaceChildren(
        isBusy ? element("i", { class: "spinner" }) : element("span", { class: "sign" }, icon(kind === "stopped" || kind === "ended" ? "play" : "reset")),
        element("h2", {}, title),
        this.words,
        button ? iconButton(kind === "lost" ? "reset" : "play", button, does, { class: "primary" }) : "",
      );
      say(`${title}. ${words}`);
    }
    this.key = key;
    setText(this.words, words);
  }

  hide() {
    if (!this.box.hidden) say("The live view runs.");
    this.box.hidden = true;
    this.key = "";
    byId("stage").dataset.phase = "running";
  }
}
