"""The whole application as the command puts it together, around models and sources without a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from heatcam.options import ExplainOptions
from heatcam.web.live_parts import AllowedSource, LiveSettings
from heatcam.web.service import Service
from heatcam.web.settings import ServeSettings
from tests.live.streams import Stream
from tests.web.live_fakes import FakeModel, FakeModels, camera
from tests.web.tiny import DECODERS, TinyModels


class WholeModels(TinyModels):
    """Models for pictures and for the live view."""

    def __init__(self) -> None:
        super().__init__()
        self.live_ones = FakeModels()

    def live(self, name: str, options: ExplainOptions, size_wh: Callable[[], tuple[int, int]]) -> FakeModel:
        return self.live_ones.live(name, options, size_wh)


def whole_service(
    settings: ServeSettings | None = None, source: Callable[[], Stream] | None = None
) -> Service:
    """The service, not started; its pictures are decoded by the processes that all tests share."""
    sources = [AllowedSource("demo", "a camera", "camera", source or camera(fps=20))]
    service = Service(
        cast(Any, WholeModels()), sources, settings or ServeSettings(), live=LiveSettings(rests_after_s=1.0)
    )
    service._analyzer._decoders = DECODERS
    return service
