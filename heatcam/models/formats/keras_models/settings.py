"""The pictures of a Keras classifier: a file beside it says how they are prepared, or its own first layers do."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heatcam.errors import ModelError

logger = logging.getLogger(__name__)

#: Layers that prepare pictures inside the model.
_PREPARING = ("Rescaling", "Normalization")
_KEYS = ("range", "mean", "std", "names", "share")


@dataclass(frozen=True)
class PictureSettings:
    """The preparation of a model's pictures.

    Attributes:
        lowest, highest: values of black and white, before ``mean`` and ``std``.
        mean, std: subtracted and divided by, one for each channel or one for all.
        share: the part of the picture's shorter side that is seen.
    """

    lowest: float = 0.0
    highest: float = 1.0
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    share: float = 1.0

    def in_unit_range(self, channels: int) -> tuple[list[float], list[float]]:
        """Return a mean and deviation for each channel that do the same to pictures in ``[0, 1]``."""
        span = self.highest - self.lowest
        means = [(mean - self.lowest) / span for mean in _each(self.mean, channels)]
        return means, [std / span for std in _each(self.std, channels)]


def settings_for(path: Path, layers: Sequence[str]) -> PictureSettings:
    """Return how a model's pictures are prepared.

    Args:
        path: of the model; ``MODEL.json`` or ``heatcam.json`` beside it: ``{"range": [0, 255], "mean": 0.5, "std": 0.25}``.
        layers: kinds of its layers, in the order in which they run.

    Raises:
        ModelError: the file cannot be read.
    """
    for file in (path.with_suffix(".json"), path.with_name("heatcam.json")):
        if (
            file.is_file()
            and isinstance(content := _content_of(file), dict)
            and set(content) & set(_KEYS) - {"names"}
        ):
            return _read(content, file)
    if any(layer in _PREPARING for layer in layers[:4]):
        return PictureSettings(highest=255.0)  # (such layers take pixels as they are)
    logger.warning(
        "%s does not say how its pictures are prepared: they are given in [0, 1]; "
        'if that is wrong, write {"range": [0, 255]} into %s beside it',
        path.name,
        path.with_suffix(".json").name,
    )
    return PictureSettings()


def _content_of(file: Path) -> Any:
    try:
        return json.loads(file.read_text("utf-8-sig"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{file.name} cannot be read ({error})", "correct it, or move it away") from error


def _read(content: dict[str, Any], file: Path) -> PictureSettings:
    try:
        lowest, highest = (float(value) for value in content.get("range", (0, 1)))
        mean, std = (_numbers(content.get(key, usual)) for key, usual in (("mean", 0.0), ("std", 1.0)))
        share = float(content.get("share", 1.0))
        if lowest >= highest or not all(std) or not 0 < share <= 1:
            raise ValueError("a range must rise, a deviation not be 0, and a share be in (0, 1]")
    except (TypeError, ValueError) as error:
        raise ModelError(
            f"{file.name} does not say how pictures are prepared ({error})",
            'write it as {"range": [0, 255], "mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]}',
        ) from error
    return PictureSettings(lowest, highest, mean, std, share)


def _numbers(value: Any) -> tuple[float, ...]:
    return tuple(map(float, value)) if isinstance(value, list) else (float(value),)


def _each(numbers: tuple[float, ...], channels: int) -> tuple[float, ...]:
    if len(numbers) not in (1, channels):
        raise ModelError(
            f"has pictures of {channels} channels, not of {len(numbers)}",
            "give one mean and deviation a channel",
        )
    return numbers * channels if len(numbers) == 1 else numbers
