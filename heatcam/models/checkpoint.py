"""Safe reading of ultralytics ``.pt`` files.

A pickle can run any function that it names. Here it is scanned first (``pickle_scan``) and refused if it names anything that no
network needs (``allowed``); then layers are made without running their constructors, and given their state once that was checked.
Only the file that was named is opened, for reading. ``ULTRALYTICS_SAFE_LOAD=0`` lets torch run a file that the user trusts.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn
from ultralytics.nn.tasks import RTDETRDetectionModel, guess_model_task
from ultralytics.utils import LOGGER

from heatcam.errors import ModelError, UsageError, first_line
from heatcam.models.allowed import Record
from heatcam.models.archive import Archive, open_archive
from heatcam.models.limits import LARGEST_IMGSZ, SMALLEST_IMGSZ, RefusedError, UnfitError, refuse, shown
from heatcam.models.module_state import give_states
from heatcam.models.refusals import refused_names
from heatcam.models.restricted_unpickler import allowed_names, unpickle
from heatcam.models.storages import Storages

logger = logging.getLogger(__name__)

_DEFAULT_IMGSZ = 640
_LONGEST_TASK = 40  # characters
_GET_AGAIN = "get the file again, or export it again with ultralytics"


@dataclass(frozen=True)
class Checkpoint:
    """The parts of a checkpoint that are needed here.

    Attributes:
        network: of any task (``task_of``), as it was saved.
        imgsz: longer side of the input that it was trained with, in pixels.
    """

    network: nn.Module
    imgsz: int


def read_checkpoint(path: Path) -> Checkpoint:
    """Read the network of a checkpoint; it is not validated yet (``validation``).

    Raises:
        ModelError: the file is not a checkpoint, truncated, refused, or holds no network.
    """
    with faults_named(path.name):
        content = _content_of(path)
        return Checkpoint(_network_in(content), _trained_imgsz(content))


@contextlib.contextmanager
def faults_named(name: str) -> Iterator[None]:
    """Turn any error in a file's content into a ``ModelError`` of one line about the file called ``name``.

    Output of libraries goes to standard error meanwhile: standard output may be for one JSON document.

    Raises:
        ModelError: reading the content failed.
    """
    try:
        with contextlib.redirect_stdout(sys.stderr), _quiet_ultralytics():
            yield
    except (ModelError, UsageError):
        raise
    except UnfitError as error:
        raise ModelError(f"{name} {error.problem}", error.next_step or _GET_AGAIN) from error
    except OSError as error:
        raise ModelError(
            f"{name} cannot be read: {error.strerror or error}", "check the path and its permissions"
        ) from error
    except Exception as error:  # a damaged file can fail in any way
        logger.debug("%s cannot be used", name, exc_info=True)
        raise ModelError(f"{name} is damaged: {first_line(error, 160)}", _GET_AGAIN) from error


@contextlib.contextmanager
def _quiet_ultralytics() -> Iterator[None]:
    """Send ultralytics' log to standard error: it goes to the standard output that there was at its import."""
    changed = [
        (handler, handler.stream)
        for handler in LOGGER.handlers
        if isinstance(handler, logging.StreamHandler) and handler.stream is sys.__stdout__
    ]
    for handler, _ in changed:
        handler.setStream(sys.stderr)
    try:
        yield
    finally:
        for handler, stream in changed:
            handler.setStream(stream)


def task_of(network: nn.Module) -> str:
    """Return a network's task (``detect``, ``segment``, ``classify``, ... by ultralytics' names); its class if it has none."""
    told = getattr(network, "task", None) or guess_model_task(network)
    if not told and isinstance(network, RTDETRDetectionModel):
        return "detect"
    return told[:_LONGEST_TASK] if told and isinstance(told, str) else type(network).__name__


def _content_of(path: Path) -> Any:
    """Load the checkpoint's content safely; if that is refused and the user trusts files, let torch run it."""
    try:
        return _rebuilt(path)
    except RefusedError:
        if not _is_trusted():
            raise
        logger.warning("%s is run, because ULTRALYTICS_SAFE_LOAD=0 says that you trust it", path.name)
        return _run_by_torch(path)


def _rebuilt(path: Path) -> Any:
    """Load the checkpoint's content without running any of it."""
    with open_archive(path) as archive:
        return _rebuild(archive)


def _rebuild(archive: Archive) -> Any:
    storages = Storages(archive.read, archive.size)
    names = allowed_names(archive.program, storages)
    if refused := [name for name in archive.program.names if name not in names]:
        raise refused_names(refused)
    unpickled = unpickle(archive.program, storages, names)
    archive.finish()
    give_states(unpickled)
    return unpickled.value


def _is_trusted() -> bool:
    """Return True if ``ULTRALYTICS_SAFE_LOAD=0`` says that files may be run."""
    return os.environ.get("ULTRALYTICS_SAFE_LOAD", "1").strip().lower() in {"0", "false", "no", "off"}


def _run_by_torch(path: Path) -> Any:
    """Load the checkpoint's content by running it: exactly this file, and nothing is downloaded or installed for it."""
    import torch  # noqa: PLC0415 (needed here alone)

    with path.open("rb") as file:
        try:
            return torch.load(file, map_location="cpu", weights_only=False)
        except (ImportError, AttributeError) as error:
            raise UnfitError(
                f"needs code that is not here: {first_line(error, 160)}", "install what it was made with"
            ) from error


def _network_in(content: Any) -> nn.Module:
    if isinstance(content, dict):
        kept = [content.get(name) for name in ("ema", "model")]
        found = next((part for part in kept if part is not None), None)
    else:
        found = content
    if isinstance(found, nn.Module):
        return found
    whole = found if isinstance(found, dict) else content
    weights = whole.get("state_dict", whole) if isinstance(whole, dict) else None
    if isinstance(weights, dict) and any(hasattr(value, "ndim") for value in weights.values()):
        refuse(
            "holds no ultralytics model, only weights without the network that they belong to",
            "load them into their network and save that: model.save('whole.pt') with ultralytics",
        )
    return refuse("holds no ultralytics model", "give a checkpoint saved by ultralytics, such as best.pt")


def _trained_imgsz(content: Any) -> int:
    """Return the longer side of the training input in pixels, 640 where the checkpoint does not say."""
    settings = content.get("train_args") if isinstance(content, dict) else None
    if isinstance(settings, Record):
        settings = vars(settings)
    if not isinstance(settings, dict | None):
        refuse(f"says what it was trained with in a {type(settings).__name__}, not in a dictionary")
    said = (settings or {}).get("imgsz")
    sides = list(said) if isinstance(said, list | tuple) and said else [said]
    if sides == [None]:
        return _DEFAULT_IMGSZ
    pixels = [_pixels(side) for side in sides]
    if not all(SMALLEST_IMGSZ <= side <= LARGEST_IMGSZ for side in pixels):
        refuse(
            f"says that it was trained with pictures of {shown(said)} pixels, not of {SMALLEST_IMGSZ} to {LARGEST_IMGSZ}"
        )
    return max(pixels)


def _pixels(side: Any) -> int:
    """Read a number of pixels, also from text; 0 for anything else."""
    if isinstance(side, str) and side.strip().isdecimal() and len(side) < 10:
        return int(side)
    if isinstance(side, bool) or not isinstance(side, int | float) or not abs(side) < 10**12:
        return 0
    return int(side)
