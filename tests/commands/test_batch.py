"""``heatcam batch``: the numbers of ``snapshot``, killed and gone on with, in shards, and what fails on the way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import polars
import pytest

import heatcam as public
from heatcam.batch import unpack_map
from heatcam.sinks import read_raw_maps
from tests.batch.fakes import ByColour, save, take_the_models_place, write_tar
from tests.commands.programs import heatcam

ROOT = Path(__file__).parents[2]


def batch(*words: object, exit_code: int = 0) -> Any:
    return heatcam("batch", *words, "--model", "markers", "--device", "cpu", exit_code=exit_code)


def table(folder: Path) -> polars.DataFrame:
    return polars.read_parquet(folder / "part-*.parquet").sort("input_index", "object")


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    take_the_models_place(monkeypatch)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """23 pictures with up to three objects each, of which two fail."""
    for n in range(23):
        save(tmp_path / f"photos/{n}.png", {7: 255}.get(n, n % 4))
    (tmp_path / "photos/20.png").write_bytes(b"\x89PNG\r\n\x1a\nnonsense")
    return tmp_path / "photos"


# --- the numbers of snapshot -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenes")
    with public.open_source("demo") as source:
        for n, (frame, size) in enumerate(
            zip(source, ((320, 180), (180, 320), (320, 180), (300, 300)), strict=False)
        ):
            image = frame.image_bgr if size[0] > size[1] else frame.image_bgr[:, 280:1000]
            cv2.imwrite(str(folder / f"{n}.png"), cv2.resize(image, size, interpolation=cv2.INTER_AREA))
    return folder


@pytest.fixture(scope="module")
def by_snapshot(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> polars.DataFrame:
    folder = tmp_path_factory.mktemp("snapshot")
    heatcam(
        *("snapshot", scenes, "-o", f"{folder}/heat/", "--parquet", folder / "t.parquet", "--npz"),
        *("--backend", "torch", "--device", "cpu"),
    )
    return polars.read_parquet(folder / "t.parquet")


def test_every_column_is_that_of_snapshot(
    scenes: Path, by_snapshot: polars.DataFrame, tmp_path: Path
) -> None:
    result = batch(scenes, "-o", tmp_path / "maps", "--backend", "torch", "--chunk", "3")
    ours = table(tmp_path / "maps")
    assert len(by_snapshot) > 8
    assert ours.select(by_snapshot.columns).equals(by_snapshot)
    assert ours.select(by_snapshot.columns).schema == by_snapshot.schema
    assert f"4 pictures, {len(ours)} objects, 0 failed, in 2 parts" in result.stdout


def test_streams_have_the_same_numbers(scenes: Path, by_snapshot: polars.DataFrame, tmp_path: Path) -> None:
    batch(scenes, "-o", tmp_path / "maps", "--backend", "torch", "--streams", "2")
    ours = table(tmp_path / "maps")
    for name in by_snapshot.columns:
        if by_snapshot[name].dtype == polars.Float64:
            apart = (ours[name] - by_snapshot[name]).abs() / (1 + by_snapshot[name].abs())
            assert (apart.max() or 0.0) < 2e-3, name
        else:
            assert ours[name].equals(by_snapshot[name]), name


def test_maps_in_rows_and_in_archives_are_those_of_snapshot(scenes: Path, tmp_path: Path) -> None:
    batch(scenes / "0.png", "-o", tmp_path / "rows", "--backend", "torch")
    batch(scenes / "0.png", "-o", tmp_path / "npz", "--backend", "torch", "--maps", "npz", "--pictures")
    archives = table(tmp_path / "npz")
    assert "map" not in archives.columns
    explained = read_raw_maps(tmp_path / "npz" / archives["npz"][0])
    for row, own in zip(table(tmp_path / "rows").iter_rows(named=True), explained.object_maps, strict=True):
        again = unpack_map(row)
        assert abs(again.values - own.values).max() <= 2**-11 * abs(own.values).max()
        assert (again.letterbox, again.method, again.layer) == (own.letterbox, own.method, own.layer)
    drawn = cv2.imread(str(tmp_path / "npz" / archives["picture"][0]))
    assert drawn is not None
    assert drawn.shape[:2] >= (180, 320)


# --- what comes out --------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("quick")
def test_failed_pictures_are_listed_and_do_not_end_it(photos: Path, tmp_path: Path) -> None:
    result = batch(photos, "-o", tmp_path / "maps", exit_code=1)
    failed = lines(tmp_path / "maps/failed.jsonl")
    assert [(Path(one["path"]).name, one["input_index"]) for one in failed] == [("7.png", 7), ("20.png", 20)]
    assert failed[0]["reason"] == "RuntimeError: out of memory"
    assert "damaged or truncated PNG" in failed[1]["reason"]
    assert f"2 pictures failed, with the reasons in {tmp_path}/maps/failed.jsonl" in result.stderr
    assert "23 pictures, 30 objects, 2 failed, in 1 part" in result.stdout
    assert len(table(tmp_path / "maps")) == 30


@pytest.mark.usefixtures("quick")
def test_pictures_come_from_lists_and_tar_files(photos: Path, tmp_path: Path) -> None:
    members = [(f"{n}.{kind}", (photos / f"{n}.png").read_bytes()) for n in (1, 2) for kind in ("png", "cls")]
    tar = write_tar(tmp_path / "shard.tar.gz", members, "w:gz")
    (tmp_path / "list.txt").write_text(f"{photos}/3.png\n{photos}/none.png\n")
    batch(tar, tmp_path / "list.txt", "-o", tmp_path / "maps", exit_code=1)
    rows = table(tmp_path / "maps")
    assert rows["member"].to_list() == ["1.png", "2.png", "2.png", None, None, None]
    assert rows["path"][0] == f"{tar}/1.png"
    assert [one["path"] for one in lines(tmp_path / "maps/failed.jsonl")] == [f"{photos}/none.png"]


@pytest.mark.usefixtures("quick")
def test_the_document_tells_what_came_of_it(photos: Path, tmp_path: Path) -> None:
    result = batch(photos, "-o", tmp_path / "maps", "--chunk", "10", "--json", "-", exit_code=1)
    told = json.loads(result.stdout)
    assert (told["pictures"], told["objects"], told["failed"], told["complete"]) == (23, 30, 2, True)
    assert told["parts"] == ["part-00000000.parquet", "part-00000010.parquet", "part-00000020.parquet"]


@pytest.mark.usefixtures("quick")
def test_what_was_left_out_is_told_as_snapshot_does(photos: Path, tmp_path: Path) -> None:
    save(photos / "sub/x.png", 1)
    (photos / "notes.md").write_text("x")
    result = batch(photos, "-o", tmp_path / "maps", exit_code=1)
    assert "left out: 1 file is no picture: notes.md" in result.stderr
    assert "1 more in 1 sub-folder; -r includes them" in result.stderr
    assert "24 pictures" in batch(photos, "-r", "-o", tmp_path / "all", exit_code=1).stdout


# --- shards, and going on --------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("quick")
def test_shards_in_one_folder_are_the_whole(photos: Path, tmp_path: Path) -> None:
    batch(photos, "-o", tmp_path / "whole", exit_code=1)
    for number, code in ((3, 1), (1, 0), (2, 1)):
        batch(photos, "-o", tmp_path / "maps", "--shard", f"{number}/3", "--chunk", "4", exit_code=code)
    assert table(tmp_path / "maps").equals(table(tmp_path / "whole"))
    named = sorted(path.name for path in (tmp_path / "maps").glob("*.jsonl"))
    assert named == [
        *("failed-2-of-3.jsonl", "failed-3-of-3.jsonl", "inputs.jsonl"),
        *("manifest-1-of-3.jsonl", "manifest-2-of-3.jsonl", "manifest-3-of-3.jsonl"),
    ]
    batch(photos, "-o", tmp_path / "maps", "--shard", "1/3", "--chunk", "4", exit_code=2)
    batch(photos, "-o", tmp_path / "maps", "--shard", "1/3", "--chunk", "4", "--overwrite")
    assert table(tmp_path / "maps").equals(table(tmp_path / "whole"))


@pytest.mark.usefixtures("quick")
def test_a_complete_run_is_gone_on_with_by_nothing(photos: Path, tmp_path: Path) -> None:
    batch(photos, "-o", tmp_path / "maps", "--resume", exit_code=1)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "maps").iterdir()}
    result = batch(photos, "-o", tmp_path / "maps", "--resume", exit_code=1)
    assert "23 of 23 pictures are done already" in result.stderr
    assert "loading" not in result.stderr
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "maps").iterdir()} == before


@pytest.mark.usefixtures("quick")
def test_pictures_that_came_later_are_not_in_a_run_that_was_begun(photos: Path, tmp_path: Path) -> None:
    batch(photos, "-o", tmp_path / "maps", "--shard", "1/2", exit_code=1)
    save(photos / "0a.png", 3)
    batch(photos, "-o", tmp_path / "maps", "--shard", "2/2", exit_code=1)
    assert len(table(tmp_path / "maps")) == 30


@pytest.mark.usefixtures("quick")
def test_ctrl_c_keeps_what_is_done_and_tells_how_to_go_on(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch(photos, "-o", tmp_path / "whole", exit_code=1)
    seen, explain = 0, ByColour.explain

    def explains_some(self: Any, image: Any, **options: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen == 19:
            os.kill(os.getpid(), signal.SIGINT)
        return explain(self, image, **options)

    with monkeypatch.context() as patch:
        patch.setattr(ByColour, "explain", explains_some)
        result = batch(photos, "-o", tmp_path / "maps", exit_code=130)
    assert "stopped before the rest: 7 to do; --resume goes on" in result.stderr
    assert [(part["first"], part["end"]) for part in lines(tmp_path / "maps/manifest.jsonl")[2:]] == [(0, 16)]
    again = batch(photos, "-o", tmp_path / "maps", "--resume", exit_code=1)
    assert "16 of 23 pictures are done already" in again.stderr
    assert table(tmp_path / "maps").equals(table(tmp_path / "whole"))
    assert lines(tmp_path / "maps/failed.jsonl") == lines(tmp_path / "whole/failed.jsonl")


def program(moment: str, *words: object) -> subprocess.Popen[str]:
    told = [sys.executable, "-m", "tests.commands.batch_program", moment, "batch", *map(str, words)]
    return subprocess.Popen(
        [*told, "--model", "markers"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.mark.parametrize(
    "moments",
    [
        ("part:1", "failed:2"),
        pytest.param(("list:1", "part:1", "line:2", "failed:2"), marks=pytest.mark.soak),
        pytest.param(
            (
                "head:1",
                "line:1",
                "rename:1",
                "rename:2",
                "part:2",
                "line:3",
                "failed:1",
                "picture:5",
                "picture:2",
            ),
            marks=pytest.mark.soak,
        ),
    ],
)
def test_killed_at_every_step_and_gone_on_with_the_result_is_that_of_one_run(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moments: tuple[str, ...]
) -> None:
    """SIGKILL: before the list is there, after the manifest's head, in a picture, and around each thing that is written."""
    with monkeypatch.context() as patch:
        take_the_models_place(patch)
        batch(photos, "-o", tmp_path / "whole", "--chunk", "4", exit_code=1)
    words = (photos, "-o", tmp_path / "maps", "--chunk", "4", "--resume")
    done = []
    for moment in moments:
        killed = program(moment, *words)
        _, notes = killed.communicate(timeout=60)
        assert killed.returncode == -signal.SIGKILL, (moment, notes)
        manifest = tmp_path / "maps/manifest.jsonl"
        done.append(manifest.read_text().count('"objects"') if manifest.exists() else 0)
    assert done == sorted(done)
    assert 0 < done[-1] < 6, "it went on from where it was, and was killed before its end"
    last = program("never", *words)
    _, notes = last.communicate(timeout=60)
    assert last.returncode == 1, notes
    assert table(tmp_path / "maps").equals(table(tmp_path / "whole"))
    assert lines(tmp_path / "maps/failed.jsonl") == lines(tmp_path / "whole/failed.jsonl")
    assert sorted(os.listdir(tmp_path / "maps")) == sorted(os.listdir(tmp_path / "whole"))  # noqa: PTH208


