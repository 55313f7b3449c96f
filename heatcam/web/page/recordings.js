// Recording, and the list of recordings that this browser knows; the files are the server's, until it ends.

import { ask, download } from "./api.js";
import { byId, element, icon, iconButton, setText } from "./dom.js";
import { attempt, notice } from "./notices.js";
import { onRemembered, recall, remember } from "./remember.js";
import { bytes, clock, counted } from "./words.js";

const KEPT = "recordings";

export class Recordings {
  constructor(live) {
    this.live = live;
    this.show();
    onRemembered(KEPT, () => this.show());
  }

  async toggle() {
    const isOn = this.live.status?.recording_s !== null && this.live.status?.recording_s !== undefined;
    if (!isOn) {
      await this.live.post("live/recording/start");
      return;
    }
    const made = await attempt(() => ask("live/recording/stop", { method: "POST" }));
    if (!made) return;
    this.keep([made, ...recall(KEPT, [])]);
    byId("card-recordings").open = true;
    notice(`${made.name} is ready: ${clock(made.seconds)}, ${bytes(made.bytes)}.`);
  }

  keep(list) {
    remember(KEPT, list);
    this.show();
  }

  show() {
    const list = recall(KEPT, []);
    byId("card-recordings").hidden = !list.length;
    setText(byId("recording-count"), counted(list.length, "file"));
    byId("recordings").replaceChildren(element("ul", { class: "files" }, ...list.map((one) => this.row(one))));
  }

  row(one) {
    const forget = () => attempt(() => this.forget(one));
    const label = `Delete ${one.name}`;
    return element(
      "li",
      {},
      element("span", { class: "name" }, one.name),
      element("span", { class: "soft" }, `${clock(one.seconds)}, ${bytes(one.bytes)}`),
      iconButton("down", "Download", () => attempt(() => this.fetch(one))),
      element("button", { type: "button", class: "icon-button", "aria-label": label, title: label, onclick: forget }, icon("close")),
    );
  }

  async fetch(one) {
    try {
      await download(`live/recordings/${encodeURIComponent(one.id)}`, one.name);
    } catch (error) {
      if (error.status === 404) this.drop(one);
      throw error;
    }
  }

  async forget(one) {
    try {
      await ask(`live/recordings/${encodeURIComponent(one.id)}`, { method: "DELETE" });
    } catch (error) {
      if (error.status !== 404) throw error;
    }
    this.drop(one);
  }

  drop(one) {
    this.keep(recall(KEPT, []).filter((other) => other.id !== one.id));
  }
}
