// The live view's status as the server tells it, and changes of it on their way: what a hand has just set does not jump back.

import { ask } from "./api.js";
import { attempt } from "./notices.js";

const COLLECT_MS = 60; // changes of one slider go together
const SETTLE_MS = 300; // a picture that was under way may still tell of the time before a change

export class LiveState {
  constructor() {
    this.status = null;
    this.options = null;
    this.listeners = new Set();
    this.pending = new Map(); // field -> value
    this.unsent = {};
    this.timer = null;
    this.sending = false;
    this.chosen = {}; // source and model for the next start
  }

  /** Call `back` with the status whenever it changes, and now if there is one. */
  watch(back) {
    this.listeners.add(back);
    if (this.status) back(this.status);
  }

  /** Call `back` only when what `of(status)` returns differs from before: pictures come thirty times a second. */
  watchChanges(of, back) {
    let before;
    this.watch((status) => {
      const now = JSON.stringify(of(status));
      if (now === before) return;
      before = now;
      back(status);
    });
  }

  /** Take what there is to choose from; the classes of a model are known when it is loaded. */
  offer(options) {
    this.options = options;
    if (this.status) this.take(this.status);
  }

  /** Take a status from the server. */
  take(status) {
    this.status = { ...status, state: { ...status.state, ...Object.fromEntries(this.pending) } };
    for (const back of this.listeners) back(this.status);
  }

  /** Change fields of the state: at once on this page, in a moment at the server. */
  change(fields) {
    if (!this.status) return;
    for (const [name, value] of Object.entries(fields)) this.pending.set(name, value);
    Object.assign(this.unsent, fields);
    this.take(this.status);
    this.timer ??= setTimeout(() => this.flush(), COLLECT_MS);
  }

  /** Change one field to what a function makes of it. */
  alter(name, next) {
    if (this.status) this.change({ [name]: next(this.status.state[name]) });
  }

  async flush() {
    this.timer = null;
    if (this.sending || !Object.keys(this.unsent).length) return;
    const fields = this.unsent;
    this.unsent = {};
    this.sending = true;
    const status = await attempt(() => ask("live/state", { method: "PATCH", json: fields }));
    this.sending = false;
    if (status) this.take(status);
    setTimeout(() => this.settle(fields), status ? SETTLE_MS : 0);
    if (Object.keys(this.unsent).length) await this.flush();
  }

  /** Let the server's word count again for fields that were not changed since. */
  settle(fields) {
    for (const [name, value] of Object.entries(fields)) {
      if (this.pending.get(name) === value && !(name in this.unsent)) this.pending.delete(name);
    }
  }

  /** Ask the server to do something, and take the status that it answers with. */
  async post(path, json) {
    const status = await attempt(() => ask(path, { method: "POST", json }));
    if (status?.phase) this.take(status);
    return status;
  }

  /** Start, with the source and the model that were chosen since. */
  async start(fields = {}) {
    const asked = { ...this.chosen, ...fields };
    const status = await this.post("live/start", asked);
    if (status) this.chosen = {};
    return status;
  }

  /** Keep a source or a model for the next start. */
  keep(name, value) {
    this.chosen[name] = value;
    if (this.status) this.take(this.status);
  }

  stop() {
    return this.post("live/stop");
  }

  act(action) {
    return this.post("live/action", { action });
  }

  get isOn() {
    return ["starting", "loading", "running"].includes(this.status?.phase);
  }

  get isRunning() {
    return this.status?.phase === "running";
  }
}
