"""Learning from a camera: the clock on the wall, parts of the day, and going on with a baseline."""

from __future__ import annotations

import io
import re
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from heatcam.commands import DriftChoice, DriftOptions, DriftOutput, Extent, FilmChoice, Terminal
from heatcam.commands.drift import checked_inputs
from heatcam.commands.drift_display import DriftDisplay
from heatcam.commands.drift_learning import Learning, cautions
from heatcam.commands.drift_run import DriftDone, clock_of, time_of_end
from heatcam.drift import Baseline, DriftWatch, local_seconds, read_baseline
from heatcam.errors import UsageError
from tests.drift.made_up import FACTS, block, explained, quiet, quiet_baseline

CAMERA: Any = SimpleNamespace(is_live=True, is_slideshow=False, name="camera 0")
TEN_MINUTES_S = 600.0


def options(path: Path, **choice: Any) -> DriftOptions:
    return DriftOptions(DriftChoice(learn=path, **choice), DriftOutput(), Extent(), FilmChoice())


def learning(path: Path, earlier: Baseline | None = None, **choice: Any) -> Learning:
    return Learning(CAMERA, FACTS, ("cow",), options(path, **choice), earlier, Terminal())


def learn(own: Learning, first: int, count: int) -> None:
    rng = np.random.default_rng(first)
    for n in range(first, first + count):
        assert not own.take(block(n, {"cow": rng.normal(0.6, 0.05)}, TEN_MINUTES_S), "now")


def test_blocks_of_a_camera_are_timed_by_the_clock_on_the_wall_and_those_of_a_film_by_its_own() -> None:
    frame = explained(index=7, pts_s=3.5).frame
    assert clock_of(CAMERA)(frame) == pytest.approx(local_seconds(time.time()), abs=5)
    film: Any = SimpleNamespace(is_live=False, is_slideshow=False)
    assert clock_of(film)(frame) == 3.5
    assert clock_of(SimpleNamespace(is_live=False, is_slideshow=True))(frame) == 7.0  # type: ignore[arg-type]
    assert time_of_end(film, block(2, {}, 10.0), 10.0) == "30 s"
    assert time_of_end(CAMERA, block(2, {}, 10.0), 10.0).startswith(time.strftime("%Y-"))


def test_a_camera_is_learnt_in_ten_minutes_and_four_hours_of_the_day(tmp_path: Path) -> None:
    path = tmp_path / "base.json"
    own = learning(path)
    assert own.block_s == TEN_MINUTES_S
    learn(own, 0, 9)
    assert not path.exists()
    learn(own, 9, 31)
    found = read_baseline(path)  # a kill now would lose nothing
    assert (found.document.clock, found.document.day_parts, len(found.document.blocks)) == ("wall", 6, 40)
    said = " ".join(cautions(found))
    assert "too little was seen to judge 08:00-12:00, 12:00-16:00, 16:00-20:00, 20:00-24:00" in said
    assert "it covers 0.3 days" in said


def test_learning_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    path = tmp_path / "base.json"
    learn(learning(path), 0, 20)
    earlier, _ = checked_inputs(options(path, resume=True))
    assert earlier is not None
    again = learning(path, earlier, resume=True)
    learn(again, 144, 20)
    assert again.end(DriftDone()) == 0
    assert [own.start_s for own in read_baseline(path).document.blocks] == [
        n * TEN_MINUTES_S for n in (*range(20), *range(144, 164))
    ]
    with pytest.raises(UsageError, match="was learnt in blocks of 600 s and 6 parts of the day"):
        learning(path, earlier, resume=True, block=60.0)
    assert checked_inputs(options(tmp_path / "new.json", resume=True)) == (None, None)


def test_a_baseline_that_is_there_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "base.json"
    learn(learning(path), 0, 20)
    with pytest.raises(UsageError, match="exists already"):
        checked_inputs(options(path))


@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
def test_the_table_fits_its_terminal_and_numbers_are_never_cut(width: int) -> None:
    rng = np.random.default_rng(0)
    names = ("cow", "a class with a long name")
    watch = DriftWatch(quiet_baseline(rng, 60, names))
    for n in range(12):
        watch.judge(quiet(rng, n, names, -4.0), "2026-11-28T03:00:00+01:00")
    console = Console(file=io.StringIO(), force_terminal=True, width=width, height=30, color_system=None)
    console.print(DriftDisplay(watch, Terminal(console, console))._drawn("waiting"))
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert max(map(len, lines)) <= width
    rows = [line for line in lines if "energy in box" in line]
    assert len(rows) == 3
    assert all(re.search(r"1e\d+ of [12]000", row) for row in rows)
    assert ("since 11-28 03:00" in rows[0]) == (width >= 120)
