"""Numbers of all watched pictures by epoch: a CSV file, and names and values for loggers."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from heatcam.watching.probes import MEAN
from heatcam.watching.records import EpochNumbers

PREFIX = "heatcam"
COLUMNS = ("epoch", "picture", "objects", "confidence", "energy_in_box")


def csv_of(numbers: Mapping[str, Sequence[EpochNumbers]]) -> str:
    """Return the CSV text: a row for each epoch and picture, epoch after epoch; a cell is empty where there is no number."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    rows = sorted(
        ((one.epoch, n, name, one) for n, name in enumerate(numbers) for one in numbers[name]), key=_place
    )
    for epoch, _, name, one in rows:
        writer.writerow((epoch, name, one.objects, _cell(one.confidence), _cell(one.energy_in_box)))
    return text.getvalue()


def scalars_of(numbers: Mapping[str, EpochNumbers]) -> dict[str, float]:
    """Return what loggers get of one epoch: each picture's energy in box and number of boxes, and the mean energy.

    Pictures without evidence have no energy. No name is the beginning of another one's path: some loggers nest them.
    """
    energies = {name: one.energy_in_box for name, one in numbers.items() if one.energy_in_box is not None}
    if energies:
        energies[MEAN] = sum(energies.values()) / len(energies)
    return {
        **{f"{PREFIX}/energy_in_box/{name}": value for name, value in energies.items()},
        **{f"{PREFIX}/objects/{name}": float(one.objects) for name, one in numbers.items()},
    }


def _place(row: tuple[int, int, str, EpochNumbers]) -> tuple[int, int]:
    return row[:2]


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
