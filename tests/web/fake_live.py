"""A live view without a model: keeps to the contract of the real one, so that the page can be made and tested beside it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, fields, replace
from typing import Any

import cv2
import numpy as np

from heatcam.enums import Colormap, Layout, Renorm
from heatcam.frames import Explanation
from heatcam.live import ExplainRequest, Renderer, WindowState
from heatcam.live.frame_history import HistoryEntry
from heatcam.live.objects import Objects, object_at
from heatcam.measures import energy_in_box
from heatcam.overlay import Status, View, object_colour
from heatcam.sinks import DEFAULT_KEYS
from heatcam.web.problems import Problem
from tests.web.fake_scenes import explain_scene

ENUMS = {"layout": Layout, "colormap": Colormap, "renorm": Renorm}
SHOWN = ("heatmap", "layout", "split", "paused", "focus", "colormap", "alpha", "renorm", "boxes", "hud")
CHANGEABLE = (
    *SHOWN,
    "conf",
    "method",
    "layers",
    "every",
    "numbers",
    "graphs",
    "iou",
    "classes",
    "object_maps",
)
NOTED_S = 2.5
MODELS = ("markers", "yolov8n-coco")
SOURCES = (("demo", "demo"), ("cam0", "camera"), ("clip", "file"))


@dataclass
class FakeLive:
    """Shows the demo scene; every method may be called from any thread.

    Attributes:
        crowd: number of objects instead of those of the scene; 0 for those.
        fails: reason why every start fails; "" starts.
        loading_s: seconds that "loading" takes.
        rate: frames per second.
    """

    crowd: int = 0
    fails: str = ""
    loading_s: float = 0.3
    rate: float = 8.0
    size_wh: tuple[int, int] = (640, 360)
    phase: str = "stopped"
    reason: str = ""
    source: str = "demo"
    model: str = MODELS[0]
    state: WindowState = field(default_factory=lambda: WindowState(hud=False))
    iou: float = 0.7
    classes: list[str] = field(default_factory=list)
    object_maps: bool = False
    seq: int = 0
    jpeg: bytes = b""
    viewers: int = 0
    recording_since: float | None = None
    noted: tuple[str, float] = ("", 0.0)

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self._renderer, self._objects = Renderer(0.0, DEFAULT_KEYS), Objects()
        self._entry: HistoryEntry | None = None
        self._view: View | None = None
        self._index, self._runs = 0, 0
        self._history: dict[int, dict[str, Any]] = {}

    def start(self, source: str | None, model: str | None) -> None:
        with self._lock:
            if source is not None and source not in dict(SOURCES):
                raise Problem(422, f"there is no source {source!r}; there are {', '.join(dict(SOURCES))}")
            if model is not None and model not in MODELS:
                raise Problem(422, f"there is no model {model!r}; there are {', '.join(MODELS)}")
            changed = (source or self.source, model or self.model) != (self.source, self.model)
            self.source, self.model = source or self.source, model or self.model
            if self.fails:
                self.phase, self.reason = "failed", self.fails
            elif changed or self.phase not in ("loading", "running"):
                self.phase, self.reason, self._runs = "loading", "", self._runs + 1
                threading.Thread(target=self._run, args=(self._runs,), daemon=True).start()

    def stop(self) -> None:
        with self._lock:
            self.phase, self.reason, self._runs = "stopped", "", self._runs + 1

    def change(self, wanted: dict[str, Any]) -> None:
        with self._lock:
            self.noted = f"{', '.join(wanted)} changed", time.monotonic()
            for name, value in wanted.items():
                if name not in CHANGEABLE:
                    raise Problem(422, f"there is no field {name!r}; there are {', '.join(CHANGEABLE)}")
                self._set(name, value)
            self._draw()

    def _set(self, name: str, value: Any) -> None:
        if name in ("iou", "classes", "object_maps"):
            setattr(self, name, value)
            return
        try:
            self.state = replace(self.state, **{name: ENUMS[name](value) if name in ENUMS else value})
        except ValueError:
            raise Problem(422, f"{name} is {value!r}; there are {', '.join(ENUMS[name])}") from None

    def act(self, action: str) -> None:
        with self._lock:
            if action in ("step_forward", "step_back"):
                self.state = replace(self.state, paused=True)
                self._index += 1 if action == "step_forward" else -2
                self._next()
            elif action == "reset":
                self.state = WindowState(hud=False, paused=self.state.paused)
                self._draw()

    def click(self, x: float, y: float) -> None:
        with self._lock:
            if self._entry is None or self._view is None:
                return
            height, width = self._view.picture.shape[:2]
            at = object_at(
                self._entry.explanation.detections, *self._view.to_frame(x * width - 0.5, y * height - 0.5)
            )
            self.state = replace(self.state, focus=None if at is None else self._entry.object_ids[at])
            self._draw()

    def _run(self, run: int) -> None:
        time.sleep(self.loading_s)
        with self._lock:
            if run == self._runs:
                self.phase = "running"
        while True:
            began = time.monotonic()
            with self._lock:
                if run != self._runs:
                    return
                if not self.state.paused:
                    self._next()
            time.sleep(max(0.01, 1 / self.rate - (time.monotonic() - began)))

    def _next(self) -> None:
        self._index = max(0, self._index + 1)
        found = explain_scene(4 * self._index, time.monotonic(), self.size_wh, self.crowd)
        self._entry = HistoryEntry(found, self._objects.ids_of(found), ExplainRequest())
        self._renderer.take(found, self.state)
        self._note(found)
        self._draw()

    def _note(self, found: Explanation) -> None:
        if not self.object_maps:
            return
        assert self._entry is not None
        now_s = 4 * self._index / 30
        for n, number in enumerate(self._entry.object_ids):
            name, colour = found.detections.class_names[n], hex_of(object_colour(found.detections, n))
            own = self._history.setdefault(
                number, {"class_name": name, "colour": colour, "seconds": [], "energy_in_box": []}
            )
            share = energy_in_box(found.object_maps[n], found.detections.boxes_xyxy[n])
            own["seconds"].append(round(now_s, 2))
            own["energy_in_box"].append(
                None if share is None else float(share) * (0.9 + 0.1 * np.sin(self._index / 7 + n))
            )
        for own in self._history.values():
            while own["seconds"] and own["seconds"][0] < now_s - 60:
                own["seconds"].pop(0), own["energy_in_box"].pop(0)

    def _draw(self) -> None:
        if self._entry is None:
            return
        mode = "HEATMAP" if self.state.heatmap else "NORMAL"
        self._view = self._renderer.paint(self._entry, self.state, Status(mode, self.rate, 33, 4))
        done, data = cv2.imencode(".jpg", self._view.picture, [cv2.IMWRITE_JPEG_QUALITY, 85])
        assert done
        self.jpeg, self.seq = data.tobytes(), self.seq + 1

    def picture_wh(self) -> list[int]:
        if self._view is None:
            return list(self.size_wh)
        return list(self._view.picture.shape[1::-1])

    def attention(self) -> dict[str, Any]:
        with self._lock:
            now_s = 4 * self._index / 30
            seen = [
                {"object_id": number, **own, "seconds": [round(at - now_s, 2) for at in own["seconds"]]}
                for number, own in self._history.items()
                if own["seconds"]
            ]
            return {"objects": seen}

    def status(self) -> dict[str, Any]:
        with self._lock:
            running = self.phase == "running"
            state = {one.name: getattr(self.state, one.name) for one in fields(WindowState)}
            kept = {name: value for name, value in state.items() if name in CHANGEABLE}
            return {
                "phase": self.phase,
                "reason": self.reason,
                "source": self.source,
                "model": self.model,
                "state": {**kept, "iou": self.iou, "classes": self.classes, "object_maps": self.object_maps},
                "mode": "HEATMAP" if self.state.heatmap else "NORMAL",
                "fps": self.rate if running else 0,
                "forward_ms": 31.4 if running else 0,
                "map_ms": 4.2 if running and self.state.heatmap else 0,
                "draw_ms": 5.0,
                "age_s": 0.08 if running else None,
                "dropped": 12 if running else 0,
                "viewers": self.viewers,
                "backend": "openvino bf16",
                "device": "cpu",
                "size_wh": self.picture_wh(),
                "position_s": 4 * self._index / 30,
                "duration_s": 90.0 if self.source == "clip" else None,
                "can_seek": self.source == "clip",
                "detections": self._objects_now() if running else [],
                "recording_s": None
                if self.recording_since is None
                else time.monotonic() - self.recording_since,
                "note": self.noted[0] if time.monotonic() - self.noted[1] < NOTED_S else "",
                "map_error": "",
            }

    def _objects_now(self) -> list[dict[str, Any]]:
        if self._entry is None:
            return []
        found = self._entry.explanation
        width, height = found.frame.size_wh
        return [
            {
                "object_id": number,
                "class_name": found.detections.class_names[n],
                "confidence": round(float(found.detections.confidences[n]), 3),
                "box_xyxy": [
                    float(v) / (width, height)[k % 2] for k, v in enumerate(found.detections.boxes_xyxy[n])
                ],
                "energy_in_box": energy_in_box(found.object_maps[n], found.detections.boxes_xyxy[n])
                if self.object_maps
                else None,
                "low_evidence": found.low_evidence[n],
                "colour": hex_of(object_colour(found.detections, n)),
            }
            for n, number in enumerate(self._entry.object_ids)
        ]


def hex_of(colour: tuple[int, ...]) -> str:
    blue, green, red = colour
    return f"#{red:02x}{green:02x}{blue:02x}"
