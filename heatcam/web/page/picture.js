// The live picture on its canvas: drawing, a click on an object, the divider of the wipe.

import { byId } from "./dom.js";
import { counted } from "./words.js";

const MOVED_PX = 5; // more is a drag, not a click

export class Picture {
  constructor(live) {
    this.live = live;
    this.box = byId("picture");
    this.canvas = byId("canvas");
    this.pen = this.canvas.getContext("2d", { alpha: false });
    this.drawn = 0;
    this.canvas.addEventListener("pointerdown", (event) => this.press(event));
    this.canvas.addEventListener("pointermove", (event) => this.move(event));
    this.canvas.addEventListener("pointerup", (event) => this.release(event));
    this.canvas.addEventListener("pointercancel", () => (this.pressed = null));
    live.watch((status) => this.describe(status));
  }

  /** Draw one JPEG; kept when it is drawn. A damaged one is passed over. */
  async draw(header, jpeg) {
    let image;
    try {
      image = await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" }));
    } catch {
      return;
    }
    const { width, height } = image;
    if (this.canvas.width !== width || this.canvas.height !== height) {
      Object.assign(this.canvas, { width, height });
      this.box.style.aspectRatio = `${width} / ${height}`;
      this.box.classList.toggle("tall", height > width);
    }
    this.pen.drawImage(image, 0, 0);
    image.close();
    this.drawn += 1;
    this.canvas.dataset.drawn = this.drawn;
  }

  /** Return the shares of the picture at a pointer; null beside it. */
  sharesAt(event) {
    const seen = this.canvas.getBoundingClientRect();
    const scale = Math.min(seen.width / this.canvas.width, seen.height / this.canvas.height);
    const [width, height] = [scale * this.canvas.width, scale * this.canvas.height];
    const x = (event.clientX - seen.left - (seen.width - width) / 2) / width;
    const y = (event.clientY - seen.top - (seen.height - height) / 2) / height;
    return x >= 0 && x <= 1 && y >= 0 && y <= 1 ? { x, y } : null;
  }

  press(event) {
    if (event.button !== 0) return;
    this.pressed = { x: event.clientX, y: event.clientY, dragged: false };
    this.canvas.setPointerCapture(event.pointerId);
  }

  move(event) {
    if (!this.pressed) return;
    const far = Math.hypot(event.clientX - this.pressed.x, event.clientY - this.pressed.y) > MOVED_PX;
    this.pressed.dragged ||= far;
    const at = this.sharesAt(event);
    if (at && this.pressed.dragged && this.live.status?.state.layout === "wipe") {
      this.live.change({ split: Number(at.x.toFixed(3)) });
    }
  }

  release(event) {
    const wasClick = this.pressed && !this.pressed.dragged;
    this.pressed = null;
    const at = this.sharesAt(event);
    if (wasClick && at && this.live.isRunning) this.live.post("live/click", at);
  }

  describe(status) {
    const objects = counted(status.detections.length, "object");
    const what = status.mode === "HEATMAP" ? "with the heat map" : "plain detection";
    const label = status.phase === "running" ? `Live picture ${what}: ${objects}. Click an object to see its own map.` : "Live picture";
    if (this.canvas.getAttribute("aria-label") !== label) this.canvas.setAttribute("aria-label", label);
    this.canvas.classList.toggle("wipes", status.state.layout === "wipe");
  }
}
