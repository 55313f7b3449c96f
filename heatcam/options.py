"""What the user can choose about an explanation: each choice is a field of one record, for Python and the command line."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from heatcam.enums import Backend, MethodName, Precision, Quality
from heatcam.errors import UsageError
from heatcam.text import did_you_mean

#: Each costs a map of its own in pictures.
MOST_DETECTIONS = 10_000
#: Width and height of the pictures of most cameras and videos, and of the demo scene.
LIKELY_SIZE_WH = 1280, 720


def _option(default: Any, *, choices: type[Enum] | None = None, commas: bool = False) -> Any:
    """A field that the command line offers: one of the values of ``choices``, or a text with ``commas`` between its parts."""
    return field(default=default, metadata={"choices": choices, "commas": commas})


@dataclass(frozen=True, kw_only=True)
class DetectOptions:
    """Which boxes are kept.

    Attributes:
        imgsz: longer side of the network's input in pixels; None takes the model's own.
        conf: keep boxes above this confidence, and classes of at least this probability, in ``[0, 1]``.
        iou: boxes of a class that overlap more than this are one, in ``[0, 1]``.
        max_det: keep so many boxes at most, the most confident.
        classes: class names or numbers to keep, also several in a text with commas between them; empty keeps all.
    """

    imgsz: int | None = None
    conf: float = 0.25
    iou: float = 0.7
    max_det: int = 300
    classes: tuple[str, ...] = ()

    def require_valid(self) -> None:
        """Refuse what cannot be meant.

        Raises:
            UsageError: a threshold outside its range, or an ``imgsz`` that no network takes.
        """
        for name in ("conf", "iou"):
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"{name} is {getattr(self, name)}", "give a number from 0 to 1")
        if not 1 <= self.max_det <= MOST_DETECTIONS:
            raise UsageError(f"max-det is {self.max_det}", f"give a number from 1 to {MOST_DETECTIONS}")
        if self.imgsz is not None and not 32 <= self.imgsz <= 4096:
            raise UsageError(f"imgsz is {self.imgsz}", "give a number of pixels from 32 to 4096")


@dataclass(frozen=True, kw_only=True)
class ExplainOptions(DetectOptions):
    """Which boxes are kept and how their evidence is mapped.

    To add an option that the command line offers too: a field here, and its words in ``cli.options``.

    Attributes:
        method: the CAM method's name.
        quality: ``live`` maps at the finest neck output, ``fine`` adds up every level from stride 8 of the backbone on.
        backend: ``auto``, ``torch`` or ``openvino``.
        precision: what the network calculates in: ``auto``, ``fp32``, ``bf16`` or ``fp16``.
        why: explain this class at every box instead of the one it was given: what speaks for it there; "" takes each its own.
            A classifier then shows this class alone.
        layers: map these layers, by index or name, and add them up; empty takes those of ``quality``.
        target: what is explained of each object: ``class``, ``box``, ``iou-side``, ``mask``, ``keypoint`` or ``angle``, where the
            model has it (``heatcam.engine.targets.NAMES``).
        pictures: how many will be explained; None for a stream, whose first picture is to be as quick as the others.
    """

    method: str = _option("live", choices=MethodName)
    quality: str = _option("live", choices=Quality)
    backend: str = _option("auto", choices=Backend)
    precision: str = _option("auto", choices=Precision)
    why: str = ""
    layers: tuple[str, ...] = _option((), commas=True)
    target: str = "class"
    pictures: int | None = None

    @property
    def over_levels(self) -> bool:
        """Whether maps of many levels are added up: ``--quality fine``, or the method of that name."""
        return "fine" in (self.quality, self.method)

    @property
    def formula_name(self) -> str:
        """The method that is meant: the fine map's own formula, unless another was asked for by name."""
        return "fine" if self.over_levels and self.method == "live" else self.method


def names_in(text: str) -> tuple[str, ...]:
    """What stands between the commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def class_ids_of(wanted: tuple[str, ...], class_names: dict[int, str]) -> tuple[int, ...] | None:
    """The ids of classes given by name or number, also several with commas between them; None for none, which means all.

    A name goes before a number, and one that has a comma in it before two names.

    Raises:
        UsageError: the model has no such class.
    """
    by_name = {name.strip().casefold(): class_id for class_id, name in class_names.items()}
    ids = [class_id for text in wanted for class_id in _ids_in(text.strip().split(","), by_name, class_names)]
    return tuple(dict.fromkeys(ids)) or None


def _ids_in(parts: list[str], by_name: dict[str, int], class_names: dict[int, str]) -> list[int]:
    """The ids of what stands between commas: from the left the longest run that is a name, else one part."""
    while parts and not parts[0].strip():
        parts = parts[1:]
    if not parts:
        return []
    for end in range(len(parts), 0, -1):
        found = by_name.get(",".join(parts[:end]).strip().casefold())
        if found is not None:
            return [found, *_ids_in(parts[end:], by_name, class_names)]
    text = parts[0].strip()
    if not (text.isdecimal() and int(text) in class_names):
        raise _no_class(text, class_names)
    return [int(text), *_ids_in(parts[1:], by_name, class_names)]


def _no_class(text: str, class_names: dict[int, str]) -> UsageError:
    some = ", ".join(list(class_names.values())[:8]) + (", ..." if len(class_names) > 8 else "")
    meant = did_you_mean(text, class_names.values())
    return UsageError(f"the model has no class {text!r}", meant or f"it has {len(class_names)}: {some}")
