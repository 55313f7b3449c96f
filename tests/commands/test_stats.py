"""``heatcam stats``: from a source to the page, the table and the lines."""

from __future__ import annotations

import csv
import json
import signal
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.commands.fake_explainer import take_the_models_place
from tests.commands.programs import heatcam, start


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> None:
    take_the_models_place(monkeypatch)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in "abc":
        cv2.imwrite(str(folder / f"{name}.png"), np.full((48, 64, 3), 90, np.uint8))
    return folder


def test_the_demo_scene_becomes_a_page_a_table_and_a_document(tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    done = heatcam(
        "stats",
        "demo",
        "-o",
        out,
        "--backend",
        "torch",
        "--max-frames",
        "6",
        "--track",
        "bytetrack",
        "--json",
        tmp_path / "run.json",
    )
    assert "6 frames" in done.stdout
    document = json.loads((tmp_path / "run.json").read_text())
    rows = list(csv.DictReader((tmp_path / "report.csv").open()))
    assert document["frames"] == 6
    assert document["all"]["objects"] == len(rows) > 12
    assert {row["class"] for row in rows} == {one["name"] for one in document["classes"]}
    evidence = [float(row["evidence"]) for row in rows]
    assert document["all"]["evidence"] == pytest.approx(np.mean(evidence), abs=1e-4)
    energy = [float(row["energy_in_box"]) for row in rows if row["energy_in_box"]]
    assert document["all"]["energy_in_box"] == pytest.approx(np.mean(energy), abs=1e-4)
    assert sum(document["all"]["energy_histogram"]) == len(energy)
    assert document["tracks"]
    assert "data:image/webp;base64," in out.read_text("utf-8")
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix) == [
        "report.csv",
        "report.html",
        "run.json",
    ]


def test_existing_files_stay(fake: None, photos: Path, tmp_path: Path) -> None:
    (tmp_path / "report.csv").write_text("mine")
    refused = heatcam("stats", photos, "-o", tmp_path / "report.html", exit_code=2)
    assert "report.csv exists already" in refused.stderr
    heatcam("stats", photos, "-o", tmp_path / "report.html", "--overwrite")
    assert (tmp_path / "report.csv").read_text().startswith("frame,time_s")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-o", "report.pdf"), "report.pdf is no name of a page; end it in .html"),
        (("--plain", "-o", "report.html"), "--plain writes no page"),
        (("-o", "a.html", "--json", "a.csv"), "a.csv would be written twice"),
        (("-o", "nowhere/a.html"), "there is no folder nowhere"),
        ((), "the demo scene never ends"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    words: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert said in heatcam("stats", "demo", *words, exit_code=2).stderr
    assert list(tmp_path.glob("*.*")) == []


def test_a_picture_that_cannot_be_read_is_told_and_not_the_end(
    fake: None, photos: Path, tmp_path: Path
) -> None:
    (photos / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n but no more")
    out = tmp_path / "report.html"
    done = heatcam("stats", photos, "-o", out, exit_code=1)
    assert "b.png" in done.stderr
    assert "2 frames" in done.stdout
    assert "b.png is" in out.read_text("utf-8")


def test_every_third_frame_and_the_first_seconds_alone(fake: None, tmp_path: Path) -> None:
    report = tmp_path / "run.json"
    heatcam("stats", "demo", "--plain", "--seconds", "1", "--every", "3", "--json", report)
    document = json.loads(report.read_text())
    assert (document["frames"], document["every"]) == (10, 3)
    assert document["time"]["at"][:3] == pytest.approx([0, 0.1, 0.2], abs=1e-4)


def test_plain_draws_in_the_terminal_and_writes_nothing(
    fake: None, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = heatcam("stats", photos, "--plain")
    assert "3 pictures" in done.stdout
    assert "Where in the frame heat lies" in done.stdout or "No heat map" in done.stdout
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == []


def test_the_document_on_standard_output_stands_alone(fake: None, photos: Path, tmp_path: Path) -> None:
    done = heatcam("stats", photos, "-o", tmp_path / "a.html", "--json", "-")
    assert json.loads(done.stdout)["schema"] == "heatcam/stats/1"


def test_ctrl_c_keeps_what_was_seen(tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    program = start("stats", "demo", "-o", out, "--seconds", "600", module="tests.commands.fake_explainer")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not any(p.stat().st_size > 500 for p in tmp_path.glob(".*.part")):
        time.sleep(0.1)
    program.send_signal(signal.SIGINT)
    said, _ = program.communicate(timeout=60)
    assert program.returncode == 130
    assert "stopped early" in said
    assert "The run was stopped early" in out.read_text("utf-8")
    assert len((tmp_path / "report.csv").read_text().splitlines()) > 2
    assert sorted(path.suffix for path in tmp_path.iterdir() if path.is_file()) == [".csv", ".html"]
