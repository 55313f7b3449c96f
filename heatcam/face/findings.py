"""Findings of an explanation, alone and as the document that the commands write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from heatcam.frames import ExplainerFacts, Explanation
from heatcam.measures import FindingsOptions, ImageFindings, document_head, findings_of
from heatcam.overlay import OverlayOptions
from heatcam.views import draw_each, encode_view, view_names


def placed_findings(explanation: Explanation, region_share: float | None = None) -> ImageFindings:
    """Return an explanation's findings with its frame's name, number and time; see ``heatcam.Explanation.findings``."""
    frame = explanation.frame
    where: dict[str, Any] = {"path": frame.name} if frame.name else {}
    where |= {"frame_index": frame.frame_index, "pts_s": round(frame.pts_s, 6)}
    return findings_of(explanation, FindingsOptions(region_share=region_share), **where)


def document_of(
    explanation: Explanation, facts: ExplainerFacts, images: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the document of one explanation; see ``heatcam.Explanation.to_dict``.

    Raises:
        UsageError: there is no such view.
    """
    names = view_names([images] if isinstance(images, str) else images)
    row = placed_findings(explanation).as_json()
    drawn = {
        name.value: encode_view(outcome).as_json()
        for name, outcome in draw_each(names, explanation, OverlayOptions())
    }
    return document_head(facts) | {"images": [row | ({"images": drawn} if drawn else {})]}
