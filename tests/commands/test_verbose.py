"""``--verbose`` tells what was chosen and why, wherever it stands on the command line."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest
from rich.console import Console

from heatcam.commands.terminal import Terminal
from heatcam.commands.verbose import before_the_command, say_reasons
from tests.bench.tiny import CONF, IMGSZ, PICTURE, tiny_checkpoint
from tests.commands.programs import heatcam


@pytest.fixture(autouse=True)
def quiet_again() -> Iterator[None]:
    logger = logging.getLogger("heatcam")
    before = list(logger.handlers), logger.level
    yield
    logger.handlers[:], level = before
    logger.setLevel(level)


@pytest.mark.parametrize(
    ("words", "moved"),
    [
        (["snapshot", "a.png", "--verbose"], ["--verbose", "snapshot", "a.png"]),
        (["--verbose", "snapshot", "a.png", "--verbose"], ["--verbose", "snapshot", "a.png"]),
        (["snapshot", "--", "--verbose"], ["snapshot", "--", "--verbose"]),
        (["snapshot", "a.png"], ["snapshot", "a.png"]),
    ],
)
def test_it_may_stand_behind_the_command(words: list[str], moved: list[str]) -> None:
    assert before_the_command(words) == moved


def test_each_message_is_said_once_and_only_ours() -> None:
    terminal = Terminal(notes=Console(file=io.StringIO(), width=200))
    for _ in range(2):
        say_reasons(terminal)
    logging.getLogger("heatcam.engine.backends").info("torch %d ms", 43)
    logging.getLogger("urllib3").warning("noise")
    said = terminal.notes.file.getvalue()
    assert said.count("torch 43 ms") == 1
    assert "noise" not in said


def test_the_backend_of_one_picture_is_explained_and_what_came_from_the_cache_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEATCAM_CACHE_DIR", str(tmp_path / "cache"))
    cv2.imwrite(str(tmp_path / "photo.png"), PICTURE)
    model = ["--model", tiny_checkpoint(tmp_path), "--imgsz", IMGSZ, "--conf", CONF, "--device", "cpu"]
    words = ["snapshot", tmp_path / "photo.png", *model, "-o", tmp_path / "out.png", "--overwrite"]
    first = heatcam(*words, "--verbose").stderr
    assert "torch for one picture: compiling takes longer than it saves (not measured here)" in first
    assert "proving the gradient" in first
    assert "calibration: measured" in first
    second = heatcam("--verbose", *words).stderr
    assert "the gradient was proved before" in second
    assert "calibration: remembered" in second


def test_without_it_nothing_of_that_is_said(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "photo.png"), PICTURE)
    model = ["--model", tiny_checkpoint(tmp_path), "--imgsz", IMGSZ, "--conf", CONF, "--device", "cpu"]
    said = heatcam("snapshot", tmp_path / "photo.png", *model, "-o", tmp_path / "out.png").stderr
    assert "compiling" not in said
    assert " s  " not in said