def killed_once_a_part_is_there(folder: Path, running: subprocess.Popen[str]) -> int:
    """Kill a run from outside, wait for all that it has started, and return the number of its parts."""
    manifest = folder / "manifest.jsonl"
    while running.poll() is None and not (manifest.exists() and manifest.read_text().count('"objects"')):
        time.sleep(0.005)
    running.kill()
    running.communicate(timeout=60)  # (ends once nobody holds its output any more)
    return manifest.read_text().count('"objects"')


def test_a_run_with_processes_that_is_killed_from_outside_is_gone_on_with(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = [photos / f"{n % 23}.png" for n in range(480)]
    (tmp_path / "list.txt").write_text("".join(f"{path}\n" for path in named))
    words = (tmp_path / "list.txt", "-o", tmp_path / "maps", "--workers", "2", "--chunk", "8", "--resume")
    first = killed_once_a_part_is_there(tmp_path / "maps", program("never", *words))
    assert 0 < first < 60
    take_the_models_place(monkeypatch)
    result = batch(*words[:3], "--chunk", "8", "--resume", exit_code=1)
    assert f"{8 * first} of 480 pictures are done already" in result.stderr
    batch(*words[:2], tmp_path / "whole", "--chunk", "8", exit_code=1)
    assert table(tmp_path / "maps").equals(table(tmp_path / "whole"))
    assert lines(tmp_path / "maps/failed.jsonl") == lines(tmp_path / "whole/failed.jsonl")


@pytest.mark.soak
def test_two_processes_with_a_model_are_killed_with_their_parent_and_gone_on_with(
    scenes: Path, by_snapshot: polars.DataFrame, tmp_path: Path
) -> None:
    """The embedded model; its processes do not outlive the one that started them."""
    (tmp_path / "list.txt").write_text("".join(f"{scenes}/{n}.png\n" for n in (0, 1, 2, 3) * 8))
    words = (
        "batch",
        tmp_path / "list.txt",
        "-o",
        tmp_path / "maps",
        "--workers",
        "2",
        "--chunk",
        "4",
        "--resume",
    )
    told = [sys.executable, "-m", "heatcam", *map(str, words), "--model", "markers", "--backend", "torch"]
    running = subprocess.Popen(
        told, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    first = killed_once_a_part_is_there(tmp_path / "maps", running)
    assert 0 < first < 8
    result = heatcam(*words, "--model", "markers", "--backend", "torch")
    assert f"{4 * first} of 32 pictures are done already" in result.stderr
    ours = table(tmp_path / "maps")
    assert len(ours) == 8 * len(by_snapshot)
    same = ours.filter(polars.col("input_index") < 4).select(by_snapshot.columns)
    assert same["class_name"].equals(by_snapshot["class_name"])
    assert ((same["confidence"] - by_snapshot["confidence"]).abs().max() or 0) < 1e-3


# --- refusals --------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--conf", "0.5"], "was begun with conf 0.25 and not 0.5"),
        (["--maps", "none"], "was begun with maps rows and not none"),
        (["--chunk", "9"], "was begun with chunk 256 and not 9"),
        (["--method", "gradcam"], "was begun with method live and not gradcam"),
    ],
)
def test_a_run_with_other_settings_is_not_gone_on_with(
    photos: Path, tmp_path: Path, words: list[str], problem: str
) -> None:
    batch(photos, "-o", tmp_path / "maps", exit_code=1)
    result = batch(photos, "-o", tmp_path / "maps", "--resume", *words, exit_code=2)
    assert problem in result.stderr
    assert batch(photos, "-o", tmp_path / "maps", "--overwrite", *words, exit_code=1)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["none.png"], "there is no file none.png"),
        (["none.tar"], "none.tar is no tar file"),
        (["none.txt"], "cannot read none.txt"),
        (["PHOTOS", "--shard", "4/3"], "--shard 4/3 is none; for example 3/16"),
        (["PHOTOS", "--shard", "99/99"], ""),
        (["PHOTOS", "--shard", "1/99"], "--shard 1/99 of 23 pictures is empty"),
        (["PHOTOS", "--quality", "true"], "takes seconds an object"),
        (["PHOTOS", "--conf", "2"], "conf is 2"),
        (["PHOTOS", "--resume", "--overwrite"], "exclude each other"),
        (["PHOTOS", "--workers", "999", "--streams", "9"], "999 workers of 9 streams"),
        (["PHOTOS", "-o", "PHOTOS/0.png"], "is a file"),
        (["PHOTOS", "--json", "PHOTOS/0.png"], "exists already"),
        (["PHOTOS", "--device", "gpu"], "gpu"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line_before_torch_is_imported(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], problem: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if not problem:
        take_the_models_place(monkeypatch)
        batch(photos, *words[1:])
        return
    told = [word.replace("PHOTOS", str(photos)) for word in words]
    result = heatcam("batch", "--model", "markers", *told, exit_code=2 if "is a file" not in problem else 1)
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("heatcam: ")]
    assert problem in line


