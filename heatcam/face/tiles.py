"""Explanations of pictures too large for one pass, for users."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heatcam.errors import UsageError
from heatcam.frames import Detections, ExplainerFacts, SaliencyMap, counted
from heatcam.measures import ImageFindings, document_head
from heatcam.overlay import OverlayOptions
from heatcam.sinks import refuse_existing
from heatcam.text import json_text
from heatcam.tiling import LargePicture, findings_of_large, require_look, require_pyramid_name

if TYPE_CHECKING:
    from heatcam.saliency import Explainer


@dataclass(frozen=True)
class TileRequest:
    """Request about a large picture; see ``Model.explain_tiles``."""

    tile: int
    overlap: float
    whole: bool
    conf: float | None


@dataclass(frozen=True, repr=False)
class TiledExplanation:
    """A model's detections in a picture too large for one pass, and their numbers: ``Model.explain_tiles`` makes it.

    Attributes:
        size_wh: width and height of the picture, in pixels.
        detections: the merged boxes, the strongest first, in pixels of the whole picture.
        low_evidence: see ``Explanation``.
        saliency: the stitched map in at most 1024 cells a side, of a picture of one tile that tile's; None without maps.
        image: the numbers, with the fields of ``docs/findings.schema.json``: each detection's, and the tiles.
        facts: model, method, layers, target, thresholds, and what ran them.

    >>> import heatcam
    >>> model = heatcam.load("markers")
    >>> next(model.stream("demo")).save("demo.tif", "original")
    >>> explanation = model.explain_tiles("demo.tif", "heat.tif", tile=640)
    >>> explanation.size_wh, len(explanation.detections) == len(explanation.image.detections) > 0
    ((1280, 720), True)
    """

    size_wh: tuple[int, int]
    detections: Detections
    low_evidence: tuple[bool, ...]
    saliency: SaliencyMap | None
    image: ImageFindings
    facts: ExplainerFacts

    def to_dict(self) -> dict[str, Any]:
        """Return the document of findings as ``Explanation.to_dict`` does, with ``tiles`` in its image."""
        return document_head(self.facts) | {"images": [self.image.as_json()]}

    def to_json(self, *, indent: int | None = 2) -> str:
        """Return the same document as JSON text."""
        return json_text(self.to_dict(), indent=indent)

    def __repr__(self) -> str:
        wide, tall = self.size_wh
        return f"<TiledExplanation {wide}x{tall}: {counted(self.detections.class_names, 6)}>"


def explain_tiles(
    explainer: Explainer,
    path: Path,
    output: Path | None,
    request: TileRequest,
    look: OverlayOptions,
    overwrite: bool,
    on_tile: Callable[[int, int], None] | None,
) -> TiledExplanation:
    """Explain one large picture, and write it where that is asked for; see ``Model.explain_tiles``."""
    require_look(look.renorm)
    facts = explainer.facts()
    if facts.task == "classify":
        raise UsageError(
            f"{facts.model} is a classifier, whose tiles cannot be merged", "load one that finds boxes"
        )
    if facts.channels != 3:
        raise UsageError(
            f"{facts.model} reads {facts.channels} channels, and tiles have three", "use explain for it"
        )
    if output is not None:
        require_pyramid_name(output)
        refuse_existing([output], overwrite, "choose another name or pass overwrite=True")
    with LargePicture(path, request.tile, request.overlap) as picture:
        count = len(picture.plan)
        explained = picture.explain(
            explainer,
            whole_px=facts.imgsz if request.whole else 0,
            conf=request.conf,
            on_tile=lambda done: None if on_tile is None else on_tile(done, count),
        )
        if output is not None:
            picture.write(output, explained, look)
        where: dict[str, Any] = {"path": str(path)} | ({} if output is None else {"output": str(output)})
        found = findings_of_large(explained, is_written=output is not None, **where)
        return TiledExplanation(
            picture.plan.size_wh,
            explained.detections,
            explained.low_evidence,
            explained.saliency,
            found,
            facts if request.conf is None else replace(facts, conf=request.conf),
        )
