"""A format of models other than ultralytics' own checkpoints: how it is named, found and read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from heatcam.errors import ModelError

if TYPE_CHECKING:
    from heatcam.models.loaded import LoadedModel


@dataclass(frozen=True)
class ModelFormat:
    """One format. A module or package in this folder that defines ``FORMAT`` is found by itself.

    These modules import torch and the format's library inside their functions alone, so that a model that is not there is refused
    at once.

    Attributes:
        name: for people.
        example: a spec, as ``--model`` takes it.
        matches: returns True if a spec names a model of this format, whether it exists or not.
        find: returns the absolute path of the file of a spec's weights; raises ``ModelError`` where it is missing or cannot be
            read, or the library is not installed.
        load: reads the model; its network is a ``heatcam.engine.CandidateNetwork``. Raises ``ModelError`` for a file that is
            damaged or of a kind that cannot be explained.
    """

    name: str
    example: str
    matches: Callable[[str], bool]
    find: Callable[[str], Path]
    load: Callable[[str], LoadedModel]


def require_library(extra: str, *packages: str) -> None:
    """Refuse to go on without a format's library.

    Raises:
        ModelError: one of its packages is not installed; the message names the extra.
    """
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        raise ModelError(
            f"such a model needs the extra heatcam[{extra}] ({missing[0].replace('_', '-')} is not installed)",
            f"pip install 'heatcam[{extra}]', or in a clone pip install '.[{extra}]'",
        )
