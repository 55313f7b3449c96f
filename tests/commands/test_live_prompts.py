"""Prompts of the live window on real networks: what ultralytics sets, prepared beside the stream, with one network kept."""

from __future__ import annotations

import contextlib
import copy
import gc
import time
import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from ultralytics.nn.tasks import WorldModel

from heatcam.commands.live_model import LiveModel, SecondModel
from heatcam.commands.live_prompts import PromptedModels, first_prompt, prompt_asked, refusals
from heatcam.commands.options import LookOptions, ModelChoice, MotionOptions
from heatcam.commands.terminal import Terminal
from heatcam.comparison import ComparedExplanation
from heatcam.enums import ComparedView
from heatcam.errors import HeatcamError, UsageError
from heatcam.frames import Explanation, Frame
from heatcam.live import ExplainRequest, WindowPrompt, example_of
from heatcam.live.explaining import NotReadyError
from heatcam.models import load_model
from heatcam.models.limits import MOST_NAME_LENGTH
from heatcam.models.loading import ready as fused
from heatcam.options import ExplainOptions
from heatcam.saliency import ExplainerCache, build_explainer
from tests.models.test_checkpoint import saved
from tests.models.test_prompting import (
    PLACES,
    REFERENCE,
    as_ultralytics_sees,
    as_ultralytics_sets,
    same_boxes_and_gradients,
    unprompted,
)
from tests.open_nets import CLASSES, open_network
from tests.text_encoders import put_in_place, text_encoders

WORDS = ("person", "potted plant")
TINY: dict[str, Any] = {"imgsz": 128, "conf": 0.05, "iou": 0.5, "backend": "torch", "device": "cpu"}
FRAME = Frame(REFERENCE, 0, 0.0, 0.0)


@pytest.fixture
def encoders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Path]]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEATCAM_CACHE_DIR", str(tmp_path / "cache"))
    with text_encoders(monkeypatch, tmp_path) as files:
        yield files


def options() -> ExplainOptions:
    own = {name: value for name, value in TINY.items() if name != "device"}
    return ExplainOptions(**own)


def request(**changes: Any) -> ExplainRequest:
    return ExplainRequest(conf=0.05, iou=0.5, **changes)


def classes_of(found: Explanation) -> set[str]:
    return set(found.detections.class_names)


def assert_same(found: Explanation, expected: Explanation) -> None:
    """The same boxes and the same map."""
    assert len(found.detections) == len(expected.detections) >= 3
    np.testing.assert_allclose(found.detections.boxes_xyxy, expected.detections.boxes_xyxy, atol=1e-2)
    assert found.detections.class_names == expected.detections.class_names
    assert found.saliency is not None
    assert expected.saliency is not None
    largest = np.abs(expected.saliency.values).max()
    assert np.abs(found.saliency.values - expected.saliency.values).max() <= 1e-4 * largest


def live_model(*models: str, **more: Any) -> LiveModel:
    """The window's model, loaded; a second one is compared with it."""
    choice = ModelChoice(model=models[0], prompt="person", **TINY, **more)
    second = [SecondModel(name, load_model(name, prompt_asked(first_prompt(choice)))) for name in models[1:]]
    size_wh = REFERENCE.shape[1], REFERENCE.shape[0]
    return LiveModel(
        choice,
        LookOptions(),
        MotionOptions(),
        lambda: size_wh,
        Terminal(),
        second=second[0] if second else None,
    )


def explained(
    model: LiveModel, asked: ExplainRequest, seen: list[set[str]] | None = None, within_s: float = 120
) -> Explanation:
    """The first explanation once the explainer is prepared; what the frames until then have shown is ``seen``."""
    until_s = time.monotonic() + within_s
    while time.monotonic() < until_s:
        with contextlib.suppress(NotReadyError):
            found = model.explain(FRAME, asked)
            if model.waits_for() is None:
                return found
            if seen is not None:
                seen.append(classes_of(found))
        time.sleep(0.05)
    raise TimeoutError


