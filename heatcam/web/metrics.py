"""Numbers about the service for Prometheus, in a registry of its own."""

from __future__ import annotations

import time
from collections.abc import Callable

from fastapi import APIRouter
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from heatcam.web.drift_gauges import DriftCollector, DriftNumbers

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_METHODS = ("GET", "HEAD", "POST", "PATCH", "DELETE", "PUT", "OPTIONS")
#: Instead of the paths that strangers made up, each of which would be kept for ever.
_NOWHERE = "none"


class Metrics:
    """The numbers. Called from any thread.

    Args:
        waiting: returns the number of requests at the model.
        live_fps: returns the frames a second of the live view; 0 while it does not run.
        drift: returns the numbers of a watch of drift; None where there is none.
    """

    def __init__(
        self,
        waiting: Callable[[], float] | None = None,
        live_fps: Callable[[], float] | None = None,
        drift: Callable[[], DriftNumbers] | None = None,
    ) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "heatcam_requests",
            "Requests by the template of their path, method and status",
            ("path", "method", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "heatcam_request_seconds",
            "Seconds from a request to the end of its answer",
            ("path", "method"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._model = Histogram(
            "heatcam_model_seconds",
            "Seconds that a model took for one picture of a request, without waiting",
            ("model",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._queue = Gauge("heatcam_queue_length", "Requests at the model", registry=self.registry)
        self._fps = Gauge("heatcam_live_fps", "Frames a second of the live view", registry=self.registry)
        self._queue.set_function(waiting or float)
        self._fps.set_function(live_fps or float)
        if drift is not None:
            self.registry.register(DriftCollector(drift))

    def request_took(self, path: str, method: str, status: int, seconds: float) -> None:
        """Count one request."""
        known = method if method in _METHODS else _NOWHERE
        self._requests.labels(path, known, str(status)).inc()
        self._seconds.labels(path, known).observe(seconds)

    def model_took(self, model: str, seconds: float) -> None:
        """Count one picture."""
        self._model.labels(model).observe(seconds)


class CountsRequests:
    """ASGI middleware that counts requests.

    Args:
        app: what answers.
        metrics: where they are counted.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request and count it, also if it fails."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, started_s = 500, time.monotonic()

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            took_s = time.monotonic() - started_s
            self._metrics.request_took(_template(scope), scope["method"], status, took_s)


def metrics_router(metrics: Metrics) -> APIRouter:
    """Return the route that Prometheus reads."""
    router = APIRouter(tags=["health"])

    @router.get("/metrics", summary="Numbers for Prometheus", response_class=Response)
    async def numbers() -> Response:
        """Return requests, latencies, seconds of the models, the queue's length, the live view's rate, and drift if watched."""
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return router


def _template(scope: Scope) -> str:
    """Return the path as its route has it, so that there are few: without the names in it."""
    return str(getattr(scope.get("route"), "path", _NOWHERE))
