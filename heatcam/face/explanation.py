"""Explanation for users: detections and maps that draw, write and tell themselves."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heatcam import frames
from heatcam.face.findings import document_of, placed_findings
from heatcam.face.notebook import as_html, as_png
from heatcam.face.saving import save
from heatcam.frames import ExplainerFacts
from heatcam.geometry import Uint8Array
from heatcam.measures import ImageFindings
from heatcam.overlay import named_look
from heatcam.text import json_text
from heatcam.views import render_view

if TYPE_CHECKING:
    import supervision


@dataclass(frozen=True, repr=False)
class Explanation(frames.Explanation):
    """A model's detections in one picture, and the maps of the evidence for them. A notebook shows it as a picture and a table.

    Attributes:
        facts: model, method, layers, target, thresholds, and what ran them.

    >>> import heatcam
    >>> with heatcam.open_source("demo") as source:
    ...     explanation = heatcam.load("markers").explain(next(iter(source)))
    >>> print(str(explanation)[:26], len(explanation.object_maps) == len(explanation.detections))
    <Explanation demo 1280x720 True
    >>> explanation.render("original").shape, explanation.findings().detections[0].energy_in_box > 0.5
    ((720, 1280, 3), True)
    >>> explanation.to_dict(images=["overlay"])["images"][0]["images"]["overlay"]["status"]
    'ok'
    >>> explanation.save("sheet.pdf")
    """

    facts: ExplainerFacts = field(kw_only=True)

    def render(
        self,
        view: str = "overlay",
        *,
        colormap: str = "turbo",
        renorm: str = "box",
        alpha: float = 0.7,
        boxes: bool = True,
        colour_bar: bool = True,
    ) -> Uint8Array:
        """Draw one view, as ``heatcam snapshot --view`` does.

        Args:
            view: ``overlay``, ``heatmap``, ``boxes``, ``regions``, ``original``, ``dual``, ``grid`` or ``sheet``.
            colormap: ``turbo``, ``inferno``, ``viridis``, ``magma`` or ``jet``.
            renorm: scope of the heat's scale: each ``box``, each ``region`` of evidence, the whole ``frame``, or ``fixed``,
                the same in every picture of a model.
            alpha: opacity of the hottest pixel, in ``[0, 1]``.
            boxes: draw boxes and labels, and masks, keypoints and rotated boxes where the model finds them.
            colour_bar: draw the colour bar with its caption.

        Returns:
            uint8 ``(H, W, 3)``, BGR, a new picture. ``overlay``, ``boxes``, ``original`` and ``regions`` have the frame's size.

        Raises:
            UsageError: there is no such view, colour map or scope.
            ViewError: this explanation lacks what the view shows: a map, objects or regions.
        """
        return render_view(view, self, named_look(colormap, renorm, alpha, boxes, colour_bar))

    def findings(self, *, region_share: float | None = None) -> ImageFindings:
        """Return the numbers: each detection's evidence, the regions that hold it, and how it is distributed.

        Args:
            region_share: the share of the evidence that the regions hold together, in ``(0, 1)``; None takes Otsu's threshold.

        Returns:
            A pydantic model with the fields of ``docs/findings.schema.json``.
        """
        return placed_findings(self, region_share)

    def to_dict(self, images: Sequence[str] = ()) -> dict[str, Any]:
        """Return the document of findings as plain values that JSON has: what was asked, and one entry in ``images``.

        Args:
            images: names of views to put into it as base64 PNG, each with a status and, if it could not be made, a reason.

        Raises:
            UsageError: there is no such view.
        """
        return document_of(self, self.facts, images)

    def to_json(self, images: Sequence[str] = (), *, indent: int | None = 2) -> str:
        """Return the same document as JSON text, valid UTF-8 whatever a class or file is called.

        Args:
            images: names of views to put into it as base64 PNG.
            indent: spaces a level; None writes one line.

        Raises:
            UsageError: there is no such view.
        """
        return json_text(self.to_dict(images), indent=indent)

    def save(self, path: str | os.PathLike[str], view: str | None = None, *, overwrite: bool = False) -> None:
        """Write a file of the kind that its suffix names, whole or not at all.

        Args:
            path: a picture (``.png``, ``.jpg``, ``.webp``, ``.bmp``, ``.tif``), a page to print (``.pdf``), the document of
                findings (``.json``), or picture and raw maps (``.npz``), which ``heatcam redraw`` draws again.
            view: the view to draw; None draws ``overlay`` into pictures and ``sheet`` onto pages.
            overwrite: replace an existing file.

        Raises:
            UsageError: an unknown suffix or view, an existing file without ``overwrite``, or a view for a file that has none.
            ViewError: the view cannot be made.
            SinkError: the file cannot be written; nothing is left behind.
        """
        save(self, self.facts, Path(path), view, overwrite)

    def to_supervision(self) -> supervision.Detections:
        """Return the detections as supervision's: boxes, masks, confidences, classes, tracks.

        ``data`` has ``class_name``; where known also ``low_evidence``, bool, with own maps ``energy_in_box`` and ``evidence``,
        float, NaN for an object without evidence, and of rotated boxes ``xyxyxyxy``. ``tracker_id`` is -1 before an object has
        a track.

        Raises:
            UsageError: supervision is not installed (``pip install 'heatcam[supervision]'``).
        """
        from heatcam.face.supervision_data import detections_of  # noqa: PLC0415 (optional)

        return detections_of(self)

    def _repr_png_(self) -> bytes | None:
        """Return the overlay for a notebook, at most 1280 pixels wide."""
        return as_png(self)

    def _repr_html_(self) -> str:
        """Return the overlay with a table of its objects for a notebook."""
        return as_html(self)


def with_facts(explanation: frames.Explanation, facts: ExplainerFacts) -> Explanation:
    """Return an explanation that tells of its explainer; arrays are shared."""
    known = {one.name: getattr(explanation, one.name) for one in fields(frames.Explanation)}
    return Explanation(**known, facts=facts)
