"""Findings of a run on their way to files: tables, labels, crops, and the rows of the JSON document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from heatcam.commands.options import FindingsChoice
from heatcam.commands.terminal import Terminal
from heatcam.errors import UsageError
from heatcam.frames import ExplainerFacts, Explanation
from heatcam.geometry import Uint8Array
from heatcam.measures import (
    FindingsOptions,
    ImageFindings,
    find_regions,
    find_subject,
    findings_of,
)
from heatcam.sinks import (
    CocoResults,
    FindingsTable,
    earlier_outlines,
    make_folder,
    refuse_existing,
    require_folder,
    write_crops,
    write_labels,
)
from heatcam.sources import read_picture

AUTO = "auto"


def check_findings(choice: FindingsChoice, overwrite: bool) -> None:
    """Refuse, before a model is loaded, what is asked for wrongly.

    Raises:
        UsageError: a share is out of range, a suffix is wrong, ``--save-conf`` is given alone, or a file exists already.
        HeatcamError: a file cannot be written, or the mask cannot be read.
    """
    if choice.region_share is not None and not 0 < choice.region_share < 1:
        raise UsageError(f"--region-share {choice.region_share:g} is not between 0 and 1", "for example 0.5")
    if choice.save_conf and not choice.save_txt:
        raise UsageError(
            "--save-conf adds confidences to label files, which are not asked for", "add --save-txt"
        )
    for path, suffix in ((choice.parquet, ".parquet"), (choice.csv, ".csv"), (choice.coco, ".json")):
        if path is not None and path.suffix.lower() != suffix:
            raise UsageError(f"{path} does not end in {suffix}", f"name it {path.stem}{suffix}")
    refuse_existing(choice.tables, overwrite)
    for path in choice.tables:
        require_folder(path.parent)
    if choice.foreground not in (None, AUTO):
        read_picture(Path(str(choice.foreground)))


def check_labels(choice: FindingsChoice, outputs: Sequence[Path], overwrite: bool) -> None:
    """Refuse label files that are there already, before anything is computed.

    Args:
        choice: what is asked for.
        outputs: the pictures' outputs, whose folders hold ``labels/``; a ``*`` stands for the frames of a recording.
        overwrite: True if existing files may be replaced.

    Raises:
        UsageError: a label file exists already, or there is no output to write labels or crops beside.
    """
    if (choice.save_txt or choice.save_crop) and not outputs:
        raise UsageError("--save-txt and --save-crop write beside the output, and none is written", "add -o")
    if choice.save_txt:
        refuse_existing([there for path in outputs for there in _labels_of(path)], overwrite)


def _labels_of(output: Path) -> list[Path]:
    """Return the label files that an output's may be, those that exist."""
    folder = output.parent / "labels"
    if output.stem.endswith("_*"):
        start = output.stem.removesuffix("*")
        numbered = [path for path in folder.glob("*.txt") if path.stem.startswith(start)]
        return [path for path in numbered if path.stem.removeprefix(start).isdecimal()]
    return [folder / f"{output.stem}.txt"]


class FindingsLog:
    """Findings of every picture of a run, as they come; ``close`` writes the tables.

    Args:
        choice: what is asked for.
        facts: the explainer's.
        terminal: where a subject that was not found is told.
    """

    def __init__(self, choice: FindingsChoice, facts: ExplainerFacts, terminal: Terminal) -> None:
        self._choice, self._facts, self._terminal = choice, facts, terminal
        self._options = FindingsOptions(region_share=choice.region_share)
        self._table = FindingsTable({"model": facts.model, "method": facts.method, "unit": facts.unit})
        self._coco = CocoResults({"description": f"{facts.model}, {facts.method} map"})
        self._mask = (
            None
            if choice.foreground in (None, AUTO)
            else _mask_of(read_picture(Path(str(choice.foreground))))
        )

    def add(self, explanation: Explanation, beside: Path, **where: Any) -> ImageFindings:
        """Return the findings of one picture, after its labels and crops are written.

        Args:
            explanation: detections and maps.
            beside: the picture's output: its folder holds ``labels/`` and ``crops/``, and its stem is their names.
            **where: what the explanation does not know, such as ``path``.

        Raises:
            SinkError: a file cannot be written.
        """
        choice, image_bgr = self._choice, explanation.frame.image_bgr
        subject = self._subject(image_bgr, explanation.frame.name)
        found = findings_of(explanation, self._options, subject, **where)
        outlines = _evidence_outlines(explanation, self._options) if choice.coco else ()
        self.add_row(found, beside, outlines)
        if choice.save_crop and self._facts.task != "classify":
            write_crops(beside.parent / "crops", beside.stem, found, image_bgr)
        return found

    def add_row(
        self,
        found: ImageFindings,
        beside: Path,
        outlines: Sequence[Sequence[Sequence[tuple[float, float]]]] = (),
    ) -> None:
        """Add findings that are made already to the tables, and write the picture's labels.

        Args:
            found: of one picture.
            beside: see ``add``.
            outlines: of the regions of each object's own map, in image pixels; empty where they are not known.

        Raises:
            SinkError: a file cannot be written.
        """
        choice = self._choice
        if choice.csv or choice.parquet:
            self._table.add(found)
        if choice.coco:
            self._coco.add(found, outlines)
        if choice.save_txt:
            path = beside.parent / "labels" / f"{beside.stem}.txt"
            write_labels(path, found, self._facts.task, confidences=choice.save_conf)

    def take_over(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add findings of an earlier run, as its document has them, to the tables; regions come from its COCO file."""
        outlines = {} if self._choice.coco is None else earlier_outlines(self._choice.coco)
        for row in rows:
            found = ImageFindings.model_validate(row)
            self._table.add(found)
            own = outlines.get(found.path or "", [])
            self._coco.add(found, own if len(own) == len(found.detections) else ())

    def close(self) -> None:
        """Write the tables of all pictures so far.

        Raises:
            SinkError: one cannot be written.
        """
        for path in (self._choice.csv, self._choice.parquet):
            if path is not None:
                make_folder(path.parent)
                self._table.write(path)
        if self._choice.coco is not None:
            make_folder(self._choice.coco.parent)
            self._coco.write(self._choice.coco)

    def _subject(self, image_bgr: Uint8Array, name: str) -> Any:
        """Return the mask of a picture's subject, bool ``(H, W)``; None if it is not asked for, or was not found."""
        if self._choice.foreground is None:
            return None
        if self._mask is None:
            subject = find_subject(image_bgr)
            if subject is None:
                self._terminal.note(f"{name}: no subject on a plain background was found")
            return subject
        if self._mask.shape != image_bgr.shape[:2]:
            size = "x".join(str(v) for v in self._mask.shape[::-1])
            self._terminal.note(f"{name}: the mask of --foreground is {size}, not of this picture's size")
            return None
        return self._mask


def _mask_of(picture_bgr: Uint8Array) -> Any:
    """Return the white part of a picture, bool ``(H, W)``."""
    return np.asarray(picture_bgr.max(-1) > 127)


def _evidence_outlines(
    explanation: Explanation, options: FindingsOptions
) -> Sequence[Sequence[Sequence[tuple[float, float]]]]:
    """Return the outlines of the regions of each object's own map, in image pixels; empty without own maps."""
    return [
        [
            [(round(float(x), 2), round(float(y), 2)) for x, y in region.polygon_xy]
            for region in find_regions(own, options.region_share, least_area=options.least_area)
        ]
        for own in explanation.object_maps
    ]
