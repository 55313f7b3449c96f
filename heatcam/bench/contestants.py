"""heatcam's own rows: the time of each mode of the window, for each way to run the network.

Each row but ``forward`` covers everything from a camera's picture to the picture that is shown: letterbox, forward pass,
non-maximum suppression, map, and the whole overlay with boxes, labels, colour bar and top line. The maps of video (live and fine)
are smoothed over time as in ``heatcam live``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from heatcam.bench.machine import waits_for
from heatcam.bench.plan import HEATCAM_NAMES, Setup
from heatcam.bench.timing import Contestant, TimedPart
from heatcam.enums import DEFAULT_SMOOTH
from heatcam.errors import MapError, ModelError
from heatcam.geometry import Uint8Array
from heatcam.options import ExplainOptions
from heatcam.overlay import OverlayOptions, Status, draw
from heatcam.saliency import Explainer, build_explainer
from heatcam.smoothing import Smoother


@dataclass(frozen=True)
class Variant:
    """One way to run the network.

    Attributes:
        label: the engine's own name; follows the names of its rows.
        options: backend and precision of this variant; thresholds and size are those of all contestants.
    """

    label: str
    options: ExplainOptions


@dataclass(frozen=True)
class BenchRow:
    """One row to measure with every variant.

    Attributes:
        name: the row's name, without the variant's label.
        stage: makes the timed stage from an explainer.
        quality: of the explainer's maps, ``live`` or ``fine``.
    """

    name: str
    stage: Callable[[Explainer], TimedPart]
    quality: str = "live"


def forward(explainer: Explainer) -> TimedPart:
    """Time the bare network on a picture that is letterboxed already, without suppression.

    It runs as in heatcam: the head's branches for boxes and more only where a class passes the threshold.
    """
    engine = explainer.engine
    wait = waits_for(str(engine.device))

    def letterboxed(image: Uint8Array) -> Any:
        return explainer.prepare(image)[1]

    def run(picture: Any) -> None:
        engine.bare_forward(picture, explainer.thresholds.conf)
        wait()

    return TimedPart(run, letterboxed)


def plain(explainer: Explainer) -> TimedPart:
    """Time detection without a heatmap, as the window shows it before ``h``."""
    return _shown(explainer, with_map=False, with_object_maps=False)


def shown_map(explainer: Explainer) -> TimedPart:
    """Time the map of all objects together, as the window shows it after ``h``."""
    return _shown(explainer, with_map=True, with_object_maps=False)


def object_maps(explainer: Explainer) -> TimedPart:
    """Time a map for each object beside the common one, as ``heatcam snapshot`` makes them."""
    return _shown(explainer, with_map=True, with_object_maps=True)


VARIANTS = (
    Variant("torch", ExplainOptions(backend="torch", precision="fp32")),
    Variant("openvino fp32", ExplainOptions(backend="openvino", precision="fp32")),
    Variant("openvino bf16", ExplainOptions(backend="openvino", precision="bf16")),
)
ROWS = (
    BenchRow("forward", forward),
    BenchRow("plain", plain),
    BenchRow("live map", shown_map),
    BenchRow("per-object maps", object_maps),
    BenchRow("fine map", shown_map, quality="fine"),
)


def heatcam_contestants(setup: Setup) -> list[Contestant]:
    """Return every row with every variant; an explainer is built for the first row that needs it, and then shared."""
    explainer_of = functools.cache(functools.partial(build, setup))

    def prepares(row: BenchRow, variant: Variant) -> Callable[[], TimedPart]:
        return lambda: row.stage(explainer_of(variant, row.quality))

    stages = [prepares(row, variant) for variant in VARIANTS for row in ROWS]
    return [Contestant(name, prepare) for name, prepare in zip(HEATCAM_NAMES, stages, strict=True)]


def build(setup: Setup, variant: Variant, quality: str) -> Explainer:
    """Build the explainer of one variant, for maps of one quality.

    Raises:
        ModelError: the engine fell back to another one, which would be measured under a wrong name.
    """
    options = replace(
        variant.options,
        imgsz=setup.imgsz,
        conf=setup.conf,
        iou=setup.iou,
        max_det=setup.max_det,
        quality=quality,
    )
    explainer = build_explainer(setup.model, setup.device, options)
    if explainer.engine.name != variant.label:
        raise ModelError(f"the model runs with {explainer.engine.name} here, not with {variant.label}")
    if options.precision == "bf16":
        _require_bfloat16()
    return explainer


def _require_bfloat16() -> None:
    """Refuse a processor without bfloat16, on which OpenVINO silently takes another precision.

    Raises:
        ModelError: the processor has no bfloat16.
    """
    from heatcam.engine import has_bfloat16  # noqa: PLC0415 (OpenVINO may be missing)

    if not has_bfloat16():
        raise ModelError("this processor does not calculate in bfloat16")


def _shown(explainer: Explainer, *, with_map: bool, with_object_maps: bool) -> TimedPart:
    """Time everything from a picture to the picture that is shown."""
    look, status = OverlayOptions(), Status("HEATMAP" if with_map else "NORMAL", 25.0, 36.0, 4.0)
    smoother = Smoother(DEFAULT_SMOOTH, look.renorm)

    def run(image: Uint8Array) -> Uint8Array:
        explanation = explainer.explain(image, with_map=with_map, with_object_maps=with_object_maps)
        if explanation.map_error:
            raise MapError(
                f"no map: {explanation.map_error}"
            )  # else plain detection would be timed under its name
        if not with_map or with_object_maps:
            return draw(explanation, look, status)
        shown = smoother.smooth(explanation)
        return draw(explanation, look, status, smoothed=shown.explanation, scales=shown.scales)

    return TimedPart(run)
