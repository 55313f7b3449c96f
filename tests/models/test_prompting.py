"""Prompts: classes in words, as vectors and as places in a picture give the boxes and gradients of ultralytics' own methods."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import nn
from ultralytics import YOLOE
from ultralytics.models.yolo.yoloe import YOLOEVPDetectPredictor
from ultralytics.nn.tasks import WorldModel

from heatcam.engine.boxes import Thresholds
from heatcam.errors import ModelError, UsageError
from heatcam.models.class_vectors import ClassVectors
from heatcam.models.loaded import LoadedModel
from heatcam.models.loading import load_model, ready
from heatcam.models.prompt import (
    Likeness,
    Prompt,
    require_promptable_name,
    texts_checked,
    words_are_at_hand,
)
from heatcam.models.text_encoder import ENCODERS, EncoderMissingError
from tests.matching import unmatched
from tests.models.test_checkpoint import saved
from tests.models.test_open_vocabulary import ultralytics_rows
from tests.nets import engine_of, oracle_gradients, picture
from tests.open_nets import open_network
from tests.text_encoders import put_in_place, text_encoders

LOW = Thresholds(conf=0.05, iou=0.5)
WORDS = ("person", "potted plant", "kite")
ENCODER_OF = {
    "yolov8n-world": "clip:ViT-B/32",
    "yolov8n-worldv2": "clip:ViT-B/32",
    "yoloe-v8n": "mobileclip:blt",
    "yoloe-11n-seg": "mobileclip:blt",
    "yoloe-26n": "mobileclip2:b",
}
#: A picture with something in it, BGR, and places in it.
REFERENCE = np.ascontiguousarray((picture(150, 200)[0].permute(1, 2, 0) * 255).byte().numpy()[..., ::-1])
PLACES = np.array([[20, 30, 90, 120], [100, 10, 190, 60], [5, 100, 60, 149]], np.float32)


@pytest.fixture
def encoders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Path]]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEATCAM_CACHE_DIR", str(tmp_path / "cache"))
    with text_encoders(monkeypatch, tmp_path) as files:
        yield files


def unprompted(family: str) -> nn.Module:
    """The network without classes of its own, its text branch awake."""
    network = copy.deepcopy(open_network(family))
    if not isinstance(network, WorldModel):
        del network.pe
        network.model[-1].reprta.m.w3.weight.data.normal_(0, 0.05)  # (it begins as zero: the text as it is)
    return network


def loaded(network: nn.Module, folder: Path, prompt: Prompt, name: str = "mine.pt") -> LoadedModel:
    return load_model(str(saved(copy.deepcopy(network), folder / name)), prompt)


def as_ultralytics_sets(network: nn.Module, words: tuple[str, ...]) -> nn.Module:
    """The classes set by ultralytics' own model class, with its text encoder from this folder."""
    if isinstance(network, WorldModel):
        network.set_classes(list(words))
        network.names = list(words)
    else:
        network.set_classes(list(words), network.get_text_pe(list(words)))
    return ready(network)


def same_boxes_and_gradients(ours: LoadedModel, theirs: nn.Module) -> None:
    engine = engine_of(ours.network, fine=True)
    forward = engine.forward(picture(96, 128), LOW, with_graph=True)
    boxes = forward.boxes
    expected = ultralytics_rows(theirs, picture(96, 128), len(ours.class_names))
    assert min(len(boxes), len(expected)) >= 3
    found = torch.cat((boxes.xyxy, boxes.confidences[:, None], boxes.class_ids[:, None]), 1)
    alone = unmatched(found, expected, pixels=1e-2, confidence=1e-4)
    weakest = max(LOW.conf, float(expected[:, 4].min()))
    assert all(abs(row[4] - weakest) < 1e-4 for row in alone)
    exact = oracle_gradients(theirs, picture(96, 128), boxes.anchors, boxes.class_ids, engine.cut.tapped)
    assert any(oracle.any() for _, oracle in exact)
    for gradient, (_, oracle) in zip(engine.summed_gradient(forward), exact, strict=True):
        assert (gradient - oracle).abs().max() <= 1e-4 * oracle.abs().max()


@pytest.mark.parametrize("family", ENCODER_OF)
def test_words_give_the_boxes_and_gradients_of_ultralytics_set_classes(
    family: str, encoders: dict[str, Path], tmp_path: Path
) -> None:
    network = unprompted(family)
    put_in_place(ENCODER_OF[family], encoders)
    ours = loaded(network, tmp_path, Prompt(WORDS))
    assert ours.class_names == dict(enumerate(WORDS))
    same_boxes_and_gradients(ours, as_ultralytics_sets(network, WORDS))


