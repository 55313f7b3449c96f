// Recording, and the list of what the server has recorded; the files are there until it ends.

import { ask, download } from "./api.js";
import { byId, element, icon, iconButton, setText } from "./dom.js";
import { attempt, notice } from "./notices.js";
import { bytes, clock, counted } from "./words.js";

export class Recordings {
  constructor(live) {
    this.live = live;
    live.watchChanges((status) => isRecording(status), () => this.refresh());
    window.addEventListener("reconnected", () => this.refresh());
  }

  async toggle() {
    if (!isRecording(this.live.status)) {
      await this.live.post("live/recording/start");
      return;
    }
    const made = await attempt(() => ask("live/recording/stop", { method: "POST" }));
    if (!made) return;
    byId("card-recordings").open = true;
    notice(`${made.name} is ready: ${clock(made.seconds)}, ${bytes(made.bytes)}.`);
    await this.refresh();
  }

  /** Ask for the list: another tab may have recorded or deleted something. */
  async refresh() {
    const found = await ask("live/recordings").catch(() => null); // the next change asks again
    if (found) this.show(found.recordings.toReversed());
  }

  show(list) {
    byId("card-recordings").hidden = !list.length;
    setText(byId("recording-count"), counted(list.length, "file"));
    byId("recordings").replaceChildren(element("ul", { class: "files" }, ...list.map((one) => this.row(one))));
  }

  row(one) {
    const at = `live/recordings/${encodeURIComponent(one.id)}`;
    const label = `Delete ${one.name}`;
    const forget = () => attempt(() => ask(at, { method: "DELETE" })).then(() => this.refresh());
    return element(
      "li",
      {},
      element("span", { class: "name" }, one.name),
      element("span", { class: "soft" }, `${clock(one.seconds)}, ${bytes(one.bytes)}`),
      iconButton("down", "Download", () => attempt(() => download(at, one.name)).then(() => this.refresh())),
      element("button", { type: "button", class: "icon-button", "aria-label": label, title: label, onclick: forget }, icon("close")),
    );
  }
}

const isRecording = (status) => status.recording_s !== null && status.recording_s !== undefined;
