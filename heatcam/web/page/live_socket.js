// The WebSocket of the live view: pictures in, "ok" out for each that was drawn, and a connection that comes back by itself.

import { address } from "./api.js";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8_000;
const SILENT_MS = 5_000; // the server says something every second
const TRY_LATER = 1013; // code of a close
const HIDDEN_MS = 20_000; // a page that nobody sees asks for no pictures

/** One connection, made anew whenever it ends. */
export class LiveSocket {
  /**
   * `onFrame(header, jpeg)` returns a promise that is kept when the picture is drawn; `onStatus(status)`;
   * `onLink(state, seconds)` with "open", "connecting", "lost" and the seconds until the next try, or "resting".
   */
  constructor({ onFrame, onStatus, onLink }) {
    this.told = { onFrame, onStatus, onLink };
    this.socket = null;
    this.wait = FIRST_WAIT_MS;
    this.timers = new Map();
    document.addEventListener("visibilitychange", () => this.seen());
    window.addEventListener("online", () => this.again());
  }

  open() {
    this.clear("next");
    this.told.onLink("connecting");
    const to = address("live/ws");
    to.protocol = to.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(to);
    socket.binaryType = "arraybuffer";
    socket.onmessage = (event) => this.receive(socket, event.data);
    socket.onclose = (event) => this.socket === socket && this.lose(event.code === TRY_LATER);
    this.socket = socket;
    this.listen(socket);
  }

  /** Try at once. */
  again() {
    if (this.socket?.readyState === WebSocket.OPEN || document.hidden) return;
    this.wait = FIRST_WAIT_MS;
    this.drop();
    this.open();
  }

  /** End the connection without trying again. */
  drop() {
    const socket = this.socket;
    this.socket = null;
    for (const name of ["next", "silence"]) this.clear(name);
    socket?.close();
  }

  /** Try again in a while; `isFull` when the server has as many viewers as it takes. */
  lose(isFull = false) {
    this.drop();
    this.told.onLink("lost", Math.ceil(this.wait / 1000), isFull);
    this.later("next", () => this.open(), this.wait);
    this.wait = Math.min(LONGEST_WAIT_MS, 2 * this.wait);
  }

  async receive(socket, data) {
    if (this.socket !== socket) return;
    this.listen(socket);
    this.wait = FIRST_WAIT_MS;
    this.told.onLink("open");
    if (typeof data === "string") {
      this.told.onStatus(JSON.parse(data));
      return;
    }
    const length = new DataView(data).getUint32(0);
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
    await this.told.onFrame(header, new Uint8Array(data, 4 + length));
    if (socket.readyState === WebSocket.OPEN) socket.send("ok");
  }

  /** A connection that says nothing for a while is gone, whatever the system thinks. */
  listen(socket) {
    this.later("silence", () => this.socket === socket && this.lose(), SILENT_MS);
  }

  seen() {
    this.clear("hidden");
    if (!document.hidden) {
      if (!this.socket) this.again();
      return;
    }
    this.later("hidden", () => {
      this.drop();
      this.told.onLink("resting");
    }, HIDDEN_MS);
  }

  later(name, does, after) {
    this.clear(name);
    this.timers.set(name, setTimeout(does, after));
  }

  clear(name) {
    clearTimeout(this.timers.get(name));
    this.timers.delete(name);
  }
}
