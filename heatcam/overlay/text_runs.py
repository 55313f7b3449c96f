"""Runs of a line of text: those that OpenCV's font draws, those that another font shapes, and those that no font here has."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from heatcam.geometry import Uint8Array
from heatcam.overlay import fonts

_ASCII = 128
_JOINERS = "\u200c\u200d\ufe0e\ufe0f"
_PROBE_PX = 20


@dataclass(frozen=True)
class TextRun:
    """Characters that are drawn the same way.

    Attributes:
        text: the characters in logical order.
        font: the font file that shapes them, and its one size in pixels (0 if scalable); None for OpenCV's own font.
        missing: True if no font has them: a box is drawn for each.
    """

    text: str
    font: tuple[Path, int] | None = None
    missing: bool = False


@lru_cache(maxsize=1024)
def runs_of(text: str, scalable: bool) -> tuple[TextRun, ...]:
    """Split one line into runs, from left to right; right-to-left text is ordered within its run only.

    Args:
        text: the line, without control characters.
        scalable: True if OpenCV's font is the one with Unicode (OpenCV 5), not Hershey's.
    """
    if text.isascii():
        return (TextRun(text),)
    found: list[TextRun] = []
    for cluster in _clusters(unicodedata.normalize("NFC", text)):
        run = _run_of(cluster, scalable)
        if found and (found[-1].font, found[-1].missing) == (run.font, run.missing):
            found[-1] = TextRun(found[-1].text + run.text, run.font, run.missing)
        else:
            found.append(run)
    return tuple(_with_spaces_inside(found))


def clusters_end(text: str) -> list[int]:
    """Return the indices at which a text may be cut: after each character with its combining marks."""
    ends, end = [], 0
    for cluster in _clusters(text):
        end += len(cluster)
        ends.append(end)
    return ends


def _clusters(text: str) -> list[str]:
    """Split a text into characters, each with its marks, joiners and the characters joined to it."""
    found: list[str] = []
    for sign in text:
        belongs = (
            unicodedata.combining(sign)
            or unicodedata.category(sign) in ("Mn", "Mc", "Me")
            or sign in _JOINERS
        )
        if found and (belongs or _is_skin(sign) or found[-1].endswith("\u200d")):
            found[-1] += sign
        else:
            found.append(sign)
    return found


def _is_skin(sign: str) -> bool:
    return 0x1F3FB <= ord(sign) <= 0x1F3FF


def _run_of(cluster: str, scalable: bool) -> TextRun:
    sign = cluster[0]
    if ord(sign) < _ASCII and len(cluster) == 1:
        return TextRun(cluster)
    if scalable and not _needs_shaping(cluster) and _opencv_draws(sign):
        return TextRun(cluster)
    if unicodedata.category(sign).startswith("C"):  # control and unassigned characters: no font shapes them
        return TextRun(cluster, missing=True)
    font = fonts.font_file(cluster) if fonts.can_shape() else None
    if font is not None:
        return TextRun(cluster, font)
    if scalable and _opencv_draws(sign):
        return TextRun(cluster)
    return TextRun(cluster, missing=True)


def _needs_shaping(cluster: str) -> bool:
    """Return True if a character's shape or position depends on its neighbours."""
    sign = cluster[0]
    return len(cluster) > 1 or unicodedata.bidirectional(sign) in ("R", "AL", "AN")


def _with_spaces_inside(runs: list[TextRun]) -> list[TextRun]:
    """Join runs of one font over the spaces between them, so that right-to-left words keep their order."""
    joined: list[TextRun] = []
    for run in runs:
        before = joined[-2:]
        if len(before) == 2 and run.font and before[0].font == run.font and before[1].text.isspace():
            joined[-2:] = [TextRun(before[0].text + before[1].text + run.text, run.font)]
        else:
            joined.append(run)
    return joined


@lru_cache(maxsize=4096)
def _opencv_draws(sign: str) -> bool:
    """Return True if OpenCV's scalable font has a character: it draws a question mark for a missing one."""
    return sign == "?" or not np.array_equal(_drawn_by_opencv(sign), _drawn_by_opencv("?"))


@lru_cache(maxsize=2)
def _sans() -> object:
    return cv2.FontFace("sans")


def _drawn_by_opencv(sign: str) -> Uint8Array:
    picture = np.zeros((2 * _PROBE_PX, 2 * _PROBE_PX), np.uint8)
    cv2.putText(picture, sign, (4, _PROBE_PX + 8), 255, _sans(), _PROBE_PX, 400)  # type: ignore[call-overload]
    return picture