@pytest.mark.parametrize(
    ("family", "encoder"), [("yoloe-v8n", "mobileclip:blt"), ("yolov8n-worldv2", "clip:ViT-B/32")]
)
def test_typed_words_are_what_ultralytics_set_classes_sets_and_the_stream_goes_on_meanwhile(
    family: str, encoder: str, encoders: dict[str, Path], tmp_path: Path
) -> None:
    network = unprompted(family)
    path = str(saved(copy.deepcopy(network), tmp_path / "eye.pt"))
    put_in_place(encoder, encoders)
    model = live_model(path)
    ready = model.load()
    assert (ready.prompt.text, ready.no_words) == ("person", "")
    assert bool(ready.no_places) is isinstance(network, WorldModel)
    assert classes_of(model.explain(FRAME, request())) == {"person"}
    prompt = WindowPrompt(", ".join(WORDS))
    seen: list[set[str]] = []
    found = explained(model, request(prompt=prompt), seen)
    assert {"person"} in seen, "the old classes are found while the new ones are prepared"
    assert_same(
        found, build_explainer(path, "cpu", options(), prompt=prompt_asked(prompt)).explain(FRAME, conf=0.05)
    )
    ours = load_model(path, prompt_asked(prompt))
    assert ours.class_names == dict(enumerate(WORDS))
    same_boxes_and_gradients(ours, as_ultralytics_sets(network, WORDS))


def test_examples_of_two_frames_are_what_ultralytics_get_vpe_gives_of_each_and_their_mean(
    encoders: dict[str, Path], tmp_path: Path
) -> None:
    network = unprompted("yoloe-26n")
    path = str(saved(copy.deepcopy(network), tmp_path / "eye.pt"))
    boxes: list[Any] = [tuple(box) for box in PLACES.tolist()]
    one = WindowPrompt(
        "", tuple(example_of(REFERENCE, box, name) for box, name in zip(boxes, "bab", strict=True))
    )
    ours = load_model(path, prompt_asked(one))
    assert ours.class_vectors is not None
    vectors = as_ultralytics_sees(network, tmp_path, [0, 1, 0]).clone()
    assert ours.class_names == {0: "b", 1: "a"}
    assert np.abs(ours.class_vectors.vectors - vectors[0].numpy()).max() < 1e-5
    network.set_classes(["b", "a"], vectors)
    same_boxes_and_gradients(ours, fused(network))
    other = np.ascontiguousarray(REFERENCE[::-1])
    alone = load_model(
        path, prompt_asked(WindowPrompt("", (example_of(other, boxes[1], "a"),)))
    ).class_vectors
    both = replace(one, examples=(*one.examples, example_of(other, boxes[1], "a")))
    together = load_model(path, prompt_asked(both)).class_vectors
    assert alone is not None
    assert together is not None
    mean = vectors[0, 1].numpy() + alone.vectors[0]
    assert together.names == ("b", "a")
    assert np.abs(together.vectors[0] - vectors[0, 0].numpy()).max() < 1e-5
    assert np.abs(together.vectors[1] - mean / np.linalg.norm(mean)).max() < 1e-5


def test_old_prompts_leave_no_network_behind(encoders: dict[str, Path], tmp_path: Path) -> None:
    put_in_place("mobileclip:blt", encoders)
    model = live_model(str(saved(unprompted("yoloe-v8n"), tmp_path / "eye.pt")))
    networks: list[weakref.ref[Any]] = []
    real = ExplainerCache.__init__

    def noting(self: ExplainerCache, loaded: Any, *more: Any) -> None:
        networks.append(weakref.ref(loaded.network))
        real(self, loaded, *more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ExplainerCache, "__init__", noting)
        model.load()
        for text in ("a", "b, c", "d"):
            prompt = WindowPrompt(text)
            explained(model, request(prompt=prompt))
            explained(model, request(prompt=prompt, still=True))
        explained(model, request(prompt=None))
    assert len(networks) == 4
    gc.collect()
    alive = [number for number, network in enumerate(networks) if network() is not None]
    assert set(alive) <= {0, 3}, "the first one and the newest"


def test_an_encoder_that_is_missing_is_one_line_and_nothing_is_downloaded(
    encoders: dict[str, Path], tmp_path: Path
) -> None:
    file = put_in_place("mobileclip:blt", encoders)
    model = live_model(str(saved(unprompted("yoloe-v8n"), tmp_path / "eye.pt")))
    model.load()
    file.unlink()
    with pytest.raises(
        UsageError,
        match=r"^words need the text encoder mobileclip_blt.ts; run heatcam models download mobileclip_blt.ts$",
    ):
        explained(model, request(prompt=WindowPrompt("kite")))
    assert classes_of(model.explain(FRAME, request())) == {"person"}
    put_in_place("mobileclip:blt", encoders)
    again = explained(model, request(prompt=WindowPrompt("kite", attempt=1)))
    assert classes_of(again) == {"kite"}


