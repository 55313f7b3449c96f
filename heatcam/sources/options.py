"""What a source can be asked for. Light to import: the command line does."""

from __future__ import annotations

import re
from dataclasses import dataclass

from heatcam.errors import UsageError


@dataclass(frozen=True)
class CaptureOptions:
    """What to ask a source for.

    Attributes:
        size_wh: width and height in pixels, of a camera or of raw frames; None takes what comes.
        fps: frames a second, of a camera, a screen, numbered pictures or standard input; None takes what comes.
    """

    size_wh: tuple[int, int] | None = None
    fps: float | None = None


def parse_size(text: str, option: str = "--size") -> tuple[int, int] | None:
    """Width and height from ``1280x720``; None from "". ``option`` is what the user called it.

    Raises:
        UsageError: it is not written so, or holds no pixel.
    """
    if not text:
        return None
    match = re.fullmatch(r"(\d{1,5})[x×X](\d{1,5})", text.strip(), re.ASCII)
    size_wh = (int(match.group(1)), int(match.group(2))) if match else (0, 0)
    if min(size_wh) < 1:
        raise UsageError(f"{option} {text} is no size", f"write it like {option} 1280x720")
    return size_wh
