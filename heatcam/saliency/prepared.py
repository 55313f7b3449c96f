"""The frame around a picture, and a network's input for it, made once for all explainers that share it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from heatcam.engine import in_grey, picture_tensor, samples_tensor, stand_in
from heatcam.errors import ChannelsError, UsageError
from heatcam.frames import Frame
from heatcam.geometry import PAD_GREY, Letterbox, Uint8Array
from heatcam.samples import Samples


@dataclass(frozen=True, eq=False)
class _Made:
    """One picture's input, and what it was made from."""

    image: Uint8Array | Samples
    key: tuple[Letterbox, torch.device, int]
    tensor: Tensor


class PreparedInput:
    """Makes a network's input from a picture, and keeps one picture's for the next explainer that shares it.

    Nothing is kept until it is shared: a picture may be changed in place and explained again. Called from one thread.
    """

    def __init__(self) -> None:
        self.is_shared = False
        self._last: _Made | None = None

    def of(
        self, image: Uint8Array | Samples, letterbox: Letterbox, device: torch.device, channels: int
    ) -> Tensor:
        """Return the input, float ``(1, channels, h, w)``: the same tensor again for the same array, geometry and device.

        Args:
            image: uint8 ``(H, W, 3)`` BGR, or samples; not changed while it is explained.
            letterbox: the geometry from it to the input.
            device: of the input.
            channels: 3 for RGB, 1 for grey, and those of samples.

        Raises:
            ChannelsError: the picture has another number of channels.
        """
        key, last = (letterbox, device, channels), self._last
        if last is not None and last.image is image and last.key == key:
            return last.tensor
        make = _of_samples if isinstance(image, Samples) else _of_bgr
        made = make(image, letterbox, device, channels)  # type: ignore[arg-type]
        self._last = _Made(image, key, made) if self.is_shared else None
        return made


class HasInputs(Protocol):
    """Anything that makes inputs: an explainer."""

    inputs: PreparedInput


def share_inputs(one: HasInputs, other: HasInputs) -> None:
    """Let two explainers make each picture's input once where their geometry is the same; they are called in turn."""
    one.inputs = other.inputs = PreparedInput()
    one.inputs.is_shared = True


def _of_bgr(image_bgr: Uint8Array, letterbox: Letterbox, device: torch.device, channels: int) -> Tensor:
    if channels not in (1, 3):
        raise ChannelsError(3, channels)
    # Grey before it is resized, as ultralytics does it: rounding is the same then.
    seen = in_grey(image_bgr) if channels == 1 else image_bgr
    return picture_tensor(letterbox.network_input(seen), device, channels)


def _of_samples(samples: Samples, letterbox: Letterbox, device: torch.device, channels: int) -> Tensor:
    border = PAD_GREY * samples.full_scale / 255
    read = samples.as_read_by(channels)
    if read is None:
        raise ChannelsError(samples.channels, channels)
    boxed = letterbox.image_to_model(read, border)
    return samples_tensor(boxed, samples.full_scale, device)


def stand_in_samples(image_bgr: Uint8Array, channels: int) -> Samples | None:
    """Return a photograph, uint8 ``(H, W, 3)``, in place of one of so many channels; None where the network reads it itself."""
    return None if channels in (1, 3) else Samples(stand_in(image_bgr, channels), 255)


def frame_of_array(image: Uint8Array) -> Frame:
    """Wrap a picture given from Python in a frame.

    Raises:
        ValueError: it is not uint8 ``(H, W, 3)``.
    """
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        got = f"{image.dtype} {image.shape}" if isinstance(image, np.ndarray) else type(image).__name__
        raise ValueError(f"a picture is uint8 (H, W, 3) in BGR order, got {got}")
    return Frame(image, frame_index=0, captured_at_s=time.monotonic(), pts_s=0.0)


def in_8_bit(frame: Frame) -> Uint8Array:
    """Return the pixels that a network of colour or grey pictures reads, rounded to uint8 ``(H, W, 3)`` BGR, for trials.

    Raises:
        UsageError: the picture has other channels: no scorer of such is there.
    """
    samples = frame.samples
    if samples is None:
        return frame.image_bgr
    rounded = samples.in_8_bit()
    if rounded is None:
        raise UsageError(
            f"trials cover parts of colour and grey pictures, and this one has {samples.channels} channels",
            "take --quality fine",
        )
    return rounded
