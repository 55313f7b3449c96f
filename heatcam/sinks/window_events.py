"""Events of the viewer window: keys, typed text, and what the mouse does over the picture."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from heatcam.sinks.keys import Action


@dataclass(frozen=True)
class Click:
    """Press of the left button at ``x, y``, in pixels of the picture shown."""

    x: float
    y: float


@dataclass(frozen=True)
class Hover:
    """Move of the mouse to ``x, y``, in pixels of the picture shown."""

    x: float
    y: float


class MouseButton(Enum):
    """Button that a drag is made with."""

    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True)
class Drag:
    """Drag over the picture, in pixels of the picture shown; it may have left the picture.

    Attributes:
        start_xy: where the button went down, on the picture.
        to_xy: where the mouse is.
        button: the button.
        is_over: True when the button went up; a click without a move ends where it began.
    """

    start_xy: tuple[float, float]
    to_xy: tuple[float, float]
    button: MouseButton
    is_over: bool = False


@dataclass(frozen=True)
class Typed:
    """Key of a text that is typed: ``text`` is one character, or "" for a key that has none, named by ``key``."""

    text: str = ""
    key: TextKey | None = None


class TextKey(Enum):
    """Key without a character that a text field handles."""

    ENTER = "enter"
    BACKSPACE = "backspace"
    ESCAPE = "escape"
    DELETE = "delete"
    LEFT = "left"
    RIGHT = "right"
    HOME = "home"
    END = "end"


Event = Action | Click | Hover | Drag | Typed
