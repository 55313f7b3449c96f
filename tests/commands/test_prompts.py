"""Prompts on the command line and from Python: refused before torch is loaded, encoders asked for first, and found by name."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from rich.console import Console

import heatcam
from heatcam.commands import prompts
from heatcam.commands.options import ModelChoice
from heatcam.commands.refusals import before_compare, before_serve
from heatcam.commands.terminal import Terminal
from heatcam.errors import ModelError, UsageError
from heatcam.models.text_encoder import ENCODERS, TextEncoder
from tests.bench.tiny import IMGSZ, PICTURE
from tests.commands import programs
from tests.models.test_checkpoint import saved
from tests.models.test_prompting import unprompted
from tests.text_encoders import put_in_place, text_encoders

AT = "20,30,90,120"
TINY = ("--imgsz", IMGSZ, "--conf", 0.05, "--device", "cpu", "--backend", "torch")


@pytest.fixture
def encoders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Path]]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEATCAM_CACHE_DIR", str(tmp_path / "cache"))
    with text_encoders(monkeypatch, tmp_path) as files:
        cv2.imwrite("photo.png", PICTURE)
        saved(unprompted("yoloe-v8n"), Path("eye.pt"))
        yield files


@pytest.fixture
def published(encoders: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Downloads bring the small encoders; the addresses that were asked for."""
    from ultralytics.utils import downloads

    asked: list[str] = []

    def fetch(url: str, file: Path, **_: object) -> None:
        asked.append(url)
        name = url.rpartition("/")[2]
        (source,) = (path for path in encoders.values() if path.name == name)
        Path(file).write_bytes(source.read_bytes())

    monkeypatch.setattr(downloads, "safe_download", fetch)
    return asked


def terminal(answer: bool | None, *, yes: bool = False) -> tuple[Terminal, list[str]]:
    asked: list[str] = []

    def confirm(question: str) -> bool:
        asked.append(question)
        return bool(answer)

    memory = Console(file=io.StringIO())
    return Terminal(memory, memory, None if answer is None else confirm, says_yes=yes), asked


def snapshot(*words: object, exit_code: int = 0) -> Any:
    return programs.heatcam("snapshot", "photo.png", "-m", "eye.pt", *words, *TINY, exit_code=exit_code)


def test_words_on_the_command_line_are_what_is_found(encoders: dict[str, Path]) -> None:
    put_in_place("mobileclip:blt", encoders)
    result = snapshot("--prompt", "person, potted plant", "-o", "out.png", "--json", "-")
    assert "finds person, potted plant" in result.stderr
    found = {one["class_name"] for one in json.loads(result.stdout)["images"][0]["detections"]}
    assert found and found <= {"person", "potted plant"}


def test_vectors_and_places_need_no_encoder(encoders: dict[str, Path]) -> None:
    vectors = np.random.default_rng(2).normal(size=(2, 512)).astype(np.float32)
    np.savez("own.npz", embeddings=vectors, names=np.array(["thing one", "thing, two"]))
    assert "finds thing one, thing, two" in snapshot("--prompt", "own.npz", "-o", "a.png").stderr
    both = snapshot(
        "--like", "photo.png", "--at", AT, "--at", "1,1,60,60", "--class", "a", "--class", "b", "-o", "b.png"
    )
    assert "finds a, b" in both.stderr


def test_nobody_to_ask_means_no_encoder_and_one_line_says_what_to_do(
    encoders: dict[str, Path], published: list[str]
) -> None:
    result = snapshot("--prompt", "person", exit_code=2)
    line = result.stderr.strip().splitlines()[-1]
    assert "need the text encoder mobileclip_blt.ts, which is not here" in line
    assert "heatcam models download mobileclip_blt.ts" in line
    assert "--prompt vectors.npz" in line
    assert published == []


def test_a_yes_fetches_the_encoder_once_and_its_sum_is_remembered(
    encoders: dict[str, Path], published: list[str], tmp_path: Path
) -> None:
    choice = ModelChoice(model="eye.pt", prompt="person")
    no, asked = terminal(answer=False)
    with pytest.raises(ModelError, match="text encoder"):
        prompts.have_words_encoded(choice, no)
    assert len(asked) == 1
    assert "Download it from Ultralytics" in asked[0]
    yes, asked = terminal(answer=True)
    for _ in range(2):
        prompts.have_words_encoded(choice, yes)
    assert len(asked) == 1
    assert [url.rpartition("/")[2] for url in published] == ["mobileclip_blt.ts"]
    assert published[0].startswith("https://github.com/ultralytics/assets/releases/download/v")
    assert "encoders/mobileclip_blt.ts" in json.loads(
        (tmp_path / "cache/models/sha256.json").read_text("utf-8")
    )


