"""A picture's way through the service: decoded, explained in its turn, drawn; in memory, and none of it in the event loop."""

from __future__ import annotations

import asyncio
import time

from heatcam.errors import HeatcamError, UsageError
from heatcam.frames import Frame
from heatcam.overlay import OverlayOptions
from heatcam.web.analyze_query import AnalyzeQuery
from heatcam.web.answers import Asked, Explained, PictureAnswer, answer_of
from heatcam.web.decoding import PictureDecoders
from heatcam.web.metrics import Metrics
from heatcam.web.model_queue import ModelQueue
from heatcam.web.models import ExplainsPictures, Models
from heatcam.web.settings import UploadLimits
from heatcam.web.uploads import Bodies, Upload
from heatcam.web.worker import Worker

CLASSIFIES = "classify"
_UNNAMED = "upload"
_PREPARING = 4  # threads: an explainer that takes seconds to build keeps nobody from one that is there
_IN_MEMORY = 2  # decoded pictures at the same time: one is explained while another is decoded or drawn


class Analyzer:
    """Answers requests about pictures. All of one service's go through one of these.

    Args:
        models: the models.
        queue: the line at them.
        limits: of requests.
        look: drawing options of the command line.
        metrics: where times are counted.
    """

    def __init__(
        self,
        models: Models,
        queue: ModelQueue,
        limits: UploadLimits,
        look: OverlayOptions | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self.models, self.queue, self.limits = models, queue, limits
        self.bodies = Bodies(limits)
        self._look = look or OverlayOptions()
        self._metrics = metrics
        self._decoders = PictureDecoders(limits)
        self._preparing = Worker("heatcam preparing", _PREPARING)
        self._drawing = Worker("heatcam drawing")
        self._in_memory = asyncio.Semaphore(_IN_MEMORY)

    def close(self) -> None:
        """End the processes that decode."""
        self._decoders.close()

    def asked(
        self, query: AnalyzeQuery, model: str | None = None, views: str = "", *, with_map: bool = True
    ) -> Asked:
        """Check a request.

        Args:
            query: its options.
            model: the model, where it is not the query's.
            views: the views to draw if the query names none.
            with_map: make maps at all.

        Raises:
            UsageError: an option is none that there is.
        """
        return Asked(
            model or query.model_of(self.models),
            query.options(self.models),
            with_map,
            query.images(views),
            query.look(self._look),
            query.longest,
            query.region_share,
            query.foreground is not None,
        )

    async def picture(self, upload: Upload, asked: Asked) -> PictureAnswer:
        """Explain and draw one picture; only within ``queue.admit``.

        Raises:
            Problem, HeatcamError: the upload cannot be decoded, or the options do not fit the model.
        """
        async with self._in_memory:
            image = await self._decoders.decode(upload.data)
            explainer = await self._preparing.run(lambda: self._explainer(asked))
            frame = Frame(image, 0, time.monotonic(), 0.0, upload.name or _UNNAMED)
            explained = await self.queue.in_turn(lambda: self._explained(explainer, frame, asked))
            return await self._drawing.run(lambda: answer_of(explained, asked))

    def _explainer(self, asked: Asked) -> ExplainsPictures:
        """Return the explainer.

        Raises:
            UsageError: the options do not fit the model.
            HeatcamError: the model cannot be loaded.
        """
        try:
            return self.models.explainer(asked.model, asked.options)
        except UsageError:
            raise
        except HeatcamError as error:
            if self.models.is_loaded(asked.model):  # it is what was asked that does not work with it
                raise UsageError(error.problem, error.next_step) from error
            raise

    def _explained(self, explainer: ExplainsPictures, frame: Frame, asked: Asked) -> Explained:
        """Explain a picture, in the model's turn."""
        started_s = time.monotonic()
        facts, wants = explainer.facts(), asked.with_map
        explanation = explainer.explain(frame, with_map=wants, with_object_maps=wants)
        classes = None
        if facts.task == CLASSIFIES:
            classes = explainer.explain(frame, with_map=False, conf=0.0).detections
        if self._metrics is not None:
            self._metrics.model_took(asked.model, time.monotonic() - started_s)
        return Explained(explanation, facts, classes)
