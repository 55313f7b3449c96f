"""Options of an explanation: each is a field of one record, for Python and the command line."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from heatcam.enums import FINE_MAP, LIVE_MAP, LRP_MAP, MASK_MAPS, TRUE_MAP, Backend, Precision, Quality
from heatcam.errors import UsageError
from heatcam.text import did_you_mean

#: In pictures each detection costs a map of its own.
MOST_DETECTIONS = 10_000
#: Trials of an object, for a map by trial: fewer than fifty make no truer map than the fine one.
USUAL_TRIALS, LEAST_TRIALS, MOST_TRIALS = 200, 50, 5000
#: Masks of a picture at most, for a map by masks.
USUAL_MASKS = 1000
#: Width and height of the pictures of most cameras and videos, and of the demo scene.
LIKELY_SIZE_WH = 1280, 720


@dataclass(frozen=True)
class OfferedAs:
    """An option's looks on the command line, as the metadata ``offered`` of its field.

    Attributes:
        help: its line in the help.
        metavar: name of its value there; "" goes by its type.
        shapes_the_map: True if it belongs with the options of the map, not of the model.
        choices: its values, if they are few and fixed.
        commas: True for texts that come in one, with commas between.
        flag: its name, where that is not the field's.
    """

    help: str
    metavar: str = ""
    shapes_the_map: bool = False
    choices: type[Enum] | None = None
    commas: bool = False
    flag: str = ""


def _option(default: Any, **looks: Any) -> Any:
    """Make a field that the command line offers too: ``looks`` are those of ``OfferedAs``."""
    return field(default=default, metadata={"offered": OfferedAs(**looks)})


@dataclass(frozen=True, kw_only=True)
class DetectOptions:
    """Options that decide which boxes are kept.

    Attributes:
        imgsz: longer side of the network's input in pixels; None takes the model's own.
        conf: keep boxes above this confidence, and classes of at least this probability, in ``[0, 1]``.
        iou: boxes of a class that overlap more than this are one object, in ``[0, 1]``.
        max_det: keep at most this many boxes, the most confident.
        classes: class names or numbers to keep, each text one or several separated by commas; empty keeps all.
    """

    imgsz: int | None = _option(
        None, help="Longer side of the network's input; the model's own if left out.", metavar="PIXELS"
    )
    conf: float = _option(0.25, help="Keep boxes above this confidence, 0 to 1.")
    iou: float = _option(0.7, help="Boxes of a class that overlap more, 0 to 1, are one object.")
    max_det: int = _option(300, help="Keep so many boxes at most, the most confident.", metavar="NUMBER")
    classes: tuple[str, ...] = _option(
        (),
        help="Keep only these classes: names or numbers, with commas or each behind a --classes of its own.",
        metavar="NAMES",
    )

    def require_valid(self) -> None:
        """Refuse invalid values.

        Raises:
            UsageError: a threshold or ``max_det`` is outside its range, or ``imgsz`` is a size that no network takes.
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
    """Options that decide which boxes are kept and how their evidence is mapped.

    An option that the command line offers too is a field here, with its help text: see ``OfferedAs``.

    Attributes:
        method: the CAM method's name.
        quality: ``live`` maps at the finest neck output, ``fine`` adds up every level from stride 8 of the backbone on, ``true``
            tries out what the score of each object depends on, for pictures.
        backend: ``auto``, ``torch`` or ``openvino``.
        precision: numeric precision of the network: ``auto``, ``fp32``, ``bf16`` or ``fp16``.
        why: explain the evidence for this class at every box instead of the detected one; "" explains each box's own.
            A classifier then shows this class alone.
        layers: map these layers, by index or name, and add them up; empty takes those of ``quality``.
        target: the output of each object to explain: ``class``, ``box``, ``iou-side``, ``mask``, ``keypoint`` or ``angle``, where
            the model has it (``heatcam.engine.targets.NAMES``).
        pictures: number of pictures to explain; None for a stream, whose first picture has to be as fast as the others.
    """

    method: str = _option(
        LIVE_MAP,
        help="How the heat map is made: live, fine, gradcam, hirescam, layercam, odam ...; `heatcam methods` lists them. "
        "'drise' and 'hierarchical' cover the picture instead and look at what is found (snapshot).",
        shapes_the_map=True,
    )
    quality: str = _option(
        "live",
        help="'live' maps one layer; 'fine' adds up every level, for more detail; 'true' tries out what counts (snapshot).",
        shapes_the_map=True,
        choices=Quality,
    )
    backend: str = _option(
        "auto", help="What runs the network; 'auto' takes the fastest, measured once.", choices=Backend
    )
    precision: str = _option(
        "auto",
        help="What the network calculates in; 'auto' is fp32, or bf16 with OpenVINO where the processor has it and it shows "
        "the same.",
        choices=Precision,
    )
    why: str = _option(
        "",
        help="Explain this class at every box instead of its own: why (not) a truck?",
        metavar="CLASS",
        shapes_the_map=True,
    )
    target: str = _option(
        "class",
        help="What is explained of each object: class, box, iou-side, mask, keypoint or angle; box:left and keypoint:3 are "
        "parts.",
        metavar="PART",
        shapes_the_map=True,
    )
    layers: tuple[str, ...] = _option(
        (),
        help="Map these layers instead: indices or names with commas; `heatcam layers` lists them.",
        metavar="LAYERS",
        shapes_the_map=True,
        commas=True,
    )
    pictures: int | None = None

    @property
    def over_levels(self) -> bool:
        """True if all levels from stride 8 on are tapped: ``--quality fine`` and ``true``, the methods ``fine`` and ``lrp``."""
        return self.by_trial or FINE_MAP in (self.quality, self.method) or self.method == LRP_MAP

    @property
    def by_trial(self) -> bool:
        """True if maps are made by trial, on top of the fine ones."""
        return self.quality == TRUE_MAP

    @property
    def by_masks(self) -> bool:
        """True if maps are made by masks, with the model's predictions alone."""
        return self.method in MASK_MAPS

    def require_valid(self) -> None:
        """Refuse invalid values, and what belongs to gradients beside maps that are made by trial or by masks.

        Raises:
            UsageError: as ``DetectOptions``; or ``quality`` is ``true`` beside a method, layers, or a target; or ``method`` goes
                by masks beside any of these, or ``why``.
        """
        super().require_valid()
        if self.by_masks:
            self._require_masks_alone()
        chosen = {"method": self.method != LIVE_MAP, "layers": self.layers, "target": self.target != "class"}
        for name in (name for name, is_given in chosen.items() if self.by_trial and is_given):
            raise UsageError(
                f"--quality true tries out each object's score, and --{name} is for gradients",
                f"leave out --quality or --{name}",
            )

    def _require_masks_alone(self) -> None:
        """Refuse what masks cannot honour.

        Raises:
            UsageError: the message names the option.
        """
        chosen = {
            "quality": self.quality != LIVE_MAP,
            "layers": self.layers,
            "target": self.target != "class",
            "why": self.why,
        }
        for name in (name for name, is_given in chosen.items() if is_given):
            raise UsageError(
                f"--method {self.method} covers the picture and looks at what is found, and --{name} is for a network's inside",
                f"leave out --method or --{name}",
            )

    @property
    def formula_name(self) -> str:
        """Name of the method to use: for the fine map ``fine``, unless another method was asked for by name."""
        return FINE_MAP if self.over_levels and self.method == LIVE_MAP else self.method


