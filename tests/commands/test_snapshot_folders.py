"""``heatcam snapshot`` of many pictures: which file becomes which, what is in the way, and what stays when it is ended early."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from heatcam.commands import picture_sink
from heatcam.runtime import stopping
from heatcam.sinks import earlier_outlines
from tests.commands.fake_explainer import FakeExplainer
from tests.commands.programs import heatcam


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("heatcam.commands.snapshot.start_any_explainer", lambda *_, **__: FakeExplainer())


def save(path: Path, kind: str | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (64, 48), (90, 120, 30)).save(path, kind or "PNG")
    return path


def tree(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def holiday(tmp_path: Path) -> Path:
    folder = tmp_path / "holiday"
    for name in ("a.png", "day/a.png", "day/night/b.png"):
        save(folder / name)
    (folder / "notes.txt").write_text("x")
    return folder


def test_pictures_of_sub_folders_are_counted_and_said(holiday: Path, tmp_path: Path) -> None:
    result = heatcam("snapshot", holiday, "-o", f"{tmp_path}/heat/")
    assert tree(tmp_path / "heat") == ["a.png"]
    assert "1 picture here; 2 more in 2 sub-folders; -r includes them" in result.stderr
    assert "left out: 1 file is no picture: notes.txt" in result.stderr


def test_recursive_mirrors_the_tree_and_each_line_says_from_where_to_where(
    holiday: Path, tmp_path: Path
) -> None:
    result = heatcam("snapshot", holiday, "-r", "-o", f"{tmp_path}/heat/", "--npz")
    assert tree(tmp_path / "heat") == [
        *("a.png", "a.png.npz", "day/a.png", "day/a.png.npz", "day/night/b.png", "day/night/b.png.npz"),
    ]
    assert f"{holiday}/day/a.png -> {tmp_path}/heat/day/a.png  1 thing" in result.stdout.splitlines()
    assert "more in" not in result.stderr


def test_a_second_run_with_the_results_inside_the_input_does_not_explain_results(holiday: Path) -> None:
    heatcam("snapshot", holiday, "-r", "-o", f"{holiday}/heat/")
    heatcam("snapshot", holiday, "-r", "-o", f"{holiday}/heat/", "--overwrite")
    assert tree(holiday / "heat") == ["a.png", "day/a.png", "day/night/b.png"]


def test_equal_names_of_several_inputs_stay_apart(holiday: Path, tmp_path: Path) -> None:
    heatcam("snapshot", holiday / "a.png", holiday / "day" / "a.png", "-o", f"{tmp_path}/heat/")
    assert tree(tmp_path / "heat") == ["a.png", "day/a.png"]


def test_odd_suffixes_become_what_can_be_written(tmp_path: Path) -> None:
    for name, kind in {
        "a.jfif": "JPEG",
        "b.avif": "AVIF",
        "c": "PNG",
        "d.mpo": "JPEG",
        "e.jp2": "JPEG2000",
    }.items():
        save(tmp_path / "in" / name, kind)
    heatcam("snapshot", tmp_path / "in", "-o", f"{tmp_path}/heat/")
    assert tree(tmp_path / "heat") == ["a.jpg", "b.jpg", "c.png", "d.jpg", "e.jpg"]


def test_a_folder_without_pictures_ends_nothing_but_is_a_failure(holiday: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = heatcam("snapshot", tmp_path / "empty", holiday, "-o", f"{tmp_path}/heat/", exit_code=1)
    assert f"no pictures in the folder {tmp_path}/empty" in result.stderr
    assert tree(tmp_path / "heat") == ["holiday/a.png"]


def test_the_outputs_folder_is_made(holiday: Path, tmp_path: Path) -> None:
    json_path = tmp_path / "numbers" / "a.json"
    heatcam("snapshot", holiday / "a.png", "-o", tmp_path / "new" / "sub" / "x.png", "--json", json_path)
    assert tree(tmp_path / "new") == ["sub/x.png"]
    assert len(json.loads(json_path.read_text())["images"]) == 1


def test_what_is_there_is_refused_or_replaced_or_skipped_or_numbered(holiday: Path, tmp_path: Path) -> None:
    here, heat = (tmp_path / "heat").as_posix() + "/", tmp_path / "heat"
    save(heat / "day" / "a.png").write_bytes(b"mine")
    refused = heatcam("snapshot", holiday, "-r", "-o", here, exit_code=2)
    assert (
        "day/a.png exists already; choose another name, or add --overwrite, --resume, --skip-existing or --increment"
        in refused.stderr
    )
    assert tree(heat) == ["day/a.png"]
    skipped = heatcam("snapshot", holiday, "-r", "-o", here, "--skip-existing")
    assert "1 of 3 are there already" in skipped.stderr
    assert (heat / "day" / "a.png").read_bytes() == b"mine"
    assert tree(heat) == ["a.png", "day/a.png", "day/night/b.png"]
    heatcam("snapshot", holiday, "-r", "-o", here, "--increment")
    heatcam("snapshot", holiday, "-r", "-o", here, "--increment")
    assert tree(tmp_path / "heat2") == tree(tmp_path / "heat3") == tree(heat)
    heatcam("snapshot", holiday, "-r", "-o", here, "--overwrite")
    assert (heat / "day" / "a.png").read_bytes() != b"mine"


def test_nothing_left_to_do_loads_no_model_and_writes_an_empty_document(
    holiday: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "x.png"
    heatcam("snapshot", holiday / "a.png", "-o", out)
    monkeypatch.setattr(
        "heatcam.commands.snapshot.start_any_explainer", lambda *_, **__: pytest.fail("loaded")
    )
    result = heatcam("snapshot", holiday / "a.png", "-o", out, "--skip-existing", "--json", "-")
    document = json.loads(result.stdout)
    skipped = [{"path": str(holiday / "a.png"), "output": str(out)}]
    assert document == {"schema": "heatcam/findings/1", "skipped": skipped, "images": []}


def test_skip_existing_writes_the_maps_that_are_missing(holiday: Path, tmp_path: Path) -> None:
    heatcam("snapshot", holiday / "a.png", "-o", tmp_path / "x.png")
    before = (tmp_path / "x.png").stat().st_mtime_ns
    heatcam("snapshot", holiday / "a.png", "-o", tmp_path / "x.png", "--npz", "--skip-existing")
    assert np.load(tmp_path / "x.png.npz")["boxes_xyxy"].shape == (1, 4)
    assert (tmp_path / "x.png").stat().st_mtime_ns == before


@pytest.mark.parametrize("words", [["--overwrite", "--increment"], ["--skip-existing", "--overwrite"]])
def test_ways_that_exclude_each_other_are_refused(holiday: Path, words: list[str]) -> None:
    assert "exclude each other; give one" in heatcam("snapshot", holiday, *words, exit_code=2).stderr


def test_a_document_is_never_written_over_a_picture_or_another_document(
    holiday: Path, tmp_path: Path
) -> None:
    out, document = tmp_path / "x.png", tmp_path / "old.json"
    document.write_text("old")
    for path in (out, holiday / "a.png", document):
        result = heatcam("snapshot", holiday / "a.png", "-o", out, "--json", path, exit_code=2)
        assert "would be overwritten" in result.stderr or "exists already" in result.stderr
    assert document.read_text() == "old"
    assert not out.exists()
    heatcam("snapshot", holiday / "a.png", "-o", out, "--json", document, "--overwrite")
    assert json.loads(document.read_text())["images"]


ODD_NAMES = ["caf\udce9.png", "n" * 250 + ".png", "new\nline.png", "\u202eevil.png", "brac[1]ket.png"]


def test_names_of_any_bytes_and_length_do_not_cost_the_document_nor_a_picture(tmp_path: Path) -> None:
    for name in ODD_NAMES:
        save(tmp_path / "caf\udce9 in" / name)
    document = tmp_path / "all.json"
    heatcam("snapshot", tmp_path / "caf\udce9 in", "-o", f"{tmp_path}/heat/", "--npz", "--json", document)
    pictures = {path.name for path in (tmp_path / "heat").iterdir() if path.suffix == ".png"}
    assert pictures == set(ODD_NAMES)
    assert len(list((tmp_path / "heat").iterdir())) == 2 * len(ODD_NAMES)
    said = json.loads(document.read_text("utf-8"))["images"]
    assert {Path(image["output"]).name for image in said} == set(ODD_NAMES)


def test_a_damaged_picture_among_others_is_left_out(holiday: Path, tmp_path: Path) -> None:
    (holiday / "broken.png").write_bytes((holiday / "a.png").read_bytes()[:60])
    result = heatcam("snapshot", holiday, "-o", f"{tmp_path}/heat/", exit_code=1)
    assert "broken.png" in result.stderr
    assert "1 of 2 pictures written, 1 left out" in result.stderr


class Interrupted(FakeExplainer):
    """Ctrl-C comes while the third picture is explained."""

    seen = 0

    def explain(self, *args: object, **words: object) -> object:
        self.seen += 1
        if self.seen == 3:
            stopping.note(signal.SIGINT)
            raise KeyboardInterrupt
        return super().explain(*args, **words)


@pytest.fixture
def _no_signal_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping._state, "number", None)


@pytest.mark.usefixtures("_no_signal_stays")
def test_what_was_done_before_ctrl_c_is_kept_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        save(tmp_path / "in" / f"{number}.png")
    monkeypatch.setattr("heatcam.commands.snapshot.start_any_explainer", lambda *_, **__: Interrupted())
    document = tmp_path / "a.json"
    result = heatcam(
        "snapshot", tmp_path / "in", "-o", f"{tmp_path}/heat/", "--json", document, exit_code=130
    )
    assert tree(tmp_path / "heat") == ["0.png", "1.png"]
    assert "2 of 5 pictures written, stopped before the rest" in result.stderr
    assert [Path(i["path"]).name for i in json.loads(document.read_text())["images"]] == ["0.png", "1.png"]


def test_a_full_disk_ends_the_run_and_says_what_was_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        save(tmp_path / "in" / f"{number}.png")
    real, written = Path.write_bytes, []

    def full(self: Path, data: bytes) -> int:
        written.append(self)
        if len(written) > 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(self, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    result = heatcam("snapshot", tmp_path / "in", "-o", f"{tmp_path}/heat/", exit_code=1)
    assert "2 of 5 pictures written, 1 left out, stopped before the rest" in result.stderr
    assert len(written) == 3


REFUSED = {
    "missing file": ["gone.jpg"],
    "no picture": ["notes.txt"],
    "damaged": ["broken.png"],
    "all damaged": ["bad/"],
    "bad suffix": ["a.png", "-o", "x.gifx"],
    "output exists": ["a.png", "-o", "b.png"],
    "document exists": ["a.png", "-o", "x.png", "--json", "notes.txt"],
    "no folder": ["a.png", "-o", "notes.txt/x.png"],
    "no pictures": ["empty/"],
    "too large": ["bomb.gif"],
}


def test_what_is_refused_is_refused_before_torch_is_imported(tmp_path: Path) -> None:
    """In one process, since each start costs; torch would stay in ``sys.modules``."""
    for name in ("a.png", "b.png"):
        save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad").mkdir()
    for name in ("broken.png", "bad/1.png", "bad/2.png"):
        (tmp_path / name).write_bytes(b"" if "bad" in name else (tmp_path / "a.png").read_bytes()[:60])
    (tmp_path / "bomb.gif").write_bytes(
        b"GIF89a" + b"\xff\xff" * 2 + b"\0\0\0," + b"\0" * 4 + b"\xff\xff" * 2 + b"\0\2\1\x2c\0;"
    )
    code = (
        "import sys, json\n"
        "from typer.testing import CliRunner\n"
        "from heatcam.cli.app import app\n"
        "for words in json.loads(sys.argv[1]):\n"
        "    done = CliRunner().invoke(app, ['snapshot', *words])\n"
        "    print(json.dumps([words, done.exit_code, done.stderr, 'torch' in sys.modules]))\n"
    )
    command_line = [sys.executable, "-c", code, json.dumps(list(REFUSED.values()))]
    done = subprocess.run(
        command_line, cwd=tmp_path, capture_output=True, text=True, check=False, env=dict(os.environ)
    )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == len(REFUSED), done.stderr
    for words, exit_code, said, torch_is_there in rows:
        assert exit_code in (1, 2), (words, said)
        assert len(said.strip().splitlines()) == 1, (words, said)
        assert not torch_is_there, words


def test_the_result_of_a_picture_is_drawn_on_its_own_pixels(holiday: Path, tmp_path: Path) -> None:
    heatcam("snapshot", holiday / "a.png", "-o", tmp_path / "x.png", "--alpha", "0", "--no-boxes", "--no-hud")
    assert np.array_equal(cv2.imread(str(tmp_path / "x.png")), cv2.imread(str(holiday / "a.png")))


def test_counted_names_the_classes_in_their_order() -> None:
    assert picture_sink.counted(["bus", "person", "bus"]) == "2 bus, 1 person"
    assert picture_sink.counted([]) == "nothing detected"


def test_a_run_that_was_interrupted_is_resumed_where_it_ended(holiday: Path, tmp_path: Path) -> None:
    heat, told, coco = tmp_path / "heat", tmp_path / "told.json", tmp_path / "c.json"
    words = ("snapshot", holiday, "-r", "-o", f"{heat}/", "--json", told, "--csv", tmp_path / "t.csv")
    words += ("--coco", coco)
    heatcam(*words)
    whole, outlines = json.loads(told.read_text()), earlier_outlines(coco)
    assert all(regions for regions, *_ in outlines.values())
    (heat / "day" / "a.png").write_bytes((heat / "day" / "a.png").read_bytes()[:-30])  # cut off
    (heat / "day" / "night" / "b.png").unlink()
    resumed = heatcam(*words, "--resume")
    assert "1 of 3 are there already" in resumed.stderr
    again = json.loads(told.read_text())
    assert sorted(row["path"] for row in again["images"]) == sorted(row["path"] for row in whole["images"])
    assert len((tmp_path / "t.csv").read_text().splitlines()) == 1 + 3
    there_already = str(holiday / "a.png")
    assert earlier_outlines(coco)[there_already] == outlines[there_already]
    assert tree(heat) == ["a.png", "day/a.png", "day/night/b.png"]
    before = told.read_bytes()
    assert "3 of 3 are there already" in heatcam(*words, "--resume").stderr
    assert told.read_bytes() == before


def test_a_picture_that_has_changed_since_is_made_again(holiday: Path, tmp_path: Path) -> None:
    words = ("snapshot", holiday / "a.png", "-o", tmp_path / "x.png", "--resume")
    heatcam(*words)
    assert "1 of 1 are there already" in heatcam(*words).stderr
    later = (tmp_path / "x.png").stat().st_mtime_ns + 10**9
    os.utime(holiday / "a.png", ns=(later, later))
    assert "there already" not in heatcam(*words).stderr


def test_pictures_that_were_left_out_are_told_again_at_the_end_of_a_long_run(tmp_path: Path) -> None:
    for number in range(22):
        save(tmp_path / "in" / f"{number:02}.png")
    for number in (3, 7):
        (tmp_path / "in" / f"{number:02}.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    told = tmp_path / "told.json"
    result = heatcam("snapshot", tmp_path / "in", "-o", f"{tmp_path}/out/", "--json", told, exit_code=1)
    assert len(tree(tmp_path / "out")) == 20
    lines = result.stderr.splitlines()
    assert "20 of 22 pictures written, 2 left out" in lines
    after = lines[lines.index("20 of 22 pictures written, 2 left out") :]
    assert sum("left out: " in line for line in after) == 2
    document = json.loads(told.read_text())
    assert [row["path"][-6:] for row in document["images"]][:4] == ["00.png", "01.png", "02.png", "04.png"]
    assert len(document["left_out"]) == 2


def test_rows_of_an_earlier_document_that_are_no_findings_are_not_taken_over(
    holiday: Path, tmp_path: Path
) -> None:
    told = tmp_path / "told.json"
    words = (
        "snapshot",
        holiday,
        "-r",
        "-o",
        f"{tmp_path}/heat/",
        "--json",
        told,
        "--csv",
        tmp_path / "t.csv",
        "--resume",
    )
    heatcam(*words)
    strange = {"path": str(holiday / "day" / "a.png"), "detections": "many"}
    told.write_text(json.dumps({"schema": "heatcam/findings/1", "images": [strange]}))
    (tmp_path / "heat" / "a.png").unlink()
    heatcam(*words)
    assert [Path(row["path"]).name for row in json.loads(told.read_text())["images"]] == ["a.png"]
