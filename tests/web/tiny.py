"""A service without a network: models that find the reddest pixel, asked in the same process."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar, cast

import httpx
import numpy as np
from fastapi import FastAPI
from PIL import Image

from heatcam.errors import ModelError, UsageError
from heatcam.frames import Detections, ExplainerFacts, Explanation, Frame
from heatcam.options import ExplainOptions
from heatcam.web.analysis import Analyzer
from heatcam.web.analyze import analyze_router
from heatcam.web.app import create_app
from heatcam.web.decoding import PictureDecoders
from heatcam.web.docs_page import docs_router
from heatcam.web.kserve import kserve_router
from heatcam.web.metrics import CountsRequests, Metrics, metrics_router
from heatcam.web.model_queue import ModelQueue
from heatcam.web.settings import ServeSettings, UploadLimits
from tests.face.tiny import FACTS, RedExplainer

Result = TypeVar("Result")

#: One for all tests: its processes take half a second to start, and end with the tests.
DECODERS = PictureDecoders(UploadLimits())


class TinyExplainer(RedExplainer):
    """Finds the reddest pixel, with the options it was asked with."""

    def __init__(self, models: TinyModels, options: ExplainOptions) -> None:
        super().__init__()
        self._models, self._options = models, options

    def explain(self, image: Frame, **asked: Any) -> Explanation:
        self._models.began.set()
        assert self._models.goes_on.wait(20)
        self._models.explained.append(image.name)
        found = super().explain(image, **asked)
        if self._models.fails and asked.get("with_map", True):
            return replace(found, saliency=None, object_maps=(), map_error=self._models.fails)
        if self._models.task == "classify":
            return replace(found, detections=classes(image, asked.get("conf")))
        return found

    def facts(self) -> ExplainerFacts:
        return replace(FACTS, task=self._models.task, conf=self._options.conf, method=self._options.method)


def classes(image: Frame, conf: float | None) -> Detections:
    """Of a classifier: one class above the threshold, two in all."""
    count = 2 if conf == 0 else 1
    box = np.tile(np.array([0, 0, *image.size_wh], np.float32), (count, 1))
    return Detections(
        box,
        np.array([0.9, 0.1], np.float32)[:count],
        np.arange(count),
        np.zeros(count, np.int64),
        ("red", "other")[:count],
    )


class TinyModels:
    """Two models; see ``heatcam.web.models.Models``.

    Attributes:
        task: what they are.
        fails: why maps fail; "" if they do not.
        asked: the options of each explainer that was asked for.
        began, goes_on: of explaining: set when it begins; explaining waits for the other.
        explained: names of the pictures.
    """

    names = ("tiny", "other")
    for_pictures = "tiny"
    methods = ("live", "fine", "gradcam")
    options = ExplainOptions()

    def __init__(self) -> None:
        self.task, self.fails, self.broken = "detect", "", ""
        self.asked: list[tuple[str, ExplainOptions]] = []
        self.explained: list[str] = []
        self.began, self.goes_on = threading.Event(), threading.Event()
        self.goes_on.set()

    def is_loaded(self, name: str) -> bool:
        return name == "tiny"

    def problem(self, name: str) -> str:
        return "" if name == "tiny" else self.broken

    def class_names(self, name: str) -> tuple[str, ...] | None:
        return ("red", "other") if self.is_loaded(name) else None

    def layer_sets(self, name: str) -> tuple[str, ...]:
        return ("",)

    def explainer(self, name: str, options: ExplainOptions) -> TinyExplainer:
        self.asked.append((name, options))
        if options.layers == ("99",):
            raise ModelError("tiny has no layer 99", "there are 0 to 3")
        if options.classes == ("dog",):
            raise UsageError("the model has no class 'dog'", "it has 2: red, other")
        if name == "other" and self.broken:
            raise ModelError(self.broken)
        return TinyExplainer(self, options)

    def live(self, *_: Any) -> Any:
        raise NotImplementedError


class Service:
    """The application around the tiny models.

    Attributes:
        models: its models.
        app: the application.
        client: asks it.
    """

    def __init__(self, models: Any = None, limits: UploadLimits | None = None) -> None:
        self.models = models or TinyModels()
        limits = limits or UploadLimits()
        self.queue = ModelQueue(limits.queue_length, limits.waiting_s)
        self.metrics = Metrics(lambda: self.queue.waiting)
        self.analyzer = Analyzer(cast(Any, self.models), self.queue, limits, metrics=self.metrics)
        self.analyzer._decoders = DECODERS
        routers = (analyze_router(self.analyzer), kserve_router(self.analyzer), metrics_router(self.metrics))
        self.app: FastAPI = create_app(ServeSettings(limits=limits), (*routers, docs_router()))
        counted: Any = CountsRequests(self.app, self.metrics)
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(counted, raise_app_exceptions=False),
            base_url="http://127.0.0.1:8000",
        )

    async def analyze(self, data: bytes, **query: Any) -> httpx.Response:
        """Ask about one picture, as the whole body."""
        return await self.client.post("/analyze", content=data, params=query)


def asked(
    use: Callable[[Service], Awaitable[Result]], models: Any = None, limits: UploadLimits | None = None
) -> Result:
    """Use a service and return what came of it."""

    async def run() -> Result:
        service = Service(models, limits)
        async with service.client:
            return await use(service)

    return asyncio.run(run())


def picture(size_wh: tuple[int, int] = (64, 48), kind: str = "PNG", **how: Any) -> bytes:
    """A grey picture's file with something red in it."""
    image = Image.new("RGB", size_wh, (90, 90, 90))
    image.paste((250, 40, 40), (size_wh[0] // 2, size_wh[1] // 2, size_wh[0] // 2 + 8, size_wh[1] // 2 + 8))
    file = io.BytesIO()
    image.save(file, kind, **how)
    return file.getvalue()


def form(data: bytes, field: str = "file", name: str = "a.png") -> dict[str, Any]:
    """What httpx sends as a form."""
    return {"files": {field: (name, data, "image/png")}}


async def soon(is_so: Callable[[], Any]) -> None:
    """Wait until something is so."""

    async def waits() -> None:
        while not is_so():
            await asyncio.sleep(0.002)

    await asyncio.wait_for(waits(), 20)
