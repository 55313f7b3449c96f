"""Report of a comparison: the numbers of each picture, tables for people, and the document for programs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from heatcam.commands.tables import show_table
from heatcam.commands.terminal import Terminal
from heatcam.comparison import (
    ComparedFrame,
    PictureNumbers,
    class_name_of,
    comparison_of,
    comparison_rows,
    numbers_of,
    summary_of,
)
from heatcam.frames import Explanation
from heatcam.geometry import Uint8Array
from heatcam.sinks import make_folder

OBJECT_HEADINGS = (
    *("object", "confidence A", "confidence B", "IoU", "map correlation", "hottest tenth"),
    *("energy in box A - B", "note"),
)
SUMMARY_HEADINGS = ("number", "mean", "95 %", "pictures")
_WORDS = {
    "iou": "IoU",
    "confidence_difference": "confidence A - B",
    "map_correlation": "map correlation",
    "top10_overlap": "hottest tenth in common",
    "energy_in_box_difference": "energy in box A - B",
}


class ComparisonNotes:
    """Sink that keeps the numbers of each picture, and the rows of the document if one is wanted.

    Args:
        keeps_rows: keep the rows too.
        path: of the video, for each row; None takes each frame's own name, a picture's path.

    Attributes:
        numbers: of each picture.
        rows: ``pairs``, ``only_a`` and ``only_b`` of all pictures; empty unless they are kept.
    """

    def __init__(self, *, keeps_rows: bool, path: str | None = None) -> None:
        self.numbers: list[PictureNumbers] = []
        self.rows: dict[str, list[dict[str, Any]]] = {"pairs": [], "only_a": [], "only_b": []}
        self._keeps_rows, self._path = keeps_rows, path

    def take(self, _picture: Uint8Array, explanation: Explanation) -> None:
        """Keep one picture's numbers."""
        comparison, frame = comparison_of(explanation), explanation.frame
        self.numbers.append(numbers_of(comparison))
        if self._keeps_rows:
            place: dict[str, Any] = {"path": frame.name}
            if self._path is not None:
                place = {
                    "path": self._path,
                    "frame_index": frame.frame_index,
                    "time_s": round(frame.pts_s, 3),
                }
            for name, rows in comparison_rows(comparison, place).items():
                self.rows[name] += rows

    def summary(self) -> dict[str, Any]:
        """Return the summary of all pictures; frames of a video have no intervals, as they are not independent."""
        return summary_of(self.numbers, independent=self._path is None)


def write_document(document: dict[str, Any], target: str | None, terminal: Terminal) -> None:
    """Write the document where it is wanted."""
    if target:
        if target != "-":
            make_folder(Path(target).parent)
        terminal.document(document, target)


def show_objects(comparison: ComparedFrame, numbers: Sequence[int], terminal: Terminal) -> None:
    """Print a table of one picture's objects; nothing if there are none."""
    if not comparison.objects:
        return
    rows = []
    for each, number in zip(comparison.objects, numbers, strict=True):
        a, b = comparison.a.detections, comparison.b.detections
        rows.append(
            [
                f"#{number} {class_name_of(comparison, each)}",
                None if each.a is None else f"{a.confidences[each.a]:.2f}",
                None if each.b is None else f"{b.confidences[each.b]:.2f}",
                _plain(each.iou),
                _plain(each.numbers.map_correlation),
                _plain(each.numbers.top10_overlap),
                _signed(each.numbers.energy_in_box_difference),
                _note(each.a is None, each.b is None, each.reason),
            ]
        )
    headings = OBJECT_HEADINGS if any(row[-1] for row in rows) else OBJECT_HEADINGS[:-1]
    show_table(terminal, headings, [row[: len(headings)] for row in rows], OBJECT_HEADINGS[1:-1])


def show_summary(summary: dict[str, Any], names: tuple[str, str], terminal: Terminal) -> None:
    """Print the counts, and a table of the means with their intervals."""
    terminal.result(f"A: {names[0]}; B: {names[1]}")
    terminal.result(counts_in_words(summary["pairs"], summary["only_a"], summary["only_b"]))
    rows = []
    for name, words in _WORDS.items():
        row, show = summary[name], _signed if name.endswith("difference") else _plain
        ends = row["ci95"] and f"{show(row['ci95'][0])} to {show(row['ci95'][1])}"
        rows.append([words, show(row["mean"]), ends, row["n"]])
    if any(row[1] is not None for row in rows):
        has_intervals = any(row[2] for row in rows)
        kept = [n for n in range(len(SUMMARY_HEADINGS)) if has_intervals or n != 2]
        headings = [SUMMARY_HEADINGS[n] for n in kept]
        show_table(terminal, headings, [[row[n] for n in kept] for row in rows], SUMMARY_HEADINGS[1:])


def counts_in_words(pairs: int, only_a: int, only_b: int) -> str:
    """Return how many objects both and each alone have found: ``3 in both, 1 only in A, none only in B``."""
    said = [(pairs, "in both"), (only_a, "only in A"), (only_b, "only in B")]
    return ", ".join(f"{count or 'none'} {where}" for count, where in said)


def _note(only_b: bool, only_a: bool, reason: str) -> str:
    alone = "only in B" if only_b else "only in A" if only_a else ""
    return ": ".join(part for part in (alone, reason) if part)


def _plain(value: float | None) -> str | None:
    return None if value is None else f"{value:.2f}"


def _signed(value: float | None) -> str | None:
    return None if value is None else f"{value:+.3f}"
