"""``heatcam eval`` from its command line to its documents."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import pytest

from heatcam.evaluation import checks, stability
from heatcam.evaluation.controls import CONTROLS
from heatcam.evaluation.protocols import PROTOCOLS
from heatcam.evaluation.tried import TRIED, TriedMap
from tests.bench.tiny import CONF, IMGSZ, PICTURE, tiny_checkpoint
from tests.commands.programs import heatcam
from tests.nets import class_checkpoint

NAMES = ["live", "fine", "ultralytics visualize=True", *CONTROLS]


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    """The command on a small picture with a tiny model, two objects."""
    folder = tmp_path_factory.mktemp("eval")
    cv2.imwrite(str(folder / "photo.png"), PICTURE)
    quick = ["--imgsz", IMGSZ, "--conf", CONF, "--most", 2, "--device", "cpu", "--backend", "torch"]
    return ["eval", folder / "photo.png", "--model", tiny_checkpoint(folder, "tiny"), *quick]


@pytest.fixture
def two_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both protocols take two steps: how each scores at all of its own is in ``tests/evaluation/test_curves.py``."""
    for name, protocol in PROTOCOLS.items():
        monkeypatch.setitem(PROTOCOLS, name, replace(protocol, fractions=(0.02, 0.5)))


def line_of(result: Any) -> str:
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("heatcam: ")]
    return line


