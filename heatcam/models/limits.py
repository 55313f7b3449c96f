"""Limits of a checkpoint's parts: no real model comes near them, and they are checked before memory is allocated.

The largest real files known (YOLOv9e with its optimizer, YOLOE with 4,585 classes) reach a tenth of these.
"""

from __future__ import annotations

from typing import Any, NoReturn

#: Of a zip archive's directory; a network of 3,000 tensors has 0.3 MB.
MOST_DIRECTORY_BYTES = 4 * 1024**2
#: Of the compression ratio: torch stores weights uncompressed, and compressing them saves a tenth, not three quarters.
MOST_UNPACKING = 4
#: Added to every limit that grows with the file, so that tiny files pass.
ALLOWANCE_BYTES = 16 * 1024**2
#: Of the pickle, the network without its weights.
MOST_PICKLE_BYTES = 32 * 1024**2
MOST_INSTRUCTIONS = 2_000_000
MOST_TEXT_BYTES = 1024**2
MOST_DIMENSIONS = 8
MOST_CLASSES = 100_000
MOST_NAME_LENGTH = 1000
#: Of nested layers, each counted as often as it is reached.
MOST_MODULES = 50_000
MOST_NESTING = 64
#: Of any kernel size, stride, padding, dilation or upsampling factor of a layer.
MOST_CELLS = 1024
MOST_STRIDE = 512
#: Of one layer's output for a picture of the usual size; 4,585 classes make 160 MB.
MOST_OUTPUT_BYTES = 768 * 1024**2
USUAL_SIDE = 640
#: Side, in pixels, of the picture that a network is tried with; RT-DETR picks 300 of its 336 cells.
TRIAL_SIDE = 128
MOST_OPERATIONS = 100_000
#: Multiplications for that picture; YOLOv8x has 5e9.
MOST_PRODUCTS = 10**11
_MOST_SHOWN = 60  # characters
#: As for ``--imgsz``.
SMALLEST_IMGSZ, LARGEST_IMGSZ = 32, 4096


class UnfitError(ValueError):
    """An error of a checkpoint that keeps it from being used.

    Args:
        problem: the fault, worded to follow the file's name: ``is truncated``.
        next_step: the advice; "" takes the usual one for damaged files.
    """

    def __init__(self, problem: str, next_step: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.next_step = next_step


class RefusedError(UnfitError):
    """A checkpoint names something that no network needs; the user may trust it nevertheless."""


def refuse(problem: str, next_step: str = "") -> NoReturn:
    """Raise an ``UnfitError``; see there."""
    raise UnfitError(problem, next_step)


def shown(value: Any) -> str:
    """Return a file's value in a few words: the value itself, or its type where the value could be long."""
    if value is None or isinstance(value, str | bool | int | float):
        return f"{value}"[:_MOST_SHOWN]
    if isinstance(value, list | tuple) and len(value) <= MOST_DIMENSIONS:
        parts = [f"{part}" if isinstance(part, int | float) else type(part).__name__ for part in value]
        return f"[{', '.join(parts)}]"[:_MOST_SHOWN]
    return f"a {type(value).__name__}"


def in_words(count: float) -> str:
    """Format a number of bytes for people: ``57 GB``, ``3.5 MB``."""
    for unit in ("bytes", "KB", "MB", "GB", "TB"):
        if count < 1000 or unit == "TB":
            break
        count /= 1000
    return f"{count:.3g} {unit}" if count < 1e6 else f"more than a million {unit}"
