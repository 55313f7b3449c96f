"""The whole service: the live view and answers about pictures, put together as one application."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fastapi import FastAPI

from heatcam.live import WindowState
from heatcam.overlay import OverlayOptions
from heatcam.web.analysis import Analyzer
from heatcam.web.analyze import analyze_router
from heatcam.web.app import create_app, lifespan_of
from heatcam.web.docs_page import docs_router
from heatcam.web.kserve import kserve_router
from heatcam.web.live_parts import AllowedSource, LiveSettings
from heatcam.web.live_routes import live_router
from heatcam.web.live_run import LiveRun
from heatcam.web.metrics import Metrics, metrics_router
from heatcam.web.model_queue import ModelQueue
from heatcam.web.models import Models
from heatcam.web.settings import ServeSettings


class Service:
    """The service, not started: a server runs ``app``, whose start begins the live view and whose end closes all.

    Args:
        models: the models that may be asked.
        sources: the sources of the live view that may be chosen, the default one first.
        settings: who may use it, and its limits.
        state: the choices that the live view begins with.
        live: settings of the live view.
        look: drawing options of answers about pictures.
        hardware: a line for people about what the models run on.
        on_start: called when requests are about to be answered.
    """

    def __init__(
        self,
        models: Models,
        sources: Sequence[AllowedSource],
        settings: ServeSettings,
        *,
        state: WindowState | None = None,
        live: LiveSettings | None = None,
        look: OverlayOptions | None = None,
        hardware: str = "",
        on_start: Callable[[], None] = lambda: None,
    ) -> None:
        limits, self._on_start = settings.limits, on_start
        queue = ModelQueue(limits.queue_length, limits.waiting_s)
        self._live = LiveRun(models, sources, queue.turn, state, live)
        observer = self._live.settings.observer
        metrics = Metrics(
            lambda: queue.waiting,
            lambda: self._live.status().fps,
            None if observer is None else observer.numbers,
        )
        self._analyzer = Analyzer(models, queue, limits, look, metrics)
        routers = (
            live_router(self._live, limits, lambda: hardware),
            analyze_router(self._analyzer),
            kserve_router(self._analyzer),
            metrics_router(metrics),
            docs_router(),
        )
        #: The application.
        self.app: FastAPI = create_app(settings, routers, lifespan_of(self._start, self._close), metrics)

    def send_viewers_away(self) -> None:
        """End streams and sockets, which would otherwise last: the end is near. From any thread."""
        self._live.broadcast.close()

    def _start(self) -> None:
        self._live.start()
        self._on_start()

    def _close(self) -> None:
        self._live.close()
        self._analyzer.close()