def test_everything_is_written_and_standard_output_is_one_document(
    words: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    files = ["--csv", "scores.csv", "--curves", "curves.png"]  # as the README has it
    document = json.loads(heatcam(*words, *files, "--json", "-").stdout)
    rows = document["rows"]
    assert [(row["name"], row["infill"]) for row in rows] == [
        (n, i) for n in NAMES for i in ("blur", "noise")
    ]
    for row in rows:
        assert (row["fractions"], row["vs_box_ci95_photographs"], row["made_with"]) == ("box", None, None)
        assert row["insertion_minus_deletion"] == pytest.approx(row["insertion"] - row["deletion"], abs=2e-4)
        for key in ("vs_box", "vs_ultralytics"):
            low, high = row[f"{key}_ci95"]
            assert low <= row[key] <= high
        assert row["n"] == document["objects"] == 2
        assert len(row["curves"]["fractions"]) == 8
    box = next(row for row in rows if row["name"] == "control: plain box")
    assert (box["vs_box_ci95"], box["energy_in_box"]) == ([0, 0], 1)
    assert (
        "(k/9)^2, k = 1..8, of the pixels of the box, replaced by the blurred picture or by"
        in document["protocol"]
    )
    assert (document["infills"], document["fractions"]) == (["blur", "noise"], "box")
    assert document["protocol"].endswith("maps cut to their box")
    assert (document["model"], document["seed"], document["objects_left_out"]) == ("tiny-tiny", 0, 0)
    assert [Path(p).name for p in document["photographs"]] == ["photo.png"]
    lines = list(csv.DictReader((tmp_path / "scores.csv").read_text("utf-8").splitlines()))
    assert [line["row"] for line in lines] == [name for name in NAMES for _ in range(4)]
    assert [(line["infill"], line["fractions"]) for line in lines[:2]] == [("blur", "box"), ("noise", "box")]
    mean = sum(float(line["insertion"]) for line in lines[:4:2]) / 2
    assert mean == pytest.approx(rows[0]["insertion"], abs=1e-4)
    assert cv2.imread(str(tmp_path / "curves.png")).shape == (980, 1300, 3)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["curves.png", "scores.csv"]


@pytest.mark.usefixtures("two_steps")
def test_a_pipe_gets_plain_lines_of_the_rows_that_were_asked_for(
    words: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What ``--checks`` measures is in ``tests/evaluation``; here no weights are shuffled: each network would be proved anew."""
    monkeypatch.setattr(stability, "NOISE_SAMPLES", 1)
    monkeypatch.setattr(checks, "randomize_weights", lambda network, *_: network)
    more = [
        "--methods",
        "layercam",
        "--layers",
        "3,6",
        "--checks",
        "--whole",
        "--most",
        1,
        "--infill",
        "blur",
    ]
    result = heatcam(*words, *more, "--seed", 3)
    first, *lines = result.stdout.splitlines()
    assert first.startswith("1 objects of tiny-tiny in 1 photographs; protocol growing: ")
    assert first.endswith("maps as they are, over the whole picture")
    tables = [n for n, line in enumerate(lines) if line.startswith("map  ")]
    names = [line.split("  ")[0] for line in lines[tables[0] + 1 : tables[1]]]
    asked = ["layercam", "live @3,6", NAMES[2]]
    assert sorted(names) == sorted([*asked, *CONTROLS])
    checked = [line.split() for line in lines[tables[2] + 1 :]]
    assert [" ".join(cells[:-4]) for cells in checked] == asked
    assert {cell for cells in checked for cell in cells[-3:]} == {"1.00"}
    assert "1 objects are few" in result.stderr


@pytest.mark.usefixtures("two_steps")
def test_the_other_protocol_is_named_and_has_its_own_steps(
    words: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PROTOCOLS, "d-rise", replace(PROTOCOLS["d-rise"], fractions=(0.0, 0.5, 1.0)))
    short = [*words, "--methods", "live", "--most", 1, "--protocol", "d-rise"]
    document = json.loads(heatcam(*short, "--json", "-").stdout)
    assert "D-RISE" in document["protocol"]
    assert (document["infills"], document["fractions"]) == (["mean"], "picture")
    assert len(document["rows"][0]["curves"]["insertion"]) == 3


@pytest.mark.usefixtures("two_steps")
def test_a_photograph_that_cannot_be_read_is_said_and_the_others_count(
    words: list[object], tmp_path: Path
) -> None:
    (tmp_path / "broken.png").write_bytes(b"nothing")
    few = [words[0], tmp_path / "broken.png", *words[1:], "--most", 1, "--methods", "live"]
    result = heatcam(*few, "--json", "-", exit_code=1)
    assert json.loads(result.stdout)["objects"] == 1
    assert "left out: " in result.stderr


def test_nothing_to_judge_is_one_line(words: list[object]) -> None:
    result = heatcam(*words, "--conf", 1, exit_code=1)
    assert "no object to judge in 1 photographs; lower --conf" in line_of(result)
    assert result.stdout == ""


def test_objects_that_are_too_small_are_counted(words: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PROTOCOLS, "growing", replace(PROTOCOLS["growing"], fractions=(2.0,)))
    result = heatcam(*words, "--methods", "live", "--fractions", "picture", exit_code=1)
    assert "objects left out: they cover less than 200.0% of the picture" in result.stderr


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--infill", "blurr"], "unknown infill 'blurr'; did you mean 'blur'?"),
        (["--controls", "dog"], "unknown control 'dog'; use some of: plain box"),
        (["--methods", "magic"], "unknown method 'magic'; use some of: live, fine"),
        (["--layers", "77"], "no layer is called '77'"),
        (["--conf", "7"], "conf is 7.0; give a number from 0 to 1"),
        (["--model", "gone.pt"], "gone.pt does not exist"),
        (["--curves", "x.doc"], "cannot tell the format of x.doc"),
        (["--csv", "x", "--json", "x"], "x would be overwritten"),
    ],
)
def test_wrong_use_is_one_line_with_exit_code_two(words: list[object], more: list[str], said: str) -> None:
    result = heatcam(*words, *more, exit_code=2)
    assert said in line_of(result)
    assert result.stdout == ""


def test_files_that_are_there_and_inputs_are_refused_before_anything_is_loaded(
    words: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from heatcam.commands import evaluation

    monkeypatch.setattr(evaluation, "load_model", lambda name: pytest.fail("it was loaded"))
    (tmp_path / "a.json").write_text("precious")
    assert "a.json exists already" in line_of(heatcam(*words, "--json", tmp_path / "a.json", exit_code=2))
    assert "photo.png would be overwritten" in line_of(
        heatcam(*words, "--csv", words[1], "--overwrite", exit_code=2)
    )
    assert (tmp_path / "a.json").read_text() == "precious"


@pytest.mark.usefixtures("two_steps")
def test_a_map_by_trial_is_judged_by_another_infill_and_refused_its_own(
    words: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    from heatcam.commands import evaluation

    fake = TriedMap("fake", "blur", "fine", lambda explainer: lambda explanation: explanation.object_maps)
    monkeypatch.setitem(TRIED, "fake", fake)
    short = [*words, "--methods", "fake", "--controls", "plain box", "--most", 1]
    result = heatcam(*short, "--json", "-")
    rows = {(row["name"], row["infill"]): row["made_with"] for row in json.loads(result.stdout)["rows"]}
    assert rows == {("fake", "noise"): "blur"} | {
        (name, infill): None for name in (NAMES[2], NAMES[3]) for infill in ("blur", "noise")
    }
    assert "fake is made by trials under blur, and not judged by it" in result.stderr
    monkeypatch.setattr(evaluation, "load_model", lambda name: pytest.fail("it was loaded"))
    refused = heatcam(*short, "--infill", "blur,noise", exit_code=2)
    assert "'fake' is made by trials under 'blur' and is never judged by it; --infill noise" in line_of(
        refused
    )


def test_a_classifier_is_refused(words: list[object], tmp_path: Path) -> None:
    result = heatcam("eval", words[1], "--model", class_checkpoint(tmp_path), exit_code=2)
    assert "is no detector, and only those are evaluated" in line_of(result)


def interrupted_at(monkeypatch: pytest.MonkeyPatch, photograph: int) -> None:
    """Ctrl-C while that photograph is scored."""
    from heatcam.commands import evaluation

    real = evaluation.scores_of

    def scores_of(here: Any, number: int, *rest: Any) -> Any:
        if number == photograph:
            raise KeyboardInterrupt
        return real(here, number, *rest)

    monkeypatch.setattr(evaluation, "scores_of", scores_of)


@pytest.mark.usefixtures("two_steps")
def test_ctrl_c_leaves_what_full_photographs_gave(
    words: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted_at(monkeypatch, 1)
    other = tmp_path / "other.png"
    other.write_bytes(Path(str(words[1])).read_bytes())
    twice = [words[0], other, *words[1:], "--methods", "live"]
    result = heatcam(*twice, "--json", "-", exit_code=130)
    document = json.loads(result.stdout)
    assert (document["objects"], len(document["photographs"])) == (2, 1)
    assert "stopped after 1 of 2 photographs" in result.stderr


def test_ctrl_c_before_that_leaves_nothing(
    words: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    interrupted_at(monkeypatch, 0)
    result = heatcam(*words, "--methods", "live", "--json", tmp_path / "a.json", exit_code=130)
    assert "of 1 photographs" not in result.stderr
    assert "heatcam: stopped" in capfd.readouterr().err
    assert result.stdout == ""
    assert not (tmp_path / "a.json").exists()
