"""Text field over the picture: what was typed so far, and the effect of each key on it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from heatcam.live.window_prompt import UNNAMED
from heatcam.sinks import TextKey, Typed
from heatcam.text import printable

MOST_CHARACTERS = 2000


class TextFor(Enum):
    """Use of a typed text; the value is the field's title."""

    PROMPT = "what to find, names with commas"
    EXAMPLE_NAME = "name of what you show"

    @property
    def when_empty(self) -> str:
        """Meaning of an empty text, for people."""
        return "the model's own classes" if self is TextFor.PROMPT else UNNAMED


@dataclass(frozen=True)
class TextField:
    """Text that is being typed. All of it is printable.

    Attributes:
        use: what it is for.
        text: the text.
        cursor: number of characters before the cursor.
    """

    use: TextFor
    text: str = ""
    cursor: int = 0

    @property
    def before(self) -> str:
        """The text before the cursor."""
        return self.text[: self.cursor]

    @property
    def after(self) -> str:
        """The text after the cursor."""
        return self.text[self.cursor :]


def field_with(use: TextFor, text: str) -> TextField:
    """Return a field that begins with a text, the cursor at its end."""
    shown = printable(text)[:MOST_CHARACTERS]
    return TextField(use, shown, len(shown))


def typed_into(field: TextField, typed: Typed) -> TextField:
    """Return the field after a key; the same if the key does not change it."""
    if typed.text:
        return _with(field, field.before + printable(typed.text), field.after)
    if typed.key is TextKey.BACKSPACE:
        return _with(field, field.before[:-1], field.after)
    if typed.key is TextKey.DELETE:
        return _with(field, field.before, field.after[1:])
    return replace(field, cursor=_moved(field, typed.key))


def _with(field: TextField, before: str, after: str) -> TextField:
    if len(before) + len(after) > MOST_CHARACTERS:
        return field
    return replace(field, text=before + after, cursor=len(before))


def _moved(field: TextField, key: TextKey | None) -> int:
    """Return the cursor's place after a key that moves it."""
    last = len(field.text)
    moved = {
        TextKey.LEFT: max(0, field.cursor - 1),
        TextKey.RIGHT: min(last, field.cursor + 1),
        TextKey.HOME: 0,
        TextKey.END: last,
    }
    return field.cursor if key is None else moved.get(key, field.cursor)
