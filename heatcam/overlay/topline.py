"""Top line: mode, model, speed and age of the picture. Parts that do not fit are left out, the least important first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2

from heatcam.geometry import Uint8Array
from heatcam.overlay.heat import Pixels
from heatcam.overlay.options import Status
from heatcam.overlay.text import LIGHT, Colour, fitted, font_px, line_height, shade, text_width, write

HEATMAP = "HEATMAP"
_MODE_COLOURS: dict[str, Colour] = {HEATMAP: (60, 190, 255), "NORMAL": (190, 230, 120)}
_SAYS: Colour = (120, 220, 255)
_WARNS: Colour = (90, 190, 255)
_STANDS_STILL: Colour = (255, 215, 140)
_RECORDS: Colour = (75, 75, 255)
_IN_HAND: Colour = (215, 235, 160)
_QUIET: Colour = (205, 205, 205)
_DOT: Colour = (150, 150, 150)
_FINDS: Colour = (190, 230, 120)
_MOST_FINDS = 44  # letters; more would leave no room for the rest
_LEAST_NOTE = 5  # font sizes, about nine letters: a message cut shorter says nothing


@dataclass(frozen=True)
class _Part:
    """Part of the line.

    Attributes:
        texts: alternative texts, the longest first; the first that fits is taken.
        colour: BGR.
        rank: order of importance: 0 is left out last.
        has_dot: a filled disc is drawn before it.
        may_shrink: it is shortened with an ellipsis if not even its shortest text fits.
    """

    texts: tuple[str, ...]
    colour: Colour
    rank: int
    has_dot: bool = False
    may_shrink: bool = False

    def width(self, text: str, size: int) -> int:
        """Return the width in pixels of one of its texts, the disc included."""
        return text_width(text, size) + (size if self.has_dot else 0)


def top_line_box(size_wh: tuple[int, int]) -> Pixels:
    """Return the rectangle of the top line."""
    width, height = size_wh
    return 0, 0, width, min(height, line_height(font_px(width, height)))


def draw_status(picture: Uint8Array, status: Status, objects: int) -> None:
    """Draw the top line on a dark strip, in place: ``[HEATMAP]  yolov8n · cpu openvino fp32 · 23 fps · 31+4+5 ms · 5 objects``.

    In a narrow picture, parts are left out in this order: model, backend, dropped frames, classes of the prompt (told by their
    number first), milliseconds, message (shortened first), objects, age, frames per second, recording, pause, which of two
    models, the tool in hand, mode. None is ever cut at the edge.

    Args:
        picture: uint8 ``(H, W, 3)``, BGR, drawn or composed before.
        status: content of the line.
        objects: number of detections.
    """
    height, width = picture.shape[:2]
    size = font_px(width, height)
    shade(picture, *top_line_box((width, height)))
    x = size // 2
    for n, (part, text) in enumerate(_that_fit(_parts(status, objects), size, width - size)):
        if n:
            _separate(picture, x + size // 2, size, is_dot=n > 1)
            x += size
        if part.has_dot:
            _disc(picture, x + round(0.4 * size), size, 0.34, part.colour)
        write(picture, text, x + (size if part.has_dot else 0), 0, size, part.colour)
        x += part.width(text, size)


def draw_tool(picture: Uint8Array, texts: Sequence[str]) -> None:
    """Say which tool is in hand, at the left of the top line's place, in place: for pictures without that line.

    Args:
        picture: uint8 ``(H, W, 3)``, BGR.
        texts: alternatives, the longest first; the first that fits is taken.
    """
    height, width = picture.shape[:2]
    size = font_px(width, height)
    text = next((each for each in texts if text_width(each, size) <= width - size), "")
    if text:
        shade(picture, 0, 0, text_width(text, size) + size, top_line_box((width, height))[3])
        write(picture, text, size // 2, 0, size, _IN_HAND)


def _that_fit(parts: list[_Part], size: int, room: int) -> list[tuple[_Part, str]]:
    """Return the parts that fit into ``room`` pixels, each with its chosen text, in the order of the line."""
    chosen: dict[int, str] = {}
    for n, part in sorted(enumerate(parts), key=lambda entry: entry[1].rank):
        left = room - (size if chosen else 0)
        text = next((t for t in part.texts if part.width(t, size) <= left), "")
        if not text and part.may_shrink and left >= _LEAST_NOTE * size:
            text = fitted(part.texts[-1], size, left)
        if not text:
            break
        chosen[n] = text
        room = left - part.width(text, size)
    return [(parts[n], chosen[n]) for n in sorted(chosen)]


def _parts(status: Status, objects: int) -> list[_Part]:
    """Return the parts of a status, in the order of the line."""
    found = [_Part((f"[{status.mode}]",), _MODE_COLOURS.get(status.mode, LIGHT), 0)]
    if status.paused:
        found.append(_Part(("PAUSED",), _STANDS_STILL, 1))
    if status.recording_s is not None:
        found.append(_Part((f"REC {_clock(status.recording_s)}", "REC"), _RECORDS, 2, has_dot=True))
    if status.tool:
        found.append(_Part(status.tool, _IN_HAND, 1))
    if status.is_loading:
        return [*found, _Part((_one_line(status.message),), _SAYS, 6, may_shrink=True)]
    if status.compared:
        found.append(_Part((status.compared,), LIGHT, 1))
    if status.model:
        found.append(_Part((_one_line(status.model),), _QUIET, 11))
    if status.backend:
        found.append(_Part((_one_line(status.backend),), _QUIET, 10))
    if status.finds:
        found.append(_Part(_finds(status.finds), _FINDS, 8))
    if status.fps > 0:
        found.append(_Part((_fps(status.fps),), LIGHT, 3))
    found.append(_Part((_milliseconds(status),), LIGHT, 7))
    found.append(_objects(status, objects))
    if status.dropped > 0:
        found.append(_Part((f"{status.dropped} dropped",), LIGHT, 9))
    if status.age_s is not None:
        found.append(_Part((_age(status.age_s),), _WARNS, 4))
    if message := _one_line(status.message):
        found.append(_Part((message,), _SAYS, 6, may_shrink=True))
    return found


def _objects(status: Status, objects: int) -> _Part:
    """Return the part with the number of objects; for none, the reason why nothing is hot."""
    if objects or status.mode != HEATMAP:
        return _Part((f"{objects} object" + ("" if objects == 1 else "s"),), LIGHT, 5)
    above = "" if status.conf is None else f" above {status.conf:.2g}"
    why = f"nothing detected{above}: nothing is hot"
    return _Part((why, f"nothing detected{above}", "nothing detected", "0 objects"), _SAYS, 5)


def _finds(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return how the classes of a prompt may be told: as many by name as are short, fewer, or their number."""
    texts = []
    for count in range(min(len(names), _MOST_FINDS // 3), 0, -1):
        more = f" +{len(names) - count}" if count < len(names) else ""
        text = _one_line(f"finds {', '.join(names[:count])}{more}")
        if len(text) <= _MOST_FINDS:
            texts.append(text)
    return (*texts, "finds 1 class" if len(names) == 1 else f"finds {len(names)} classes")


def _milliseconds(status: Status) -> str:
    """Format the times of forward pass, map and drawing as a sum, ``31+4+5 ms``; zeros at the end are left out."""
    times = [status.forward_ms, status.map_ms, status.draw_ms]
    while len(times) > 1 and times[-1] <= 0:
        times.pop()
    return "+".join(f"{ms:.0f}" for ms in times) + " ms"


def _fps(fps: float) -> str:
    return f"{fps:.1f} fps" if fps < 10 else f"{fps:.0f} fps"


def _age(seconds: float) -> str:
    return f"{seconds:.1f} s old" if seconds < 10 else f"{seconds:.0f} s old"


def _clock(seconds: float) -> str:
    """Format seconds as ``0:12`` or ``61:05``, and as ``2:00:00`` from two hours on."""
    whole = max(0, math.floor(seconds))
    if whole < 7200:
        return f"{whole // 60}:{whole % 60:02d}"
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _one_line(text: str) -> str:
    """Remove line breaks, which would be drawn below the line."""
    return " ".join(text.split())


def _separate(picture: Uint8Array, middle: int, size: int, *, is_dot: bool) -> None:
    """Draw a small dot between two parts; none after the mode, whose brackets separate it."""
    if is_dot:
        _disc(picture, middle, size, 0.11, _DOT)


def _disc(picture: Uint8Array, middle: int, size: int, radius: float, colour: Colour) -> None:
    """Draw a disc at the height of lower-case letters, ``radius`` in font sizes: not every font has one as a character."""
    centre = 16 * middle, round(16 * 0.74 * size)
    cv2.circle(picture, centre, max(16, round(16 * radius * size)), colour, cv2.FILLED, cv2.LINE_AA, shift=4)
