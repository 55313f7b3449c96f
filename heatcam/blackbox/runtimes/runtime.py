"""The record of a runtime, and what those of files share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from heatcam.blackbox.network import TensorNetwork
from heatcam.errors import UsageError
from heatcam.geometry import Float32Array, Uint8Array
from heatcam.perturbation import Predicted


@dataclass(frozen=True)
class PictureService:
    """A service that takes pictures as files and tells boxes: no tensors go there and back.

    Attributes:
        name: of what runs it, for people.
        title: the model's name for people.
        names: name of each class id.
        predict: predicts in pictures, uint8 ``(B, h, w, 3)`` BGR.
    """

    name: str
    title: str
    names: dict[int, str]
    predict: Callable[[Uint8Array], Sequence[Predicted]]


@dataclass(frozen=True)
class BoxRuntime:
    """One runtime. A module in this folder that defines ``RUNTIME`` is found by itself.

    These modules import their library inside their functions alone, so that a model that is not there is refused at once.

    Attributes:
        name: for people.
        package: that it needs.
        extra: the extra of heatcam that has it; "" for one that comes with heatcam.
        matches: returns True if a model's name means something that it runs, which exists if it is a file.
        load: reads the model; raises ``HeatcamError``, or anything for a file that is damaged.
        is_code: True if what it loads is a program, so that the user has to trust it.
    """

    name: str
    package: str
    extra: str
    matches: Callable[[str], bool]
    load: Callable[[str], TensorNetwork | PictureService]
    is_code: bool = False

    def require_installed(self, title: str) -> None:
        """Refuse to go on without the runtime's package.

        Raises:
            UsageError: with how to install it.
        """
        if find_spec(self.package) is None:
            what = f"'heatcam[{self.extra}]'" if self.extra else self.package
            raise UsageError(f"nothing here runs {title}: {self.package} is missing", f"pip install {what}")


def file_with(spec: str, *suffixes: str) -> Path | None:
    """Return the existing file that a model's name means if its name ends so; None for any other."""
    try:
        path = Path(spec).expanduser()
        return path if path.suffix.casefold() in suffixes and path.is_file() else None
    except (OSError, ValueError, RuntimeError):  # (no name that a file can have)
        return None


def as_given(images: Float32Array, rank: int, dtype: type[np.floating[Any]]) -> npt.NDArray[Any]:
    """Return pictures ``(B, C, H, W)`` as an input of this rank and type takes them; rank 3 takes the only one."""
    given = images[0] if rank == 3 else images
    return np.ascontiguousarray(given, dtype)
