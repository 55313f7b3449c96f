"""A black box: from letterboxed pictures to predictions, whatever runs it and however its outputs are laid out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import cv2
import numpy as np

from heatcam.blackbox.decoding import OutputLayout, layout_of
from heatcam.blackbox.metadata import ExportMetadata, metadata_of
from heatcam.blackbox.network import TensorNetwork
from heatcam.blackbox.runtimes.runtime import PictureService
from heatcam.errors import UsageError
from heatcam.geometry import Fit, Float32Array, Letterbox, Uint8Array
from heatcam.perturbation import Predicted

_USUAL_SIDE, _USUAL_STRIDE = 640, 32
_AT_ONCE = 8  # pictures in one call of a network that takes any number


class Predicts(Protocol):
    """Anything that predicts boxes and class scores in pictures. Called from one thread.

    Attributes:
        title: the model's name for people.
        name: of what runs it, for people.
        names: name of each class id.
        suppressed: True if overlapping boxes of a class are suppressed already.
        fit: makes the geometry from a picture's width and height to the pictures that it takes.
        has_metadata: True if the model tells its classes; otherwise they have numbers.
        layout: how its outputs are read, for people.
    """

    title: str
    name: str
    names: dict[int, str]
    suppressed: bool
    fit: Fit
    has_metadata: bool
    layout: str

    def predict(self, pictures: Uint8Array) -> Sequence[Predicted]:
        """Predict in pictures, uint8 ``(B, h, w, 3)`` BGR, letterboxed; one record a picture, in their pixels."""


class NetworkBox:
    """See ``Predicts``: a network that takes and gives tensors.

    Args:
        network: the network.
        imgsz: longer side of its input in pixels, if it takes any; None takes its own.

    Raises:
        ModelError: its metadata are damaged, or its outputs are not understood.
        UsageError: its input has another size than ``imgsz``.
    """

    def __init__(self, network: TensorNetwork, imgsz: int | None = None) -> None:
        self._network = network
        self.title, self.name = network.title, network.name
        known = metadata_of(network.signature.texts, network.title)
        self._known = known
        self._channels = network.signature.channels or known.channels
        self.fit = fit_of(network, known, imgsz)
        self._layout = self._tried()
        self.suppressed = self._layout.suppressed
        self.names = dict(known.names) or self._numbered()
        self.has_metadata, self.layout = bool(known.names), self._layout.name

    def predict(self, pictures: Uint8Array) -> Sequence[Predicted]:
        """See ``Predicts``."""
        found: list[Predicted] = []
        size = self._network.signature.batch or min(_AT_ONCE, len(pictures))
        for start in range(0, len(pictures), size):
            some = pictures[start : start + size]
            full = np.concatenate((some, np.repeat(some[-1:], size - len(some), 0)))
            outputs = self._network.run(network_input(full, self._channels))
            found += self._layout.decode(outputs, self._known)[: len(some)]
        return found

    def _tried(self) -> OutputLayout:
        """Run the network once on an empty picture, and return the layout of its outputs."""
        wide, tall = self.fit((_USUAL_SIDE, _USUAL_SIDE)).model_wh
        batch = self._network.signature.batch or 1
        empty = np.full((batch, tall, wide, 3), 114, np.uint8)
        outputs = self._network.run(network_input(empty, self._channels))
        self._outputs = [one.shape for one in outputs]
        return layout_of(outputs, self._known, batch, self.title)

    def _numbered(self) -> dict[int, str]:
        """Return numbers as the names of classes: as many as there are scores, or a hundred where that is not told."""
        raw = not self._layout.suppressed
        return {n: str(n) for n in range(self._outputs[0][1] - 4 if raw else 100)}


class ServiceBox:
    """See ``Predicts``: a service that takes pictures as files, of any size.

    Args:
        service: the service.
        imgsz: longer side of the pictures that are sent, in pixels; None takes the usual one.
    """

    suppressed = True
    has_metadata = True
    layout = "findings"

    def __init__(self, service: PictureService, imgsz: int | None = None) -> None:
        self.title, self.name, self.names = service.title, service.name, service.names
        side = imgsz or _USUAL_SIDE
        self.fit: Fit = lambda size_wh: Letterbox.fit(size_wh, side, _USUAL_STRIDE)
        self._predict = service.predict

    def predict(self, pictures: Uint8Array) -> Sequence[Predicted]:
        """See ``Predicts``."""
        return self._predict(pictures)


def fit_of(network: TensorNetwork, known: ExportMetadata, imgsz: int | None) -> Fit:
    """Return the geometry as ultralytics has it: tight where the network takes any size, else with borders on two sides.

    Raises:
        UsageError: its input has another size than ``imgsz``.
    """
    size = network.signature.input_wh
    if size is None and not known.dynamic and network.signature.texts:
        size = known.input_wh
    if size is not None:
        if imgsz not in (None, max(size)):
            raise UsageError(
                f"{network.title} takes pictures of {size[0]}x{size[1]}, and --imgsz cannot change that",
                "leave out --imgsz",
            )
        return lambda image_wh: Letterbox.within(image_wh, size)
    side = imgsz or max(known.input_wh or (_USUAL_SIDE,))
    return lambda image_wh: Letterbox.fit(image_wh, side, known.stride)


def network_input(pictures: Uint8Array, channels: int) -> Float32Array:
    """Return pictures as a network takes them: float32 ``(B, channels, H, W)`` in ``[0, 1]``, RGB or grey.

    Args:
        pictures: uint8 ``(B, H, W, 3)`` BGR, letterboxed; not changed.
        channels: 3 for RGB, 1 for grey.
    """
    if channels == 1:
        planes = np.stack([cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY) for picture in pictures])[:, None]
    else:
        planes = pictures[..., ::-1].transpose(0, 3, 1, 2)  # BGR to RGB, HWC to CHW
    return np.asarray(np.ascontiguousarray(planes, np.float32) / 255, np.float32)
