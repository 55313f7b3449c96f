"""Models, sources and clients for tests of the live view; only heatcam's own code is real."""

from __future__ import annotations

import contextlib
import json
import socket as sockets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np
import uvicorn
from fastapi import APIRouter, FastAPI
from websockets.sync.client import ClientConnection, connect

from heatcam.errors import ModelError, UsageError
from heatcam.frames import Explanation, Frame
from heatcam.geometry import Uint8Array
from heatcam.live import ExplainRequest, FrameAnswers, Ready
from heatcam.live.inference import no_answers
from heatcam.options import ExplainOptions, class_ids_of
from heatcam.web.app import create_app
from heatcam.web.live_parts import AllowedSource, LiveSettings
from heatcam.web.live_routes import live_router
from heatcam.web.live_run import LiveRun
from heatcam.web.model_queue import ModelQueue
from heatcam.web.settings import ServeSettings, UploadLimits
from tests.live.streams import BOX, FakeExplainer, Stream

CLASSES = ("thing", "cat")


class FakeModel:
    """One object in each frame, unless other classes than its own are kept."""

    backend = "fake fp32"

    def __init__(self, models: FakeModels) -> None:
        self._models = models

    def load(self) -> Ready:
        self._models.loads += 1
        time.sleep(self._models.load_s)
        if self._models.broken:
            raise ModelError("the file is no model", "give another")
        self._models.loaded = True
        return Ready("fake", "cpu fake fp32", ("live", "gradcam"), ("", "15", "18"), {})

    def explain(self, of: Frame, request: ExplainRequest) -> Explanation:
        kept = class_ids_of(request.classes, dict(enumerate(CLASSES)))
        boxes = (BOX,) if kept is None or 0 in kept else ()
        self._models.explain.boxes = boxes
        return self._models.explain(of, request)

    def described(self, request: ExplainRequest) -> None:
        return None

    def answer(self, explanation: Explanation, request: ExplainRequest) -> FrameAnswers:
        return no_answers(explanation, request)

    def jump(self) -> None:
        pass

    def waits_for(self) -> tuple[str, float] | None:
        return None


@dataclass
class FakeModels:
    """Two models that are one."""

    explain: FakeExplainer = field(default_factory=FakeExplainer)
    load_s: float = 0.0
    broken: bool = False
    loads: int = 0
    loaded: bool = False
    asked: list[str] = field(default_factory=list)

    names = ("fake", "other")
    for_pictures = "fake"
    methods = ("live", "gradcam")
    options = ExplainOptions()

    def is_loaded(self, name: str) -> bool:
        return self.loaded

    def problem(self, name: str) -> str:
        return ""

    def class_names(self, name: str) -> tuple[str, ...] | None:
        return CLASSES if self.loaded else None

    def layer_sets(self, name: str) -> tuple[str, ...]:
        return ("",)

    def explainer(self, name: str, options: ExplainOptions) -> object:
        raise NotImplementedError

    def live(self, name: str, options: ExplainOptions, size_wh: Callable[[], tuple[int, int]]) -> FakeModel:
        self.asked.append(name)
        return FakeModel(self)


class Opened:
    """A source of requests that makes a new ``Stream`` each time, and keeps those made."""

    def __init__(self, make: Callable[[], Stream]) -> None:
        self._make = make
        self.made: list[Stream] = []

    def __call__(self) -> Stream:
        self.made.append(self._make())
        return self.made[-1]

    @property
    def newest(self) -> Stream:
        return self.made[-1]


def camera(fps: float = 100.0, **options: object) -> Opened:
    return Opened(lambda: Stream(is_live=True, fps=fps, **options))  # type: ignore[arg-type]


def file(count: int = 30, fps: float = 100.0, **options: object) -> Opened:
    return Opened(lambda: Stream(count, fps=fps, **{"can_seek": True} | options))  # type: ignore[arg-type]


def refused() -> Stream:
    raise UsageError("there is no camera 7", "heatcam cameras lists them")


def live_run(
    *sources: Callable[[], Stream], models: FakeModels | None = None, settings: LiveSettings | None = None
) -> LiveRun:
    """A live view of these sources, called ``a``, ``b``, ..."""
    allowed = [
        AllowedSource(chr(ord("a") + n), f"source {n}", "camera", source) for n, source in enumerate(sources)
    ]
    return LiveRun(models or FakeModels(), allowed, ModelQueue(4, 10.0).turn, settings=settings)


def router(run: LiveRun) -> APIRouter:
    return live_router(run, UploadLimits(), lambda: "a fake")


@contextlib.contextmanager
def served(run: LiveRun) -> Iterator[str]:
    """The address, without ``http://``, of a real server in a thread of its own."""
    opened = sockets.create_server(("127.0.0.1", 0))
    app: FastAPI = create_app(ServeSettings(), [router(run)])
    config = uvicorn.Config(
        app, log_config=None, access_log=False, ws="websockets-sansio", timeout_graceful_shutdown=3
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: server.run(sockets=[opened]), daemon=True)
    thread.start()
    until(lambda: server.started)
    try:
        yield f"127.0.0.1:{opened.getsockname()[1]}"
    finally:
        run.close()
        server.should_exit = True
        thread.join(10)
        assert not thread.is_alive(), "the server does not stop"


def until(holds: Callable[[], object], within_s: float = 10.0) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.005)


class Watcher:
    """A client of the socket, as the page is one."""

    def __init__(self, address: str) -> None:
        self.socket: ClientConnection = connect(
            f"ws://{address}/live/ws",
            compression=None,
            max_size=None,
            legacy=True,
            origin=f"http://{address}",
        )
        self.frames = self.texts = 0
        self.status: dict[str, object] = {}

    def __enter__(self) -> Watcher:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def next(self, *, answers: bool = True, timeout_s: float = 10.0) -> tuple[dict[str, object], Uint8Array]:
        """Header and picture of the next frame, which is answered; texts before it are noted."""
        deadline = time.monotonic() + timeout_s
        while isinstance(message := self.socket.recv(max(0.0, deadline - time.monotonic())), str):
            self.texts += 1
            self.status = json.loads(message)
        if answers:
            self.socket.send("ok")
        self.frames += 1
        length = int.from_bytes(message[:4], "big")
        header = json.loads(message[4 : 4 + length])
        self.status = header["status"]
        picture = cv2.imdecode(np.frombuffer(message[4 + length :], np.uint8), cv2.IMREAD_COLOR)
        return header, np.asarray(picture, np.uint8)

    def next_where(self, holds: Callable[[dict[str, object]], object]) -> Uint8Array:
        """The first picture whose status is so."""
        for _ in range(500):
            header, picture = self.next()
            if holds(header["status"]):  # type: ignore[arg-type]
                return picture
        raise AssertionError("it does not happen")


def colour_in(picture: Uint8Array) -> float:
    """How much colour there is in the object's box; the frames are grey."""
    x1, y1, x2, y2 = (int(v) for v in BOX)
    part = picture[y1 + 8 : y2 - 8, x1 + 8 : x2 - 8].astype(int)
    return float((part.max(2) - part.min(2)).max())