def test_refusals_import_no_torch(photos: Path) -> None:
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom heatcam.cli.app import app\n"
        "result = CliRunner().invoke(app, ['batch', sys.argv[1], '--shard', '1/99', '--model', 'markers', '-o', sys.argv[2]])\n"
        "assert result.exit_code == 2, result.stderr\nassert not {'torch', 'ultralytics'} & set(sys.modules)"
    )
    words = [sys.executable, "-c", code, str(photos), str(photos.parent / "maps")]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("quick")
def test_an_earlier_run_is_not_written_over(photos: Path, tmp_path: Path) -> None:
    batch(photos, "-o", tmp_path / "maps", exit_code=1)
    result = batch(photos, "-o", tmp_path / "maps", exit_code=2)
    assert "manifest.jsonl exists already; add --resume to go on, or --overwrite" in result.stderr
    (tmp_path / "maps/manifest.jsonl").unlink()
    result = batch(photos, "-o", tmp_path / "maps", "--resume", exit_code=2)
    assert "part-00000000.parquet exists already" in result.stderr


@pytest.mark.usefixtures("quick")
def test_a_run_is_of_its_own_pictures(photos: Path, tmp_path: Path) -> None:
    batch(photos, "-o", tmp_path / "maps", exit_code=1)
    result = batch(photos / "1.png", "-o", tmp_path / "maps", "--resume", exit_code=2)
    assert "is of other inputs; give the same ones, or another -o" in result.stderr
