"""Measured speeds of torch and OpenVINO on this machine, and the number of pictures from which compiling pays."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from typing import Any

logger = logging.getLogger(__name__)

#: From this many pictures on ``auto`` measures OpenVINO's gain; for fewer, compiling takes longer than it can save.
MANY_PICTURES = 200


@dataclass(frozen=True)
class Measured:
    """Speeds of both backends, as ``auto`` measured them.

    Attributes:
        choice: the name of the faster one.
        torch_ms, compiled_ms: median milliseconds of forward and gradient.
        start_s: seconds that the compiled one took to start, when it was measured.
    """

    choice: str
    torch_ms: float
    compiled_ms: float
    start_s: float

    @staticmethod
    def read(entry: Any) -> Measured | None:
        """Read a remembered measurement; None for anything that is not one."""
        try:
            found = Measured(**entry)
        except TypeError:
            return None
        numbers = found.torch_ms, found.compiled_ms, found.start_s
        are_fine = all(type(n) in (int, float) and math.isfinite(n) for n in numbers)
        return found if are_fine and isinstance(found.choice, str) else None

    def pays_after(self) -> float:
        """Return the number of pictures after which compiling has saved the time it took; infinite where it never does."""
        saved_s = (self.torch_ms - self.compiled_ms) / 1e3
        return self.start_s / saved_s if saved_s > 0 else math.inf

    @property
    def in_words(self) -> str:
        """The measurement in words: ``torch 43 ms, openvino 38 ms: openvino fp32``."""
        return f"torch {self.torch_ms:.0f} ms, openvino {self.compiled_ms:.0f} ms: {self.choice}"


def pays(pictures: int | None, measured: Measured | None) -> bool:
    """Return True if compiling may pay for this many pictures (None: a stream), as far as measured; log where it does not."""
    least = MANY_PICTURES if measured is None else measured.pays_after()
    if pictures is None or pictures >= least:
        return True
    why = "not measured here" if measured is None else measured.in_words
    many = "one picture" if pictures == 1 else f"{pictures} pictures"
    logger.info("torch for %s: compiling takes longer than it saves (%s)", many, why)
    return False