@dataclass(frozen=True, kw_only=True)
class PromptOptions:
    """Options that say what an open-vocabulary model is to look for, instead of the classes that it has; loading it takes them.

    Attributes:
        prompt: class names with commas between, or the name of a file of class vectors; "" for none.
        like: a picture; more like what is at ``like_at`` of it is to be found. "" for none.
        like_at: boxes as ``x1,y1,x2,y2`` in its pixels.
        like_class: names of the classes of these boxes: one for all, or one each; empty calls them ``object``.
    """

    prompt: str = _option(
        "",
        help="What YOLOE or YOLO-World is to find, class names with commas; or a file of class vectors, .npz or .safetensors.",
        metavar="NAMES|FILE",
    )
    like: str = _option(
        "",
        help="Let YOLOE find more like what is at --at in this picture, also beside --prompt.",
        metavar="PICTURE",
    )
    like_at: tuple[str, ...] = _option(
        (),
        help="A box in the picture of --like, in its pixels; may be given several times.",
        metavar="x1,y1,x2,y2",
        flag="--at",
    )
    like_class: tuple[str, ...] = _option(
        (),
        help="What is at --at: one name for all boxes, or one for each; 'object' if left out.",
        metavar="NAME",
        flag="--class",
    )

    @property
    def is_prompted(self) -> bool:
        """True if there is anything to look for."""
        return bool(self.prompt or self.like)

    def require_valid_prompt(self) -> None:
        """Refuse options that belong together and are not.

        Raises:
            UsageError: boxes or names without a picture, a picture without boxes, or another number of names.
        """
        if not self.like and (self.like_at or self.like_class):
            raise UsageError("--at and --class are for --like", "add --like reference.jpg, or leave them out")
        if self.like and not self.like_at:
            raise UsageError("--like needs a box", f"for example: --like {self.like} --at 40,60,200,310")
        if len(self.like_class) not in (0, 1, len(self.like_at)):
            raise UsageError(
                f"{len(self.like_at)} --at and {len(self.like_class)} --class",
                "give one --class, or one for each --at",
            )


def names_in(text: str) -> tuple[str, ...]:
    """Split a text at commas into names, without spaces around them and empty ones."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def class_ids_of(wanted: tuple[str, ...], class_names: dict[int, str]) -> tuple[int, ...] | None:
    """Return the ids of classes given by name or number, also several separated by commas; None for none, which means all.

    A name takes precedence over a number, and a name with a comma in it over two names.

    Raises:
        UsageError: the model has no such class.
    """
    by_name = {name.strip().casefold(): class_id for class_id, name in class_names.items()}
    ids = [class_id for text in wanted for class_id in _ids_in(text.strip().split(","), by_name, class_names)]
    return tuple(dict.fromkeys(ids)) or None


def _ids_in(parts: list[str], by_name: dict[str, int], class_names: dict[int, str]) -> list[int]:
    """Return the ids of parts between commas: from the left, the longest run that is a name, else a single part."""
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
