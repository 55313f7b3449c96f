"""Views drawn and encoded in memory, each with a status: one that cannot be made does not keep the others from coming."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2

from heatcam.enums import ViewName
from heatcam.errors import HeatcamError, ViewError
from heatcam.frames import Explanation
from heatcam.geometry import Uint8Array
from heatcam.overlay import OverlayOptions
from heatcam.views.registry import render_view, view_names

OK, FAILED = "ok", "failed"
_MIME = "image/png"


@dataclass(frozen=True)
class RenderedView:
    """One view as a file in memory, or the reason why there is none.

    Attributes:
        status: ``ok`` or ``failed``.
        reason: the reason of a failure, in one line; "" for ``ok``.
        png_bytes: the PNG file; empty for ``failed``.
    """

    status: str
    reason: str = ""
    png_bytes: bytes = b""

    def as_json(self) -> dict[str, Any]:
        """Return it for a JSON document: ``status``, ``reason``, ``mime`` and, in base64, ``data``."""
        is_made = self.status == OK
        return {
            "status": self.status,
            "reason": self.reason or None,
            "mime": _MIME if is_made else None,
            "data": base64.b64encode(self.png_bytes).decode("ascii") if is_made else None,
        }


def draw_each(
    names: Sequence[ViewName], explanation: Explanation, look: OverlayOptions
) -> Iterator[tuple[ViewName, Uint8Array | ViewError]]:
    """Draw views one after the other: a sheet takes 26 MB, a view of a 4K picture 25, and one at a time is enough.

    Yields:
        Each view's name with its picture, uint8 ``(H, W, 3)`` BGR, or with the reason why there is none.
    """
    for name in names:
        try:
            yield name, render_view(name, explanation, look)
        except ViewError as error:
            yield name, error
        except MemoryError:
            yield name, ViewError("there is not enough memory for it")
        except cv2.error as error:
            if error.code != cv2.Error.StsNoMem:
                raise
            yield name, ViewError("there is not enough memory for it")


def render_views(
    names: Sequence[str], explanation: Explanation, look: OverlayOptions | None = None
) -> dict[str, RenderedView]:
    """Draw and encode views in memory.

    Args:
        names: names of views, each once.
        explanation: detections and maps of one frame.
        look: drawing options; None takes the usual ones.

    Returns:
        Each view by its name, in their order, also those that could not be made, with the reason.

    Raises:
        UsageError: there is no such view.
    """
    drawn = draw_each(view_names(names), explanation, look or OverlayOptions())
    return {name.value: encode_view(outcome) for name, outcome in drawn}


def encode_view(outcome: Uint8Array | ViewError) -> RenderedView:
    """Encode a drawn view as PNG; the reason of one that was not drawn, or cannot be encoded, is kept.

    Args:
        outcome: the picture, uint8 ``(H, W, 3)`` BGR, or the reason why there is none.
    """
    if isinstance(outcome, HeatcamError):
        return RenderedView(FAILED, str(outcome))
    try:
        done, data = cv2.imencode(".png", outcome)
    except cv2.error:
        done = False
    if not done:
        return RenderedView(FAILED, f"a picture of {outcome.shape[1]}x{outcome.shape[0]} cannot be encoded")
    return RenderedView(OK, png_bytes=data.tobytes())
