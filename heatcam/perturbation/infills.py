"""Infills: the pixels shown in place of those that a trial covers."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from heatcam.geometry import PAD_GREY, Uint8Array

BLUR_SIGMA = 20.0  # model pixels


def blurred(boxed_bgr: Uint8Array) -> Uint8Array:
    """Blur a letterboxed picture (uint8 ``(H, W, 3)``) until nothing can be recognised: colours stay, detail goes."""
    return np.asarray(cv2.GaussianBlur(boxed_bgr, (0, 0), BLUR_SIGMA), np.uint8)


def shuffled(boxed_bgr: Uint8Array) -> Uint8Array:
    """Shuffle the pixels of a picture, the same way each time: its colours and sharp edges everywhere, none of its shapes."""
    rng = np.random.default_rng(0)
    return np.asarray(rng.permutation(boxed_bgr.reshape(-1, 3)).reshape(boxed_bgr.shape), np.uint8)


def grey(boxed_bgr: Uint8Array) -> Uint8Array:
    """Return an empty picture in the letterbox's grey."""
    return np.full_like(boxed_bgr, PAD_GREY)


#: Name of the infill that maps by trial are made with; they are never judged by it.
TRIALS_INFILL = "blur"
#: Infills by name: each makes the covered picture of a letterboxed one, both uint8 ``(H, W, 3)``.
INFILLS: dict[str, Callable[[Uint8Array], Uint8Array]] = {"blur": blurred, "noise": shuffled, "grey": grey}
