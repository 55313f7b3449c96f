"""The interface of a network that only takes pictures and gives numbers, whatever runs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from heatcam.geometry import Float32Array

AnyArray = npt.NDArray[Any]


@dataclass(frozen=True)
class Signature:
    """Inputs and outputs of a network, as far as it tells them before it is run.

    Attributes:
        batch: pictures in one call; None for any number.
        channels: of the pictures; None where it is not told.
        input_wh: width and height of the pictures in pixels; None where it takes any, or does not tell.
        rank: 4 for a batch of pictures, 3 for a single one.
        texts: the file's metadata, as texts.
    """

    batch: int | None = 1
    channels: int | None = 3
    input_wh: tuple[int, int] | None = None
    rank: int = 4
    texts: Mapping[str, str] = field(default_factory=dict)


class TensorNetwork(Protocol):
    """A network that is ready to run. Called from one thread.

    Attributes:
        name: of what runs it, for people.
        title: the model's name for people.
        signature: what it takes.
    """

    name: str
    title: str
    signature: Signature

    def run(self, images: Float32Array) -> list[AnyArray]:
        """Return the outputs, in their order.

        Args:
            images: float32 ``(B, channels, H, W)`` in ``[0, 1]``, RGB or grey.
        """


def shapes_in_words(arrays: list[AnyArray]) -> str:
    """Return the shapes of arrays: ``(1, 84, 8400) and (1, 32, 160, 160)``."""
    return " and ".join(str(tuple(np.shape(one))) for one in arrays) or "nothing"


def size_of(shape: list[int | None]) -> Signature:
    """Return the signature of an input of this shape, in which None is a side of any length; the texts are empty.

    Raises:
        ValueError: it is no shape of pictures.
    """
    if len(shape) == 3:
        shape = [1, *shape]
        rank = 3
    else:
        rank = 4
    if len(shape) != 4 or shape[1] not in (None, 1, 3):
        raise ValueError(f"an input of shape {tuple(shape)} is no picture")
    batch, channels, tall, wide = shape
    size = None if tall is None or wide is None else (wide, tall)
    return Signature(batch, channels, size, rank)
