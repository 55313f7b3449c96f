"""Explanation in a notebook: the overlay as a PNG, and as HTML with a table of the objects."""

from __future__ import annotations

import base64
from html import escape

import cv2
import numpy as np

from heatcam.frames import Explanation
from heatcam.geometry import Uint8Array, fitted_wh
from heatcam.measures import evidence_share
from heatcam.overlay import OverlayOptions, at_size, draw
from heatcam.text import printable
from heatcam.views import encode_view

MOST_PX = 1280  # wide and tall: no column of a notebook shows more, and 4K would take 15 MB of its file
_MOST_ROWS = 20
_JPEG = (cv2.IMWRITE_JPEG_QUALITY, 90)
_HEADINGS = ("object", "confidence", "energy in box", "evidence")


def as_png(explanation: Explanation) -> bytes | None:
    """Return the overlay as a PNG file; None if it cannot be encoded, so that the notebook shows the text instead."""
    return encode_view(_drawn(explanation)).png_bytes or None


def as_html(explanation: Explanation) -> str:
    """Return the overlay as a JPEG in the page, a sixth of the PNG, with a line about it and a table of the objects."""
    done, data = cv2.imencode(".jpg", _drawn(explanation), _JPEG)
    picture = base64.b64encode(np.asarray(data).tobytes()).decode("ascii") if done else ""
    about = escape(repr(explanation)[1:-1].partition(" ")[2])
    return (
        f'<div><img alt="{about}" src="data:image/jpeg;base64,{picture}" style="max-width:100%">'
        f"<div>{about}</div>{_table(explanation)}</div>"
    )


def _drawn(explanation: Explanation) -> Uint8Array:
    """Draw the overlay at the size in which it is shown, so that its text is readable."""
    size_wh = explanation.frame.size_wh
    if max(size_wh) > MOST_PX:
        explanation = at_size(explanation, fitted_wh(size_wh, (MOST_PX, MOST_PX)))
    return draw(explanation, OverlayOptions())


def _table(explanation: Explanation) -> str:
    """Return the table of the most confident objects; "" without objects."""
    count = len(explanation.detections)
    if not count:
        return ""
    rows = [_row(explanation, n) for n in range(min(count, _MOST_ROWS))]
    head = "".join(f'<th style="text-align:left">{heading}</th>' for heading in _HEADINGS)
    rest = f"<div>and {count - _MOST_ROWS} more</div>" if count > _MOST_ROWS else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>{rest}"


def _row(explanation: Explanation, n: int) -> str:
    """Return one object's row; numbers that are not known are empty."""
    found, low = explanation.detections, explanation.low_evidence
    energy = evidence = ""
    if explanation.object_maps:
        own = explanation.object_maps[n]
        share = evidence_share(own, found.boxes_xyxy[n])
        energy = "" if share.energy_in_box is None else f"{100 * share.energy_in_box:.0f} %"
        evidence = f"{share.evidence:.3g} {own.unit}"
    evidence += " (low)" if low and low[n] else ""
    cells = (found.class_names[n], f"{found.confidences[n]:.2f}", energy, evidence)
    return (
        "<tr>"
        + "".join(f'<td style="text-align:left">{escape(printable(cell))}</td>' for cell in cells)
        + "</tr>"
    )
