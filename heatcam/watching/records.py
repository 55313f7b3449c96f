"""Looks at a picture over the epochs, in files: what is drawn of them later, and their numbers."""

from __future__ import annotations

import io
import json
import logging
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from heatcam.errors import MapError, first_line
from heatcam.frames import Detections, Explanation, Frame, SaliencyMap
from heatcam.geometry import Letterbox
from heatcam.measures import cells_in_box, energy_in_box, peak_of
from heatcam.sinks import make_folder, write_whole

logger = logging.getLogger(__name__)

FOLDER = "maps"
_UNREADABLE = OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile
#: Fields of the detections that are kept; masks are not drawn in pictures so small.
_FIELDS = ("boxes_xyxy", "confidences", "class_ids", "anchors", "keypoints", "rotated_xywhr")


@dataclass(frozen=True)
class EpochNumbers:
    """Numbers of one look at a picture.

    Attributes:
        epoch: number of epochs that the weights were trained; 0 before the training.
        objects: number of boxes.
        confidence: their mean confidence, in ``[0, 1]``; None without boxes.
        energy_in_box: mean share of each object's evidence that lies in its box, in ``[0, 1]``; None where no object has any.
        peaks: of each object with evidence, the 99th percentile of its positive evidence per cell in its box, in the map's unit.
    """

    epoch: int
    objects: int
    confidence: float | None
    energy_in_box: float | None
    peaks: tuple[float, ...]


def numbers_of(explanation: Explanation, epoch: int) -> EpochNumbers:
    """Return the numbers of an explanation with a map for each object."""
    found = explanation.detections
    pairs = list(zip(explanation.object_maps, found.boxes_xyxy, strict=False))
    shares = [share for own, box in pairs if (share := energy_in_box(own, box)) is not None]
    peaks = [peak_of(cells_in_box(own.values, own.letterbox, box)) for own, box in pairs]
    return EpochNumbers(
        epoch,
        len(found),
        float(np.mean(found.confidences)) if len(found) else None,
        float(np.mean(shares)) if shares else None,
        tuple(peak for peak in peaks if peak > 0),
    )


class PictureRecord:
    """Record of one picture's looks, a file for each epoch; the picture itself is not in them.

    Args:
        folder: where the files lie.
        frame: the picture.
    """

    def __init__(self, folder: Path, frame: Frame) -> None:
        self._folder, self._frame = folder, frame
        self.numbers: list[EpochNumbers] = []

    def begin(self, epoch: int) -> None:
        """Start with what is known up to an epoch, of a run that is resumed; what comes after it is forgotten, at 0 all.

        Raises:
            SinkError: the folder cannot be made.
        """
        if not epoch:
            shutil.rmtree(self._folder, ignore_errors=True)
        make_folder(self._folder)
        self.numbers = []
        for path in sorted(self._folder.glob("epoch-*.npz")):
            known = self._known(path)
            if known is not None and known.epoch <= epoch:
                self.numbers.append(known)
            else:
                with suppress(OSError):
                    path.unlink(missing_ok=True)

    def add(self, explanation: Explanation, epoch: int) -> EpochNumbers:
        """Keep one look.

        Raises:
            MapError: there is no map; the message says why.
            SinkError: the file cannot be written.
        """
        if explanation.saliency is None:
            raise MapError(explanation.map_error or "there is no map")
        numbers = numbers_of(explanation, epoch)
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **_arrays(explanation, numbers))
        write_whole(self._path(epoch), buffer.getvalue())
        self.numbers = [*(one for one in self.numbers if one.epoch < epoch), numbers]
        return numbers

    def read(self, epoch: int) -> Explanation:
        """Read one look back, with boxes and the map of all objects.

        Raises:
            OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile: the file is gone or damaged.
        """
        with np.load(self._path(epoch), allow_pickle=False) as arrays:
            return _explanation(arrays, self._frame)

    def looks(self, epochs: list[int]) -> Iterator[tuple[EpochNumbers, Explanation]]:
        """Yield the looks at some epochs, one in memory at a time; those whose files are gone or damaged are left out."""
        for numbers in (one for one in self.numbers if one.epoch in epochs):
            try:
                yield numbers, self.read(numbers.epoch)
            except _UNREADABLE as error:
                logger.debug("epoch %d is left out: %s", numbers.epoch, first_line(error))

    def _path(self, epoch: int) -> Path:
        return self._folder / f"epoch-{epoch:05d}.npz"

    def _known(self, path: Path) -> EpochNumbers | None:
        """Read the numbers of a file; None for one that is damaged, or of another picture."""
        try:
            with np.load(path, allow_pickle=False) as arrays:
                about = json.loads(str(arrays["about"]))
                fits = tuple(about["letterbox"]["image_wh"]) == self._frame.size_wh
                return _numbers(about["numbers"]) if fits else None
        except _UNREADABLE:
            return None


def _numbers(values: Any) -> EpochNumbers:
    return EpochNumbers(**values | {"peaks": tuple(values["peaks"])})


def _arrays(explanation: Explanation, numbers: EpochNumbers) -> dict[str, Any]:
    saliency, found = explanation.saliency, explanation.detections
    assert saliency is not None
    about = {
        "numbers": asdict(numbers),
        "letterbox": asdict(saliency.letterbox),
        "map": {"method": saliency.method, "layer": saliency.layer, "unit": saliency.unit},
        "model": explanation.model,
        "class_names": found.class_names,
    }
    kept = {name: value for name in _FIELDS if (value := getattr(found, name)) is not None}
    return {"about": np.array(json.dumps(about)), "cells": saliency.values, **kept}


def _explanation(arrays: Any, frame: Frame) -> Explanation:
    about = json.loads(str(arrays["about"]))
    pairs: Any = {
        name: tuple(value) if isinstance(value, list) else value for name, value in about["letterbox"].items()
    }
    saliency = SaliencyMap(arrays["cells"], Letterbox(**pairs), **about["map"])
    kept = {name: arrays[name] for name in _FIELDS if name in arrays}
    found = Detections(**kept, class_names=tuple(about["class_names"]))
    return Explanation(frame, found, saliency, model=about["model"])