def test_the_encoder_is_needed_once(encoders: dict[str, Path], tmp_path: Path) -> None:
    network = unprompted("yoloe-v8n")
    file = put_in_place("mobileclip:blt", encoders)
    first = loaded(network, tmp_path, Prompt(WORDS))
    file.unlink()
    path = str(tmp_path / "mine.pt")
    assert words_are_at_hand(path, WORDS[::-1])
    again = load_model(path, Prompt(WORDS[::-1]))
    assert again.class_names[0] == WORDS[-1]
    assert np.array_equal(again.class_vectors.vectors, first.class_vectors.vectors[::-1])
    assert not words_are_at_hand(path, ("person", "dog"))
    with pytest.raises(
        EncoderMissingError, match=r"mobileclip_blt.ts, which is not here; heatcam models download"
    ):
        load_model(path, Prompt(("person", "dog")))
    network.model[0].conv.weight.data += 0.1  # another model
    with pytest.raises(EncoderMissingError):
        loaded(network, tmp_path, Prompt(WORDS), "other.pt")


def test_a_damaged_memory_of_a_word_is_made_again(encoders: dict[str, Path], tmp_path: Path) -> None:
    put_in_place("mobileclip:blt", encoders)
    network = unprompted("yoloe-v8n")
    first = loaded(network, tmp_path, Prompt(WORDS))
    for file in (tmp_path / "cache" / "class-vectors").iterdir():
        file.write_bytes(b"half")
    assert np.array_equal(
        loaded(network, tmp_path, Prompt(WORDS)).class_vectors.vectors, first.class_vectors.vectors
    )


def test_an_encoder_that_has_changed_is_not_run(encoders: dict[str, Path], tmp_path: Path) -> None:
    file = put_in_place("mobileclip:blt", encoders)
    loaded(unprompted("yoloe-v8n"), tmp_path, Prompt(WORDS))
    file.write_bytes(encoders["mobileclip2:b"].read_bytes())
    with pytest.raises(ModelError, match=r"has changed .* heatcam models download mobileclip_blt.ts"):
        load_model(str(tmp_path / "mine.pt"), Prompt(("new",)))


def test_clip_itself_has_to_be_the_published_file(
    encoders: dict[str, Path], tmp_path: Path, monkeypatch
) -> None:

    put_in_place("clip:ViT-B/32", encoders)
    monkeypatch.setitem(ENCODERS, "clip:ViT-B/32", replace(ENCODERS["clip:ViT-B/32"], sha256="40d3"))
    with pytest.raises(ModelError, match="is not the file that OpenAI published"):
        loaded(unprompted("yolov8n-worldv2"), tmp_path, Prompt(WORDS))


