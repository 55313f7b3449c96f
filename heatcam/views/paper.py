"""Colours of the paper that a view is drawn on, and text at its edges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heatcam.geometry import Uint8Array
from heatcam.overlay import Colour, fitted, line_height, text_width, write


@dataclass(frozen=True)
class Paper:
    """Colours, BGR.

    Attributes:
        ground: of the paper.
        ink: of text.
        quiet: of text that explains other text.
        rule: of thin lines, and of places without a picture.
        warns: of low evidence.
    """

    ground: Colour
    ink: Colour
    quiet: Colour
    rule: Colour
    warns: Colour

    def sheet(self, size_wh: tuple[int, int]) -> Uint8Array:
        """Return an empty sheet: uint8 ``(H, W, 3)``, BGR."""
        return np.full((size_wh[1], size_wh[0], 3), self.ground, np.uint8)


DARK_PAPER = Paper((22, 22, 22), (245, 245, 245), (170, 170, 170), (58, 58, 58), (90, 190, 255))
WHITE_PAPER = Paper((255, 255, 255), (28, 28, 28), (115, 115, 115), (218, 218, 218), (0, 88, 196))


def write_left(
    picture: Uint8Array, text: str, left: int, top: int, right: int, size: int, colour: Colour
) -> int:
    """Write a line that starts at ``left``, shortened so that it ends before ``right``; in place. Return its width in pixels."""
    text = fitted(text, size, right - left)
    write(picture, text, left, top, size, colour)
    return text_width(text, size)


def write_right(
    picture: Uint8Array, text: str, left: int, top: int, right: int, size: int, colour: Colour
) -> int:
    """Write a line that ends at ``right``, shortened so that it starts after ``left``; in place. Return its width in pixels."""
    text = fitted(text, size, right - left)
    write(picture, text, right - text_width(text, size), top, size, colour)
    return text_width(text, size)


def write_lines(
    picture: Uint8Array, text: str, left: int, top: int, right: int, size: int, colour: Colour, most: int = 3
) -> int:
    """Write a text in as many lines as it needs, at most ``most``; in place. Return where they end."""
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if len(lines) < most and lines[-1] and text_width(longer, size) > right - left:
            lines.append(word)
        else:
            lines[-1] = longer
    for line in lines:
        write_left(picture, line, left, top, right, size, colour)
        top += line_height(size)
    return top
