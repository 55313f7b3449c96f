"""Prompt of the window: what an open-vocabulary model is to look for, in words and by examples in pictures."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from heatcam.geometry import Uint8Array
from heatcam.live.questions import Box
from heatcam.options import names_in
from heatcam.text import printable

UNNAMED = "object"


@dataclass(frozen=True)
class Example:
    """Place in a picture that shows what is to be found.

    Attributes:
        image_bgr: the picture, uint8 ``(H, W, 3)``; not to be changed.
        digest: of its size and pixels; two pictures with the same are one.
        box_xyxy: the place, in its pixels.
        name: of its class.
    """

    image_bgr: Uint8Array = field(compare=False, repr=False)
    digest: str
    box_xyxy: Box
    name: str = UNNAMED


def example_of(image_bgr: Uint8Array, box_xyxy: Box, name: str = "") -> Example:
    """Return a place in a picture as an example; "" leaves its class unnamed."""
    digest = hashlib.blake2b(str(image_bgr.shape).encode(), digest_size=16)
    digest.update(image_bgr.tobytes())
    return Example(image_bgr, digest.hexdigest(), box_xyxy, name or UNNAMED)


@dataclass(frozen=True)
class WindowPrompt:
    """Classes to be found: those of both parts; the model's own where there are none.

    Attributes:
        text: class names with commas between, or the name of a file of class vectors; "" for none.
        examples: places that show classes; those of one name are one class.
        attempt: grows with each prompt of a run: what could not be had once is tried again when it is entered again.
    """

    text: str = ""
    examples: tuple[Example, ...] = ()
    attempt: int = 0

    def asks_like(self, other: WindowPrompt) -> bool:
        """Return True if both ask for the same."""
        return (self.text, self.examples) == (other.text, other.examples)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the classes, or of the file of class vectors, printable; empty for the model's own."""
        shown = dict.fromkeys(example.name for example in self.examples)
        return tuple(printable(name) for name in dict.fromkeys((*names_in(self.text), *shown)))

    @property
    def words(self) -> str:
        """Names of the classes, for people: ``person, potted plant``."""
        return ", ".join(self.names) or "the model's own classes"

    def as_plain(self) -> dict[str, Any]:
        """Convert it to plain values for JSON; of the examples' pictures, which are not kept, their digests."""
        shown = [
            {"class_name": one.name, "box_xyxy": list(one.box_xyxy), "picture_blake2b": one.digest}
            for one in self.examples
        ]
        return {"text": self.text, "examples": shown}


#: The model's own classes.
OWN_CLASSES = WindowPrompt()