def test_with_yes_nobody_is_asked(encoders: dict[str, Path], published: list[str]) -> None:
    prompts.have_words_encoded(ModelChoice(model="eye.pt", prompt="person"), terminal(None, yes=True)[0])
    assert len(published) == 1


def test_an_encoder_is_downloaded_by_name(published: list[str]) -> None:
    programs.heatcam("models", "download", "mobileclip2_b", "ViT-B-32.pt")
    assert not ENCODERS["mobileclip2:b"].is_missing
    assert published[1].startswith("https://openaipublic.azureedge.net/clip/")
    rows = json.loads(programs.heatcam("models", "--json", "-").stdout)["models"]
    assert not [row for row in rows if row["where"] == "downloaded"], "they are no models"


def test_an_encoder_that_cannot_be_had_may_be_put_where_it_is_looked_for(
    encoders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ultralytics.utils import downloads

    def fail(url: str, file: Path, **_: object) -> None:
        raise ConnectionError("offline")

    monkeypatch.setattr(downloads, "safe_download", fail)
    encoder = ENCODERS["mobileclip:blt"]
    with pytest.raises(ModelError, match=r"^mobileclip_blt.ts could not be downloaded: offline") as caught:
        encoder.download()
    assert f"put the file into {encoder.path.parent} yourself" in str(caught.value)


def test_another_file_than_the_published_one_is_not_kept(
    published: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = TextEncoder("ViT-B-32.pt", "OpenAI", lambda module, path: None, "https://x/ViT-B-32.pt", "40d3")
    monkeypatch.setitem(ENCODERS, "clip:ViT-B/32", encoder)
    with pytest.raises(ModelError, match="is another file; try again: nothing was kept"):
        encoder.download()
    assert encoder.is_missing


REFUSED = {
    "-m markers --prompt person": "markers takes no prompts; give a YOLOE or YOLO-World model",
    "-m yolo11n.pt --prompt person": "yolo11n.pt takes no prompts",
    "--prompt person": "takes no prompts",
    "-m yoloe-11s-seg-pf.pt --prompt person": "takes no prompts",
    "-m yolov8s-worldv2.pt --like photo.png --at 1,2,30,40": "no places in a picture; give a YOLOE model",
    "-m eye.pt --like photo.png": "--like needs a box",
    "-m eye.pt --at 1,2,3,4": "--at and --class are for --like",
    "-m eye.pt --like photo.png --at 1,2,3": "--at 1,2,3 is no box",
    "-m eye.pt --like photo.png --at 5000,2,6000,40": "outside of the picture",
    "-m eye.pt --like photo.png --at 1,2,30,40 --class a --class b": "1 --at and 2 --class",
    "-m eye.pt --like none.png --at 1,2,30,40": "none.png",
    "-m eye.pt --prompt none.npz": "none.npz does not exist",
    "-m eye.pt --prompt ,": "the prompt has 0 classes",
}
RUN_ALL = """
import json, sys
from typer.testing import CliRunner
from heatcam.cli.app import app

done = [CliRunner().invoke(app, ["snapshot", "photo.png", *words.split()]) for words in json.loads(sys.argv[1])]
print(json.dumps([[one.exit_code, one.stderr.strip()] for one in done] + ["torch" in sys.modules]))
"""


def test_what_cannot_be_is_refused_in_one_line_without_torch(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "photo.png"), PICTURE)
    (tmp_path / "eye.pt").write_bytes(b"not read")
    command = [sys.executable, "-c", RUN_ALL, json.dumps(list(REFUSED))]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    *answers, loaded_torch = json.loads(done.stdout)
    assert not loaded_torch
    for (code, line), (words, says) in zip(answers, REFUSED.items(), strict=True):
        assert (code, says in line) == (2, True), (words, line)
        assert len([one for one in line.splitlines() if "built-in model" not in one]) <= 1, line


def test_compare_and_serve_refuse_too() -> None:
    from heatcam.commands.compare_options import ComparedChoice
    from heatcam.commands.serve_options import ServeChoice, ServedChoice

    with pytest.raises(UsageError, match="markers takes no prompts"):
        before_compare("demo", ComparedChoice(model=("markers",), method=("live", "fine"), prompt="person"))
    with pytest.raises(UsageError, match="markers takes no prompts"):
        before_serve("demo", ServedChoice(model=("markers",), prompt="person"), ServeChoice())


def test_the_service_finds_what_it_is_prompted_for(encoders: dict[str, Path]) -> None:
    from tests.commands.test_served_models import served

    put_in_place("mobileclip:blt", encoders)
    models = served("eye.pt", prompt="person, kite", imgsz=IMGSZ)
    models.explainer("eye", models.options)
    assert models.class_names("eye") == ("person", "kite")


def test_both_sides_of_a_comparison_find_it(encoders: dict[str, Path]) -> None:
    put_in_place("mobileclip:blt", encoders)
    words = (
        "--method",
        "live",
        "--method",
        "gradcam",
        "--prompt",
        "kite",
        "-m",
        "eye.pt",
        "--json",
        "out.json",
    )
    programs.heatcam("compare", "photo.png", *words, *TINY)
    found = json.loads(Path("out.json").read_text("utf-8"))
    assert "kite" in json.dumps(found)


def test_the_second_model_of_the_window_is_prompted_too(encoders: dict[str, Path]) -> None:
    from heatcam.commands.live import second_model

    put_in_place("mobileclip:blt", encoders)
    saved(unprompted("yoloe-11n-seg"), Path("other.pt"))
    choice = ModelChoice(model="eye.pt", prompt="kite")
    assert second_model("other.pt", choice, terminal(None)[0]).loaded.class_names == {0: "kite"}
    with pytest.raises(UsageError, match="markers takes no prompts"):
        second_model("markers", choice, terminal(None)[0])


def test_python_takes_words_files_vectors_and_places(encoders: dict[str, Path]) -> None:
    put_in_place("mobileclip:blt", encoders)
    options: dict[str, Any] = {"imgsz": IMGSZ, "conf": 0.05, "device": "cpu"}
    model = heatcam.load("eye.pt", prompt=["person", "kite"], **options)
    assert model.class_names == {0: "person", 1: "kite"}
    model.save_prompt("two.npz")
    model.save_prompt(Path("two.safetensors"))
    expected = model.explain(PICTURE).detections
    vectors = model.explainer.class_vectors
    assert vectors is not None
    by_name = dict(zip(vectors.names, vectors.vectors, strict=True))
    for prompt in ("person, kite", "two.npz", Path("two.safetensors"), by_name):
        again = heatcam.load("eye.pt", prompt=prompt, **options)
        assert np.allclose(again.explain(PICTURE).detections.boxes_xyxy, expected.boxes_xyxy, atol=1e-3)
    like = heatcam.load("eye.pt", like=PICTURE, like_at=[20, 30, 90, 120], like_class="this", **options)
    assert like.class_names == {0: "this"}
    with pytest.raises(UsageError, match=r"two\.npz"):
        model.save_prompt("two.npz")
    model.save_prompt("two.npz", overwrite=True)
    with pytest.raises(UsageError, match="markers takes no prompts"):
        heatcam.load("markers", prompt=["person"])
    with pytest.raises(UsageError, match="no form that is known"):
        heatcam.load("eye.pt", prompt=[1, 2])  # type: ignore[list-item]
    with pytest.raises(UsageError, match="no boxes"):
        heatcam.load("eye.pt", like=PICTURE, like_at=[1, 2])


def test_a_model_that_was_not_prompted_has_nothing_to_save() -> None:
    from tests.face.tiny import red_model

    model, explainer = red_model()
    explainer.class_vectors = None  # type: ignore[attr-defined]
    with pytest.raises(UsageError, match="was not prompted"):
        model.save_prompt("x.npz")


def test_recordings_of_other_prompts_are_not_joined_and_those_without_are_as_before() -> None:
    from heatcam.commands.options import LookOptions, MotionOptions, RecordingOptions
    from heatcam.commands.resume import manifest_of
    from heatcam.sinks import output_path_of
    from heatcam.sources import CaptureOptions

    def manifest(**more: Any) -> dict[str, Any]:
        choice = ModelChoice(model="eye.pt", **more)
        target = output_path_of(Path("out.mp4"))
        return manifest_of(
            "demo", choice, LookOptions(), MotionOptions(), RecordingOptions(), CaptureOptions(), target
        )

    assert not {"prompt", "like", "like_at", "like_class"} & set(manifest())
    assert manifest(prompt="kite") != manifest(prompt="dog")
