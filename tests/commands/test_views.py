"""``heatcam snapshot --view`` and ``--images``, and ``heatcam redraw``: which pictures come, and what is said of the others."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from heatcam.frames import Explanation, Frame
from heatcam.overlay import OverlayOptions
from heatcam.sinks import read_raw_maps, write_raw_maps
from heatcam.views.registry import render_view
from tests.commands.fake_explainer import FakeExplainer
from tests.commands.programs import heatcam
from tests.views.scenes import SIZE_WH, seen

ALL = "overlay,heatmap,boxes,regions,original,dual,grid,sheet"


class ByHand(FakeExplainer):
    """Explains every picture by the two objects of the scene; a black one shows nothing, a white one has no map."""

    def explain(self, frame: Frame, **_: Any) -> Explanation:  # type: ignore[override]
        is_black, is_white = not frame.image_bgr.any(), frame.image_bgr.min() == 255
        found = replace(seen(0 if is_black else 2), frame=frame)
        return replace(found, saliency=None, object_maps=(), map_error="no gradient") if is_white else found


@pytest.fixture(autouse=True)
def by_hand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("heatcam.commands.snapshot.start_any_explainer", lambda *_, **__: ByHand())
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("a.png", np.full((SIZE_WH[1], SIZE_WH[0], 3), 90, np.uint8))
    cv2.imwrite("black.png", np.zeros((SIZE_WH[1], SIZE_WH[0], 3), np.uint8))
    cv2.imwrite("white.png", np.full((SIZE_WH[1], SIZE_WH[0], 3), 255, np.uint8))


def names(folder: str = ".") -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


def image(result: Any) -> dict[str, Any]:
    (row,) = json.loads(result.stdout)["images"]
    return row


def test_one_view_is_the_file_that_was_named() -> None:
    heatcam("snapshot", "a.png", "-o", "out.png", "--view", "grid")
    expected = render_view("grid", replace(seen(), frame=Frame(cv2.imread("a.png"), 0, 0, 0, "a.png")))
    assert (cv2.imread("out.png") == expected).all()


def test_without_a_name_it_says_which_view_it_is() -> None:
    heatcam("snapshot", "a.png", "--view", "heatmap")
    heatcam("snapshot", "a.png")
    assert {"a-heatmap.png", "a-heat.png"} <= set(names())


def test_several_go_into_a_folder_each_with_its_name_behind_the_pictures() -> None:
    result = heatcam("snapshot", "a.png", "-o", "out/", "--view", ALL, "--npz", "--map-png")
    assert names("out") == sorted([*(f"a-{view}.png" for view in ALL.split(",")), "a-map.png", "a.npz"])
    assert f"a.png: made {ALL.replace(',', ', ')}" in " ".join(result.stderr.split())
    assert "a.png -> out/a-overlay.png, a-heatmap.png," in result.stdout


def test_several_do_not_fit_into_one_file() -> None:
    result = heatcam("snapshot", "a.png", "-o", "out.png", "--view", "overlay,grid", exit_code=2)
    assert "2 views do not fit into one file out.png; use a folder: -o out/" in result.stderr


def test_a_sheet_may_be_a_pdf() -> None:
    heatcam("snapshot", "a.png", "-o", "out.pdf", "--view", "sheet")
    assert Path("out.pdf").read_bytes().startswith(b"%PDF")


def test_a_view_that_cannot_be_made_is_told_with_its_reason_and_the_others_come() -> None:
    result = heatcam("snapshot", "white.png", "-o", "out/", "--view", "grid,boxes", "--map-png", exit_code=1)
    assert names("out") == ["white-boxes.png"]
    assert (
        "white.png: made boxes; grid was not made (there is no heat map (no gradient)); map-png was not made (no gradient)"
        in " ".join(result.stderr.split())
    )


def test_of_a_folder_only_what_cannot_be_made_is_missing() -> None:
    heatcam("snapshot", "a.png", "black.png", "-o", "out/", "--view", "grid,overlay", exit_code=1)
    assert names("out") == ["a-grid.png", "a-overlay.png", "black-overlay.png"]


def test_in_the_document_every_view_has_a_status_and_a_reason_or_a_file() -> None:
    result = heatcam(
        "snapshot", "black.png", "-o", "out/", "--view", "grid,overlay", "--json", "-", exit_code=1
    )
    assert image(result)["views"] == {
        "grid": {"status": "failed", "reason": "nothing was detected", "path": None},
        "overlay": {"status": "ok", "reason": None, "path": str(Path("out/black-overlay.png"))},
    }


def test_images_come_in_the_document_and_nothing_is_written() -> None:
    before = names()
    result = heatcam("snapshot", "a.png", "--json", "-", "--images", "overlay,heatmap")
    assert names() == before
    row = image(result)
    assert row["output"] is None
    assert list(row["images"]) == ["overlay", "heatmap"]
    for view in row["images"].values():
        assert (view["status"], view["reason"], view["mime"]) == ("ok", None, "image/png")
        assert base64.b64decode(view["data"]).startswith(b"\x89PNG")
    assert result.stderr.count("a.png: made overlay, heatmap") == 1


def test_an_image_that_cannot_be_made_has_its_reason_in_the_document() -> None:
    result = heatcam("snapshot", "white.png", "--json", "-", "--images", "heatmap,original", exit_code=1)
    found = image(result)["images"]
    assert found["heatmap"] == {
        "status": "failed",
        "reason": "there is no heat map (no gradient)",
        "mime": None,
        "data": None,
    }
    assert found["original"]["status"] == "ok"


def test_images_and_files_go_together() -> None:
    heatcam("snapshot", "a.png", "-o", "out.png", "--json", "out.json", "--images", "grid")
    (row,) = json.loads(Path("out.json").read_text())["images"]
    assert list(row["images"]) == ["grid"]
    assert (row["output"], list(row["views"])) == ("out.png", ["overlay"])
    assert Path("out.png").is_file()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--images grid", "--images puts views into the JSON document; add --json -"),
        (
            "--json - --images grid --view overlay",
            "--view writes files, and --images alone writes none; add -o",
        ),
        ("--json - --images grid --npz", "--npz writes files"),
        ("--json - --images grid --map-png", "--map-png writes files"),
        ("--view grdi", "there is no view 'grdi'; did you mean 'grid'?"),
        ("--json - --images x", "there is no view 'x'"),
    ],
)
def test_what_cannot_be_meant_is_refused(words: str, said: str) -> None:
    assert said in heatcam("snapshot", "a.png", *words.split(), exit_code=2).stderr


@pytest.mark.parametrize("there", ["a-grid.png", "a-overlay.png", "a.npz", "a-map.png"])
def test_every_planned_file_that_is_there_is_refused_before_any_work(
    there: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "heatcam.commands.snapshot.start_any_explainer", lambda *_, **__: pytest.fail("it began")
    )
    Path("out").mkdir()
    Path("out", there).write_bytes(b"mine")
    words = ("-o", "out", "--view", "overlay,grid", "--npz", "--map-png")
    assert f"{there} exists already" in heatcam("snapshot", "a.png", *words, exit_code=2).stderr
    assert Path("out", there).read_bytes() == b"mine"


def test_skip_existing_goes_on_where_one_of_the_files_is_missing() -> None:
    words = ("snapshot", "a.png", "-o", "out/", "--view", "overlay,grid", "--map-png")
    heatcam(*words)
    Path("out/a-overlay.png").write_bytes(b"mine")
    assert "1 of 1 are there already" in heatcam(*words, "--skip-existing").stderr
    Path("out/a-map.png").unlink()
    heatcam(*words, "--skip-existing")
    assert Path("out/a-map.png").is_file()
    assert Path("out/a-overlay.png").read_bytes() == b"mine"


def test_increment_takes_the_next_folder() -> None:
    for _ in range(2):
        heatcam("snapshot", "a.png", "-o", "out/", "--view", "overlay,grid", "--increment")
    assert names("out") == names("out2") == ["a-grid.png", "a-overlay.png"]


def test_the_map_says_in_the_document_how_to_get_logits_back() -> None:
    row = image(heatcam("snapshot", "a.png", "-o", "out.png", "--map-png", "--json", "-"))
    said = row["map_png"]
    pixels = cv2.imread("out.png.map.png", cv2.IMREAD_UNCHANGED).astype(float)
    values = (pixels - said["zero"]) * said["scale"]
    assert (said["path"], said["unit"]) == ("out.png.map.png", "logits per cell")
    assert np.abs(values - seen().saliency.in_image()).max() <= said["scale"]


def test_a_picture_that_cannot_be_written_has_no_row(monkeypatch: pytest.MonkeyPatch) -> None:
    from heatcam.errors import SinkError

    def fails(path: Path, *_: object) -> None:
        if path.name == "a-grid.png":
            raise SinkError("no room")

    monkeypatch.setattr("heatcam.commands.picture_sink.write_picture", fails)
    words = ("a.png", "white.png", "-o", "out/", "--view", "overlay,grid", "--json", "-")
    result = heatcam("snapshot", *words, exit_code=1)
    assert [row["path"] for row in json.loads(result.stdout)["images"]] == ["white.png"]
    assert "left out: no room" in result.stderr


@pytest.fixture
def archive() -> Path:
    heatcam("snapshot", "a.png", "-o", "out.png", "--npz")
    return Path("out.png.npz")


def test_a_snapshot_is_redrawn_byte_for_byte(archive: Path) -> None:
    heatcam("redraw", archive, "-o", "again.png")
    assert Path("again.png").read_bytes() == Path("out.png").read_bytes()


def test_it_is_redrawn_in_another_style(archive: Path) -> None:
    heatcam("redraw", archive, "-o", "other.png", "--colormap", "viridis", "--view", "grid", "--no-boxes")
    look = OverlayOptions(colormap="viridis", boxes=False)  # type: ignore[arg-type]
    assert (cv2.imread("other.png") == render_view("grid", read_raw_maps(archive), look)).all()


def test_without_a_name_it_is_called_like_the_picture(archive: Path) -> None:
    heatcam("redraw", archive)
    heatcam("redraw", archive, "--view", "heatmap,grid")
    assert "out-overlay.png" in names()
    assert names("heat") == ["out-grid.png", "out-heatmap.png"]


def test_it_has_the_same_document_as_the_snapshot(archive: Path) -> None:
    row = image(heatcam("redraw", archive, "--json", "-", "--images", "grid"))
    first = image(heatcam("snapshot", "a.png", "--json", "-", "--images", "grid"))
    assert row == first


def test_what_is_there_is_not_replaced_unasked(archive: Path) -> None:
    result = heatcam("redraw", archive, "-o", "out.png", exit_code=2)
    assert "out.png exists already; choose another name or add --overwrite" in result.stderr
    heatcam("redraw", archive, "-o", "out.png", "--overwrite")
    assert (
        "cannot tell the format"
        in heatcam("redraw", archive, "-o", archive, "--overwrite", exit_code=2).stderr
    )


def test_archives_that_cannot_be_read_are_one_line_each() -> None:
    Path("bad.npz").write_bytes(b"PK\x03\x04")
    result = heatcam("redraw", "bad.npz", "-o", "x.png", exit_code=2)
    assert result.stderr.strip().count("\n") == 0
    assert "bad.npz is no NumPy archive" in result.stderr
    assert "no.npz does not exist" in heatcam("redraw", "no.npz", exit_code=2).stderr
    write_raw_maps(Path("good.npz"), seen())
    result = heatcam("redraw", "bad.npz", "good.npz", "-o", "all/", exit_code=1)
    assert "left out: bad.npz" in result.stderr
    assert names("all") == ["good.png"]


def test_redraw_loads_no_torch(archive: Path) -> None:
    code = (
        "import sys\n"
        "from heatcam.cli.app import app\n"
        f"sys.argv = ['heatcam', 'redraw', '{archive}', '-o', 'x/', '--view', 'overlay,heatmap,boxes,grid,sheet']\n"
        "try: app()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "heavy = {'torch', 'ultralytics', 'torchvision', 'openvino', 'matplotlib', 'scipy', 'av'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(names("x")) == 5