def test_without_the_package_one_line_says_how_to_get_it_and_nothing_is_installed(
    encoders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("heatcam.models.text_encoder.has_clip", lambda: False)
    put_in_place("mobileclip:blt", encoders)
    with pytest.raises(ModelError, match=r"package clip.*pip install git\+https.*--prompt vectors.npz"):
        loaded(unprompted("yoloe-v8n"), tmp_path, Prompt(WORDS))


def as_ultralytics_sees(network: nn.Module, folder: Path, class_ids: list[int]) -> torch.Tensor:
    """Class vectors of the reference's places by ultralytics' predictor for visual prompts."""
    path = saved(copy.deepcopy(network), folder / "theirs.pt")
    predictor = YOLOEVPDetectPredictor(
        overrides={
            "task": "detect",
            "mode": "predict",
            "save": False,
            "imgsz": 256,
            "batch": 1,
            "device": "cpu",
        }
    )
    predictor.set_prompts({"bboxes": PLACES.copy(), "cls": np.array(class_ids)})
    predictor.setup_model(YOLOE(path).model, verbose=False)
    return predictor.get_vpe(REFERENCE)


@pytest.mark.parametrize("family", ["yoloe-v8n", "yoloe-26n"])
def test_places_of_a_picture_give_the_boxes_and_gradients_of_ultralytics_get_vpe(
    family: str, encoders: dict[str, Path], tmp_path: Path
) -> None:
    network = unprompted(family)
    ours = loaded(network, tmp_path, Prompt(likes=(Likeness(REFERENCE, PLACES, ("b", "a", "b")),)))
    assert ours.class_names == {0: "b", 1: "a"}
    vectors = as_ultralytics_sees(network, tmp_path, [0, 1, 0]).clone()
    assert np.abs(ours.class_vectors.vectors - vectors[0].numpy()).max() < 1e-5
    network.set_classes(["b", "a"], vectors)
    same_boxes_and_gradients(ours, ready(network))


def test_vectors_words_and_places_are_found_together(encoders: dict[str, Path], tmp_path: Path) -> None:
    put_in_place("mobileclip:blt", encoders)
    network = unprompted("yoloe-v8n")
    parts = [Prompt(WORDS), Prompt(likes=(Likeness(REFERENCE, PLACES[:1], ("this",)),))]
    words, places = (loaded(network, tmp_path, part).class_vectors for part in parts)
    given = ClassVectors(("thing",), words.vectors[:1] + 0.5)
    whole = loaded(network, tmp_path, Prompt(WORDS, given, parts[1].likes)).class_vectors
    assert whole.names == (*WORDS, "thing", "this")
    expected = np.concatenate((words.vectors, given.vectors, places.vectors))
    assert np.allclose(whole.vectors, expected, atol=1e-6)


def test_vectors_alone_need_no_encoder(encoders: dict[str, Path], tmp_path: Path) -> None:
    network = unprompted("yoloe-v8n")
    vectors = np.random.default_rng(1).normal(size=(2, 512)).astype(np.float32)
    ours = loaded(network, tmp_path, Prompt(vectors=ClassVectors(("x", "y"), vectors)))
    network.set_classes(["x", "y"], torch.from_numpy(vectors)[None])
    same_boxes_and_gradients(ours, ready(network))


ONE = np.ones((1, 512), np.float32)


@pytest.mark.parametrize(
    ("family", "prompt", "words"),
    [
        ("yoloe-v8n-fused", Prompt(vectors=ClassVectors(("x",), ONE)), "mine.pt takes no prompts"),
        ("yoloe-11n-free", Prompt(vectors=ClassVectors(("x",), ONE)), "mine.pt takes no prompts"),
        ("yoloe-v8n", Prompt(vectors=ClassVectors(("x",), ONE[:, :7])), "have 7 numbers, those of mine have 512"),
        ("yoloe-v8n", Prompt(vectors=ClassVectors(("x",), ONE, "yoloe-v8s")), "made with yoloe-v8s"),
        ("yolov8n-world", Prompt(likes=(Likeness(REFERENCE, PLACES, ("x",) * 3),)), "no places in a picture"),
        ("yoloe-v8n", Prompt(likes=(Likeness(REFERENCE, PLACES[:1, [0, 1, 0, 1]] + [0, 0, 1, 1], ("x",)),)), "too small"),
    ],
)  # fmt: skip
def test_a_prompt_that_a_model_cannot_take_is_refused_in_one_line(
    family: str, prompt: Prompt, words: str, encoders: dict[str, Path], tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=words):
        loaded(open_network(family), tmp_path, prompt)


def test_another_kind_of_model_takes_none(encoders: dict[str, Path], tmp_path: Path) -> None:
    from tests.nets import fresh_network

    network = fresh_network("yolov8n", fused=False)
    with pytest.raises(UsageError, match=r"mine.pt takes no prompts; give a YOLOE or YOLO-World model"):
        loaded(network, tmp_path, Prompt(WORDS))
    with pytest.raises(UsageError, match="markers takes no prompts"):
        load_model("markers", Prompt(WORDS))


@pytest.mark.parametrize(
    "model", [None, "markers", "everyday", "yolo11n", "yolo26s-seg.pt", "yoloe-11s-seg-pf.pt"]
)
def test_a_model_is_refused_by_its_name_before_it_is_read(model: str | None) -> None:
    with pytest.raises(UsageError, match="takes no prompts"):
        require_promptable_name(model, places=False)


def test_names_that_may_take_prompts_pass(tmp_path: Path) -> None:
    for model in ("yoloe-11s-seg.pt", "yolov8s-worldv2", "mine.pt"):
        require_promptable_name(model, places=False)
    with pytest.raises(UsageError, match="no places"):
        require_promptable_name("yolov8s-worldv2", places=True)


def test_words_are_taken_once_and_without_spaces() -> None:
    assert texts_checked([" a ", "b c", "", "a"]) == ("a", "b c")
    with pytest.raises(UsageError, match="0 classes"):
        texts_checked([" "])


def test_the_reference_is_not_changed(encoders: dict[str, Path], tmp_path: Path) -> None:
    image, places = REFERENCE.copy(), PLACES.copy()
    cv2.setNumThreads(1)
    loaded(unprompted("yoloe-v8n"), tmp_path, Prompt(likes=(Likeness(image, places, ("x",) * 3),)))
    assert np.array_equal(image, REFERENCE)
    assert np.array_equal(places, PLACES)