def prompted(path: Path) -> PromptedModels:
    """The model for prompts of the window, as it is where torch runs the first one."""
    facts = SimpleNamespace(backend="torch", precision="fp32")
    first: Any = SimpleNamespace(facts=lambda: facts)
    return PromptedModels([str(path)], [first], "cpu", (200, 150))


def test_vectors_may_be_named_by_their_file_and_what_is_no_prompt_is_one_line(
    encoders: dict[str, Path], tmp_path: Path
) -> None:
    models = prompted(saved(unprompted("yoloe-v8n"), tmp_path / "eye.pt"))
    vectors = np.random.default_rng(3).normal(size=(1, 512)).astype(np.float32)
    np.savez(tmp_path / "own.npz", embeddings=vectors, names=np.array(["thing"]))
    found = models.take(0, WindowPrompt(str(tmp_path / "own.npz")), options())
    assert found.class_names == {0: "thing"}
    small = example_of(REFERENCE, (20.0, 30.0, 21.0, 31.0))
    for prompt, words in (
        (WindowPrompt(), r"eye.pt has no classes of its own; type what it is to find"),
        (WindowPrompt("missing.npz"), r"missing.npz does not exist"),
        (WindowPrompt("x" * (MOST_NAME_LENGTH + 1)), r"too long"),
        (WindowPrompt("", (small,)), r"too small"),
    ):
        with pytest.raises(HeatcamError, match=words):
            models.take(0, prompt, options())
    again = models.take(0, WindowPrompt(str(tmp_path / "own.npz"), attempt=5), options())
    assert again.engine is found.engine, "what could not be had has not cost what was there"


def test_an_empty_prompt_gives_the_classes_that_the_file_has(
    encoders: dict[str, Path], tmp_path: Path
) -> None:
    models = prompted(saved(copy.deepcopy(open_network("yoloe-v8n")), tmp_path / "eye.pt"))
    assert models.take(0, WindowPrompt(), options()).class_names == dict(enumerate(CLASSES))


def test_both_models_get_the_prompt_and_one_that_takes_none_is_named(
    encoders: dict[str, Path], tmp_path: Path
) -> None:
    put_in_place("mobileclip:blt", encoders)
    names = [str(saved(unprompted("yoloe-v8n"), tmp_path / f"{name}.pt")) for name in ("one", "two")]
    model = live_model(*names)
    ready = model.load()
    assert (ready.no_words, ready.no_places) == ("", "")
    found = explained(model, request(prompt=WindowPrompt("kite"), compared=ComparedView.BOTH))
    assert isinstance(found, ComparedExplanation)
    assert found.comparison is not None
    for side, name in ((found.comparison.a, "one"), (found.comparison.b, "two")):
        assert (side.model, classes_of(side)) == (name, {"kite"})
    others = [load_model(names[0], prompt_asked(WindowPrompt("person"))), load_model("markers")]
    words, places = refusals(others)
    assert words.startswith("markers takes no prompts; give a YOLOE or YOLO-World model")
    assert places == words


def test_what_the_command_line_shows_is_the_first_prompt(encoders: dict[str, Path], tmp_path: Path) -> None:
    cv2.imwrite("photo.png", REFERENCE)
    asked = ModelChoice(
        prompt=" person ", like="photo.png", like_at=("20,30,90,120", "1,1,60,60"), like_class=("a", "b")
    )
    prompt = first_prompt(asked)
    assert (prompt.text, prompt.names) == ("person", ("person", "a", "b"))
    assert [example.box_xyxy for example in prompt.examples] == [(20, 30, 90, 120), (1, 1, 60, 60)]
    again = prompt_asked(prompt)
    assert again is not None
    assert (again.texts, len(again.likes), again.likes[0].names) == (("person",), 1, ("a", "b"))
    assert first_prompt(ModelChoice()) == WindowPrompt()
    assert prompt_asked(WindowPrompt()) is None


def test_the_backend_that_was_chosen_at_first_runs_the_others_too() -> None:
    facts = SimpleNamespace(backend="openvino", precision="fp32")
    models = PromptedModels(["eye.pt"], [SimpleNamespace(facts=lambda: facts)], None, (640, 480))  # type: ignore[list-item]
    chosen = models._as_before(0, ExplainOptions())
    assert (chosen.backend, chosen.precision) == ("openvino", "fp32")
    facts.precision = "bf16"
    assert models._as_before(0, ExplainOptions()).precision == "auto", (
        "whether it shows the same is tried again"
    )
    assert models._as_before(0, ExplainOptions(backend="torch", precision="fp16")).backend == "torch"
