"""Display of samples of any number of channels and any type: three channels or one, between two values. For people alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from heatcam.errors import UsageError
from heatcam.geometry import Uint8Array
from heatcam.samples import Samples, SampleView
from heatcam.sources.options import PictureOptions

_MOST_COUNTED = 1_000_000  # samples that percentiles are taken of
_DARK, _BRIGHT = 1, 99  # percentiles


def view_of(samples: Samples, asked: PictureOptions, name: str = "") -> SampleView:
    """Return the channels and the window that are shown.

    Args:
        samples: one picture's.
        asked: what the user has chosen.
        name: of the picture, for errors.

    Raises:
        UsageError: the picture has no such channel.
    """
    channels = asked.view_channels or _usual_channels(samples)
    if max(channels) > samples.channels:
        raise UsageError(
            f"{name or 'the picture'} has {samples.channels} channels, and --view-channels asks for {max(channels)}",
            f"name channels from 1 to {samples.channels}",
        )
    if asked.window is not None:
        return SampleView(channels, asked.window, is_chosen=True)
    return SampleView(channels, _usual_window(_chosen(samples, channels)))


def drawn(samples: Samples, view: SampleView) -> Uint8Array:
    """Return a picture to show: uint8 ``(H, W, 3)`` BGR, a new array."""
    low, high = view.window
    planes = _chosen(samples, view.channels)
    if planes.dtype == np.uint8 and (low, high) == (0, 255):
        shown = planes
    else:
        scaled = np.nan_to_num(planes.astype(np.float32), nan=low) - np.float32(low)
        shown = np.rint((scaled * np.float32(255 / (high - low))).clip(0, 255)).astype(np.uint8)
    return np.repeat(shown, 3, 2) if shown.shape[2] == 1 else np.ascontiguousarray(shown[..., ::-1])


def _chosen(samples: Samples, channels: tuple[int, ...]) -> npt.NDArray[Any]:
    return samples.values[..., [number - 1 for number in channels]]


def _usual_channels(samples: Samples) -> tuple[int, ...]:
    """Return the first three channels, or the only one; of three in the order blue, green, red the last first."""
    if samples.channels < 3:
        return (1,)
    return (3, 2, 1) if samples.order == (2, 1, 0) else (1, 2, 3)


def _usual_window(planes: npt.NDArray[Any]) -> tuple[float, float]:
    """Return the full range of 8 bits; of more the percentiles of the channels together, which noise and flares do not move."""
    if planes.dtype == np.uint8:
        return 0.0, 255.0
    step = max(1, int(np.ceil(np.sqrt(planes.size / _MOST_COUNTED))))
    some = planes[::step, ::step]
    low, high = np.nanpercentile(some, (_DARK, _BRIGHT)) if np.isfinite(some).any() else (0.0, 1.0)
    return (float(low), float(high)) if high > low else (float(low), float(low) + 1)
