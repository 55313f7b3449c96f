"""Conversion of pictures to a network's input, and the photographs that a network is verified on."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from ultralytics.utils import ASSETS

from heatcam.geometry import PAD_GREY, Uint8Array, fitted_into


def picture_tensor(boxed_bgr: npt.NDArray[Any], device: torch.device, channels: int = 3) -> Tensor:
    """Convert a letterboxed picture to the network's input.

    Args:
        boxed_bgr: uint8, or float32 in ``[0, 255]``, ``(H, W, 3)``.
        device: of the result.
        channels: 3 for RGB; 1 for grey, weighed as ultralytics (and OpenCV) weigh colours; others get ``stand_in``.

    Returns:
        float ``(1, channels, H, W)`` in ``[0, 1]``.
    """
    if channels == 1:
        grey = torch.from_numpy(cv2.cvtColor(boxed_bgr, cv2.COLOR_BGR2GRAY)).to(device)  # (H, W)
        return grey.float().div_(255)[None, None]
    if channels != 3:
        return samples_tensor(stand_in(boxed_bgr, channels), 255, device)
    rgb = torch.from_numpy(cv2.cvtColor(boxed_bgr, cv2.COLOR_BGR2RGB)).to(device)  # (H, W, 3)
    return rgb.float().div_(255).permute(2, 0, 1)[None]


def samples_tensor(boxed: npt.NDArray[Any], full_scale: float, device: torch.device) -> Tensor:
    """Convert letterboxed samples to the network's input, without rounding them to 8 bits.

    Args:
        boxed: uint8, uint16 or float32 ``(H, W, C)``, channels as the network reads them.
        full_scale: value that is 1.0, as are larger ones; below 0, and what is no number, is 0.
        device: of the result.

    Returns:
        float ``(1, C, H, W)`` in ``[0, 1]``.
    """
    values = torch.from_numpy(np.ascontiguousarray(boxed).astype(np.float32, copy=False)).to(device)
    return values.div(full_scale).nan_to_num_(nan=0.0).clamp_(0, 1).permute(2, 0, 1)[None]


def stand_in(image_bgr: Uint8Array, channels: int) -> Uint8Array:
    """Return uint8 ``(H, W, channels)``: a photograph's red, green and blue over and over, to verify and compile networks with.

    No photographs of other channels are known. Nothing that is told of a user's picture is measured on these.
    """
    return np.ascontiguousarray(image_bgr[..., [2 - n % 3 for n in range(channels)]])


def in_grey(image_bgr: Uint8Array) -> Uint8Array:
    """Return the same picture without colour, still uint8 ``(H, W, 3)``."""
    grey = cv2.cvtColor(image_bgr, cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)


def real_picture(size_wh: tuple[int, int]) -> Uint8Array:
    """Return a real photograph, ultralytics' bus.jpg, as uint8 ``(H, W, 3)`` BGR of this size; noise where it is missing."""
    photograph = cv2.imread(str(ASSETS / "bus.jpg"))
    if photograph is None:
        return np.random.default_rng(0).integers(0, 256, (size_wh[1], size_wh[0], 3), np.uint8)
    return np.asarray(cv2.resize(photograph, size_wh, interpolation=cv2.INTER_AREA), np.uint8)


def real_pictures(size_wh: tuple[int, int]) -> list[Uint8Array]:
    """Return ultralytics' photographs, each whole in the middle of a grey picture of this size: uint8 ``(H, W, 3)`` BGR.

    All have one size, because a backend may compile for each size that it meets. Missing files are left out.
    """
    photographs = (cv2.imread(str(path)) for path in sorted(ASSETS.glob("*.jpg")))
    return [
        fitted_into(np.asarray(photograph, np.uint8), size_wh, PAD_GREY)
        for photograph in photographs
        if photograph is not None
    ]
