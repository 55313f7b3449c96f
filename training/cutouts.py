"""Things cut out of their background, from Debian's tuxpaint-stamps-default where it is installed: fruit, coins, animals, tools.

Laid into scenes they are what a detector of markers meets on a desk and must not call a marker.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from training.surfaces import Picture

FOLDER = Path("/usr/share/tuxpaint/stamps")
THINGS = (
    "animals", "clothes", "food", "hobbies", "household", "medical", "military", "naturalforces", "people", "plants",
    "space", "sports", "symbols/money", "town/roadsigns", "vehicles",
)  # fmt: skip
#: One file in so many is never seen in training.
HELD_OUT_EVERY = 7
_LONGEST_PX = 480


def training_cutouts() -> list[Path]:
    """Every cutout that training may see, sorted; empty where the package is not installed."""
    return [path for i, path in enumerate(_everything()) if i % HELD_OUT_EVERY]


def held_out_cutouts() -> list[Path]:
    """The cutouts of the scenes that the model is judged on."""
    return _everything()[::HELD_OUT_EVERY]


def read_cutout(path: Path) -> Picture:
    """A cutout as uint8 BGRA ``[H x W x 4]``, its longer side at most 480 px; alpha 255 is the thing itself."""
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if image is None or image.ndim != 3 or image.shape[2] != 4 or image.dtype != np.uint8:
        raise OSError(f"{path} is no picture with transparency")
    scale = min(1.0, _LONGEST_PX / max(image.shape[:2]))
    return np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))


def has_transparency(path: Path) -> bool:
    """Whether a PNG's header says RGBA with 8 bits; nothing else is read of it."""
    header = path.read_bytes()[:26]
    return header[:8] == b"\x89PNG\r\n\x1a\n" and header[24:26] == b"\x08\x06"


def _everything() -> list[Path]:
    found = sorted(path for thing in THINGS for path in (FOLDER / thing).rglob("*.png"))
    return [path for path in found if has_transparency(path)]
