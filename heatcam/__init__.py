"""heatcam: see what your detector sees, live.

>>> import heatcam
>>> explanation = heatcam.load("yolo11n.pt").explain("photo.jpg")
>>> explanation.save("heat.png")
"""

from __future__ import annotations

import os
import sys

try:
    from heatcam.runtime import prepare_environment
except KeyboardInterrupt:  # the program has not installed its handler yet (``heatcam.__main__``)
    if os.path.basename(sys.argv[0] or "") not in ("-m", "heatcam", "heatcam.exe"):  # noqa: PTH119
        raise
    os.write(2, b"heatcam: stopped\n")
    os._exit(130)

TYPE_CHECKING = False  # as mypy reads it; typing itself would be half of the time until Ctrl-C is handled
if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from heatcam.batch import BatchPlan, ExplainRows, unpack_map
    from heatcam.errors import (
        BackendError,
        DeviceError,
        DisplayError,
        HeatcamError,
        MapError,
        ModelError,
        SinkError,
        SourceError,
        UnreadableInputError,
        UsageError,
        ViewError,
    )
    from heatcam.face import Explanation, ImageLike, Model, PromptLike, TiledExplanation, annotate, watch
    from heatcam.frames import Detections, Frame, SaliencyMap
    from heatcam.overlay import render
    from heatcam.saliency import Explainer
    from heatcam.sources import open_source

__version__ = "0.1.0"
__all__ = [
    "BackendError",
    "BatchPlan",
    "Detections",
    "DeviceError",
    "DisplayError",
    "ExplainRows",
    "Explainer",
    "Explanation",
    "Frame",
    "HeatcamError",
    "MapError",
    "Model",
    "ModelError",
    "SaliencyMap",
    "SinkError",
    "SourceError",
    "TiledExplanation",
    "UnreadableInputError",
    "UsageError",
    "ViewError",
    "__version__",
    "annotate",
    "load",
    "open_source",
    "render",
    "unpack_map",
    "watch",
]

#: Modules of the public names, imported at first use: ``import heatcam`` alone loads neither torch nor OpenCV.
_HOME = {
    **dict.fromkeys(("BatchPlan", "ExplainRows", "unpack_map"), "heatcam.batch"),
    "Explainer": "heatcam.saliency",
    **dict.fromkeys(("Explanation", "Model", "TiledExplanation", "annotate", "watch"), "heatcam.face"),
    **dict.fromkeys(("Detections", "Frame", "SaliencyMap"), "heatcam.frames"),
    "open_source": "heatcam.sources",
    "render": "heatcam.overlay",
}

prepare_environment()


def __getattr__(name: str) -> object:
    """Import a public name at its first use."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib  # noqa: PLC0415 (as much time as all else here)

    home = importlib.import_module(_HOME.get(name, "heatcam.errors"))
    found: object = getattr(home, name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def load(  # noqa: PLR0913 (the options of the command line, by name)
    model: str = "everyday",
    *,
    device: str | None = None,
    imgsz: int | None = None,
    conf: float = 0.25,
    iou: float = 0.7,
    classes: tuple[str, ...] = (),
    method: str = "live",
    quality: str = "live",
    backend: str = "torch",
    precision: str = "auto",
    why: str = "",
    layers: tuple[str, ...] = (),
    target: str = "class",
    max_det: int = 300,
    prompt: PromptLike | None = None,
    like: ImageLike | None = None,
    like_at: npt.ArrayLike = (),
    like_class: str | Sequence[str] = "",
    trust: str | Sequence[str] = (),
) -> Model:
    """Load a model: ``load(model).explain("photo.jpg")`` returns detections and maps that draw and write themselves.

    >>> import heatcam
    >>> model = heatcam.load("markers")
    >>> for explanation in model.stream("demo"):
    ...     print("qr-code" in explanation.detections.class_names)
    ...     break
    True

    Args:
        model: an ultralytics ``.pt`` checkpoint that finds boxes (detect, segment, pose, obb) or classes (classify), or
            ``everyday`` or ``markers``, the built-in models. A classifier's detections are its five likeliest classes, each
            boxed by the evidence in its own map.
        device: ``cpu``, ``cuda``, ``cuda:1``, ``mps``; None takes the fastest there is.
        imgsz: longer side of the network's input in pixels; None takes the one that the model was trained with.
        conf: keep boxes above this confidence, and classes of at least this probability, in ``[0, 1]``.
        iou: boxes of a class that overlap more than this are one object, in ``[0, 1]``.
        classes: keep only these class names or numbers; empty keeps all.
        method: the CAM method; ``heatcam.saliency.methods.METHODS`` lists them.
        quality: ``live`` maps the finest neck output, of classifiers the last two strides; ``fine`` adds up every level from
            stride 8 of the backbone on.
        backend: ``torch``; ``openvino`` compiles for this CPU, which pays after some tens of pictures of one shape;
            ``auto`` measures once which is faster here.
        why: explain this class at every box instead of the detected one ("why not a truck?"); "" explains each box's own.
            A classifier then shows this class alone, however unlikely it is.
        layers: map these layers, by index or name, and add them up; empty takes those of ``quality``.
        target: the output of each object to explain: ``class``, ``box`` (``box:left``), ``iou-side``, ``mask``, ``keypoint``
            (``keypoint:3``) or ``angle``, where the model has it.
        precision: numeric precision of the network: ``fp32``, ``bf16``, ``fp16``, or ``auto``.
        max_det: keep at most this many boxes, the most confident.
        prompt: what YOLOE or YOLO-World is to find instead of the classes that it has: ``["person", "potted plant"]``, a file of
            class vectors (``Model.save_prompt`` writes one), or vectors by name: ``{"person": vector}``. Words need the text
            encoder once, which is not downloaded here: ``heatcam models download mobileclip_blt.ts``.
        like: a picture, in any form that ``explain`` takes: YOLOE is to find more like what is at ``like_at`` in it.
        like_at: boxes there, ``(4,)`` or ``(N, 4)`` xyxy in its pixels.
        like_class: what is at these boxes: one name, or one for each; "" calls it ``object``.
        trust: ``.py`` files or packages of your own, whose layers the model needs. They are run, and their layers are allowed in
            checkpoints from now on; all else that a checkpoint names is refused as ever.

    Raises:
        ModelError: the model is missing, broken, refused, or cannot be explained.
        DeviceError: this machine does not have the device.
        UsageError: the method or a class is unknown, a threshold is outside ``[0, 1]``, the model takes no such prompt, or the
            code to trust is missing or fails.
    """
    from heatcam.errors import UsageError  # noqa: PLC0415
    from heatcam.face import Model, prompt_for  # noqa: PLC0415
    from heatcam.models import trust as trust_code  # noqa: PLC0415
    from heatcam.options import ExplainOptions  # noqa: PLC0415
    from heatcam.saliency import build_explainer  # noqa: PLC0415 (torch: seconds)

    options = ExplainOptions(
        imgsz=imgsz,
        conf=conf,
        iou=iou,
        max_det=max_det,
        classes=classes,
        method=method,
        quality=quality,
        backend=backend,
        precision=precision,
        why=why,
        layers=layers,
        target=target,
    )
    if options.by_trial:
        raise UsageError(
            "quality='true' tries objects out, which load does not", "heatcam snapshot does, or take 'fine'"
        )
    if options.by_masks:
        raise UsageError(
            f"method={method!r} covers pictures many times, which load does not",
            "heatcam snapshot does, or take 'fine'",
        )
    trust_code(trust)
    wanted = prompt_for(model, prompt, like, like_at, like_class)
    return Model(build_explainer(model, device, options, prompt=wanted))
