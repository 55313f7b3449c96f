"""Names and settings of a benchmark, in small records that import nothing slow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from heatcam.errors import UsageError
from heatcam.options import DetectOptions

#: Names of the ways to run the network, and of the rows that are timed with each: ``contestants`` has them in this order.
VARIANT_LABELS = ("torch", "openvino fp32", "openvino bf16")
ROW_NAMES = ("forward", "plain", "live map", "per-object maps", "fine map")
HEATCAM_NAMES = tuple(f"{row} ({label})" for label in VARIANT_LABELS for row in ROW_NAMES)
PREDICT, VISUALIZE = "ultralytics predict+plot", "ultralytics visualize=True"
GRADCAM, HIRESCAM = "grad-cam GradCAM", "grad-cam HiResCAM x5"
RIVAL_NAMES = (PREDICT, VISUALIZE, GRADCAM, HIRESCAM)
NAMES = (*HEATCAM_NAMES, *RIVAL_NAMES)


@dataclass(frozen=True, kw_only=True)
class Conditions(DetectOptions):
    """Conditions for every contestant, as the user gives them: see ``DetectOptions``.

    Attributes:
        model: a ``.pt`` file or a built-in model's name; None is ``markers``.
        device: torch's name of the device; None takes the fastest.
    """

    model: str | None = None
    device: str | None = None


@dataclass(frozen=True)
class Plan:
    """Number of rounds, and the rows to measure.

    Attributes:
        runs: rounds that count; in each round every contestant runs once.
        warmup: rounds before them that do not count.
        only: parts of the names of the rows to measure; None or empty measures all.
    """

    runs: int = 15
    warmup: int = 3
    only: list[str] | None = None

    @property
    def rounds(self) -> int:
        """Number of all rounds."""
        return self.warmup + self.runs


@dataclass(frozen=True, kw_only=True)
class Setup(DetectOptions):
    """The conditions with every default filled in: the same for all contestants.

    Attributes:
        model: a ``.pt`` file or an embedded model's name.
        device: torch's name of the device.
        imgsz: longer side of the network's input in pixels.
    """

    model: str
    device: str
    imgsz: int


def chosen(names: Sequence[str], only: Sequence[str] | None) -> list[str]:
    """Return the names that contain one of the parts in ``only``, ignoring case, in their order; all for None or none.

    Raises:
        UsageError: a part is in no name.
    """
    parts = [part.casefold() for part in only or ()]
    for part in parts:
        if not any(part in name.casefold() for name in names):
            raise UsageError(f"no row has {part!r} in its name", f"there are: {', '.join(names)}")
    return [name for name in names if not parts or any(part in name.casefold() for part in parts)]
