"""The frame around a picture, and a network's input for it, made once for all explainers that share it."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from heatcam.engine import in_grey, picture_tensor
from heatcam.frames import Frame
from heatcam.geometry import Letterbox, Uint8Array


@dataclass(frozen=True, eq=False)
class _Made:
    """One picture's input, and what it was made from."""

    image_bgr: Uint8Array
    key: tuple[Letterbox, torch.device, int]
    tensor: Tensor


class PreparedInput:
    """Makes a network's input from a picture, and keeps one picture's for the next explainer that shares it.

    Nothing is kept until it is shared: a picture may be changed in place and explained again. Called from one thread.
    """

    def __init__(self) -> None:
        self.is_shared = False
        self._last: _Made | None = None

    def of(self, image_bgr: Uint8Array, letterbox: Letterbox, device: torch.device, channels: int) -> Tensor:
        """Return the input, float ``(1, channels, h, w)``: the same tensor again for the same array, geometry and device.

        Args:
            image_bgr: uint8 ``(H, W, 3)`` BGR, not changed while it is explained.
            letterbox: the geometry from it to the input.
            device: of the input.
            channels: 3 for RGB, 1 for grey.
        """
        key, last = (letterbox, device, channels), self._last
        if last is not None and last.image_bgr is image_bgr and last.key == key:
            return last.tensor
        # Grey before it is resized, as ultralytics does it: rounding is the same then.
        seen = in_grey(image_bgr) if channels == 1 else image_bgr
        made = picture_tensor(letterbox.image_to_model(seen), device, channels)
        self._last = _Made(image_bgr, key, made) if self.is_shared else None
        return made


def frame_of(image: Uint8Array) -> Frame:
    """Wrap a picture given from Python in a frame.

    Raises:
        ValueError: it is not uint8 ``(H, W, 3)``.
    """
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        got = f"{image.dtype} {image.shape}" if isinstance(image, np.ndarray) else type(image).__name__
        raise ValueError(f"a picture is uint8 (H, W, 3) in BGR order, got {got}")
    return Frame(image, frame_index=0, captured_at_s=time.monotonic(), pts_s=0.0)
