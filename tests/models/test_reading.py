"""Reading checkpoints: exactly the file that is named, the same network as ultralytics' own loader makes, in any form."""

from __future__ import annotations

import copy
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from ultralytics.data.augment import classify_transforms
from ultralytics.nn.tasks import torch_safe_load

from heatcam.errors import ModelError
from heatcam.models.checkpoint import read_checkpoint
from heatcam.models.loading import load_model
from tests.nets import CLASSIFIERS, COCO_CHECKPOINT, FAMILIES, OTHER_FAMILIES, fresh_network, needs_coco
from tests.open_nets import OPEN_FAMILIES, open_network
from tests.query_nets import query_network


def saved(path: Path, network: nn.Module | None = None, **more: Any) -> Path:
    """A checkpoint of the smallest network, or of another; ``more`` stands beside it, or instead of what is usual."""
    network = fresh_network("tiny", fused=False) if network is None else network
    torch.save({"model": network, "train_args": {"imgsz": 128, "task": "detect"}, **more}, path)
    return path


def with_names(names: object) -> nn.Module:
    network = copy.deepcopy(fresh_network("tiny", fused=False))
    network.names = names
    return network


def facts_of(value: Any) -> Any:
    """All that a network is made of, comparable: classes, attributes and numbers of every layer."""
    if isinstance(value, nn.Module):
        attributes = {
            k: v for k, v in vars(value).items() if k not in ("_parameters", "_buffers", "_modules")
        }
        tensors = {**value._parameters, **value._buffers}
        inner = {k: facts_of(v) for k, v in value._modules.items()}
        return type(value), facts_of(attributes), facts_of(tensors), inner
    if isinstance(value, torch.Tensor):
        return (
            str(value.dtype),
            tuple(value.shape),
            value.stride(),
            value.requires_grad,
            value.detach().numpy().tobytes(),
        )
    if isinstance(value, dict):
        return type(value), {k: facts_of(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return type(value), [facts_of(v) for v in value]
    if hasattr(value, "__func__"):
        return value.__func__
    return vars(value) if isinstance(value, SimpleNamespace) else value


def nets() -> Iterator[tuple[str, nn.Module]]:
    yield from (
        (name, fresh_network(name, fused=False)) for name in ("tiny", "yolov8n-pose", "yolo26n-seg-end2end")
    )
    yield "fused", fresh_network("yolov10n")
    yield "yoloe-fused", open_network("yoloe-v8n-fused")
    yield "world", open_network("yolov8n-world")
    yield "rt-detr", query_network()


def test_every_layer_attribute_and_number_is_as_ultralytics_own_loader_makes_it(tmp_path: Path) -> None:
    for name, network in nets():
        path = saved(tmp_path / f"{name}.pt", copy.deepcopy(network).half())
        expected = torch_safe_load(str(path), safe_only=True)[0]["model"]
        assert facts_of(read_checkpoint(path).network) == facts_of(expected), name


@needs_coco
def test_the_coco_checkpoint_is_as_ultralytics_own_loader_makes_it() -> None:
    ours = facts_of(read_checkpoint(COCO_CHECKPOINT).network)
    assert ours == facts_of(torch_safe_load(str(COCO_CHECKPOINT), safe_only=True)[0]["model"])


REST = {*FAMILIES, *OTHER_FAMILIES, *CLASSIFIERS, *OPEN_FAMILIES} - {
    "yolov3-tiny",
    "yolov8n-obb",
    "yolo11n-cls",
    "yolov8n-world",
}


@pytest.mark.parametrize(
    "family",
    [
        "yolov3-tiny",
        "yolov8n-obb",
        "yolo11n-cls",
        "yolov8n-world",
        *(pytest.param(family, marks=pytest.mark.soak) for family in sorted(REST)),
    ],
)
def test_all_families_pass_the_checks(family: str, tmp_path: Path) -> None:
    network = open_network(family) if family in OPEN_FAMILIES else fresh_network(family, fused=False)
    assert load_model(str(saved(tmp_path / "any.pt", copy.deepcopy(network).half()))).channels == 3


@pytest.mark.parametrize(
    "name", ["it's.pt", " leading.pt", "what?.pt", "UP.PT", "a,b;c #1.pt", "http:x.pt", "ü 行.pt"]
)
def test_a_file_of_any_name_is_the_one_that_loads(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    saved(tmp_path / name, with_names(dict(enumerate("abcde"))))
    assert load_model(name).class_names[4] == "e"
    assert load_model(str(tmp_path / name)).class_names[4] == "e"


def test_the_file_with_an_older_name_is_not_replaced_by_its_newer_neighbour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("yolov5n.pt", "yolov5nu.pt"):
        saved(tmp_path / name, with_names([name] * 5))
    assert load_model("yolov5n.pt").class_names[0] == "yolov5n.pt"


def test_a_damaged_file_with_an_official_name_stays_where_and_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    whole = saved(tmp_path / "yolo11n.pt").read_bytes()
    for content in (
        whole[:-100],
        whole[: len(whole) // 2],
        b"",
        b"PK",
        b"GIF89a",
        whole[:200] + b"x" + whole[201:],
    ):
        Path("yolo11n.pt").write_bytes(content)
        with pytest.raises(
            ModelError, match=r"yolo11n.pt is (truncated|damaged|empty|not a torch checkpoint)"
        ):
            load_model("yolo11n.pt")
        assert Path("yolo11n.pt").read_bytes() == content
        assert [file.name for file in tmp_path.iterdir()] == ["yolo11n.pt"]


def test_a_link_keeps_the_name_that_the_user_gave_it(tmp_path: Path) -> None:
    saved(tmp_path / "a81f3c")
    (tmp_path / "best.pt").symlink_to(tmp_path / "a81f3c")
    assert load_model(str(tmp_path / "best.pt")).title == "best"


def test_the_suffix_may_be_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    saved(tmp_path / "yolo11n.pt")
    assert load_model("yolo11n").title == "yolo11n"
    assert load_model(str(tmp_path / "yolo11n")).title == "yolo11n"


@pytest.mark.parametrize(
    ("asked", "meant"),
    [("yolov8n_coco.pt", "yolov8n-coco.pt"), ("yolov8n-coc", "yolov8n-coco.pt"), ("YOLOv8n coco.PT", "yolov8n-coco.pt"),
     ("marker", "markers"), ("yolov8n-coco.onnx", "yolov8n-coco.pt")],
)  # fmt: skip
def test_a_mistyped_name_is_answered_with_what_lies_beside(
    asked: str, meant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "yolov8n-coco.pt").touch()
    with pytest.raises(ModelError, match=rf"did you mean {meant}\?"):
        load_model(asked)


def test_what_is_not_similar_is_not_offered(tmp_path: Path) -> None:
    (tmp_path / "yolov8n-coco.pt").touch()
    with pytest.raises(ModelError, match="does not exist; check the path"):
        load_model(str(tmp_path / "best.pt"))


def test_the_older_torch_format_loads_and_a_cut_one_says_so(tmp_path: Path) -> None:
    network = fresh_network("tiny", fused=False)
    path, cut = tmp_path / "old.pt", tmp_path / "cut.pt"
    torch.save({"model": network}, path, _use_new_zipfile_serialization=False)
    expected = torch_safe_load(str(saved(tmp_path / "new.pt")), safe_only=True)[0]["model"]
    assert facts_of(read_checkpoint(path).network) == facts_of(expected)
    whole = path.read_bytes()
    for part in (20, len(whole) // 3, len(whole) - 1):
        cut.write_bytes(whole[:part])
        with pytest.raises(ModelError, match=r"cut.pt is truncated"):
            load_model(str(cut))


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_newer_pickle_protocols_load_too(protocol: int, tmp_path: Path) -> None:
    torch.save({"model": fresh_network("tiny", fused=False)}, tmp_path / "new.pt", pickle_protocol=protocol)
    assert load_model(str(tmp_path / "new.pt")).title == "new"


def test_what_training_leaves_beside_the_network_does_not_keep_it_from_loading(tmp_path: Path) -> None:
    network = fresh_network("tiny", fused=False)
    optimizer = torch.optim.AdamW(copy.deepcopy(network).requires_grad_(True).parameters())
    beside = {
        "optimizer": optimizer.state_dict(), "best_fitness": np.float64(0.5), "epoch": 3, "date": "today", "folder": tmp_path,
        "train_metrics": {"mAP": np.float32(0.25)}, "raw": b"bytes", "many": {1, 2}, "updates": 2**40, "size": torch.Size([1, 2]),
    }  # fmt: skip
    path = saved(tmp_path / "last.pt", network, ema=copy.deepcopy(network).half(), **beside)
    assert load_model(str(path)).imgsz == 128


@pytest.mark.parametrize("kept", ["model", "ema"])
def test_the_network_is_found_wherever_it_is_kept(kept: str, tmp_path: Path) -> None:
    network = fresh_network("tiny", fused=False)
    torch.save({"model": None, "ema": None, kept: network}, tmp_path / "one.pt")
    torch.save(network, tmp_path / "itself.pt")
    assert load_model(str(tmp_path / "one.pt")).imgsz == load_model(str(tmp_path / "itself.pt")).imgsz == 640


@pytest.mark.parametrize("content", [nn.Conv2d(3, 3, 1).state_dict(), {"model": nn.Conv2d(3, 3, 1).state_dict()},
                                     {"state_dict": nn.Conv2d(3, 3, 1).state_dict()}])  # fmt: skip
def test_weights_alone_are_called_that(content: object, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "weights.pt")
    with pytest.raises(ModelError, match="only weights without the network"):
        load_model(str(tmp_path / "weights.pt"))


@pytest.mark.parametrize("content", [[1, 2], torch.zeros(3), None, "text", {"model": 5}])
def test_anything_else_holds_no_model(content: object, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "other.pt")
    with pytest.raises(ModelError, match="holds no ultralytics model"):
        load_model(str(tmp_path / "other.pt"))


@pytest.mark.parametrize(
    ("imgsz", "side"),
    [(None, 640), ([96, 128], 128), ("320", 320), (320.0, 320), ((64,), 64), (1000, 1000)],
)
def test_the_size_that_was_trained_with_is_understood(imgsz: object, side: int, tmp_path: Path) -> None:
    assert load_model(str(saved(tmp_path / "a.pt", train_args={"imgsz": imgsz}))).imgsz == side


@pytest.mark.parametrize(
    "imgsz", [20_000, 10**9, 10**30, -640, 0, 31, float("nan"), "big", [], [640, None], True, {}]
)
def test_sizes_that_no_network_has_are_refused(imgsz: object, tmp_path: Path) -> None:
    with pytest.raises(
        ModelError, match=r"says that it was trained with pictures of .* pixels, not of 32 to 4096"
    ):
        load_model(str(saved(tmp_path / "a.pt", train_args={"imgsz": imgsz})))


def test_settings_may_be_missing_or_a_namespace_but_nothing_else(tmp_path: Path) -> None:
    assert load_model(str(saved(tmp_path / "a.pt", train_args=None))).imgsz == 640
    assert load_model(str(saved(tmp_path / "b.pt", train_args=SimpleNamespace(imgsz=96)))).imgsz == 96
    for other in ([1], "imgsz=640", 5):
        with pytest.raises(ModelError, match=r"c.pt says what it was trained with in a (list|str|int)"):
            load_model(str(saved(tmp_path / "c.pt", train_args=other)))


NUMBERED = [f"class{n}" for n in range(5)]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (list("abcde"), list("abcde")),
        (tuple("abcde"), list("abcde")),
        (dict(enumerate("abcde")), list("abcde")),
        ({str(n): c for n, c in enumerate("abcde")}, list("abcde")),
        ({float(n): c for n, c in enumerate("abcde")}, list("abcde")),
        ({c: n for n, c in enumerate("abcde")}, list("abcde")),
        ({n: n for n in range(5)}, list("01234")),
        (None, NUMBERED),
        ({}, NUMBERED),
        (dict.fromkeys(range(5)), NUMBERED),
        (dict.fromkeys(range(5), ""), NUMBERED),
        ({0: "a"}, ["a", *NUMBERED[1:]]),
        ({n + 1: c for n, c in enumerate("abcde")}, ["class0", *"abcd"]),
    ],
)
def test_class_names_are_understood_in_any_form(names: object, expected: list[str], tmp_path: Path) -> None:
    assert list(load_model(str(saved(tmp_path / "a.pt", with_names(names)))).class_names.values()) == expected


def test_names_that_do_not_fit_the_classes_are_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        load_model(str(saved(tmp_path / "some.pt", with_names({0: "a", 7: "h"}))))
    assert "some has 5 classes and names for 1" in caplog.text


def test_names_may_be_missing_altogether(tmp_path: Path) -> None:
    network = with_names(None)
    del network.names
    assert load_model(str(saved(tmp_path / "a.pt", network))).class_names[0] == "class0"


@pytest.mark.parametrize("names", [5, "abcde", {"a": "b"}, [["a"] * 10**6], {0: "x" * 10**6}])
def test_what_are_no_names_is_refused(names: object, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"a.pt (has|numbers) "):
        load_model(str(saved(tmp_path / "a.pt", with_names(names))))


def test_a_classifier_keeps_how_its_pictures_are_prepared(tmp_path: Path) -> None:
    network = copy.deepcopy(fresh_network("yolov8n-cls", fused=False))
    network.transforms = classify_transforms(96)
    path = saved(tmp_path / "cls.pt", network)
    steps = read_checkpoint(path).network.transforms.transforms
    expected = torch_safe_load(str(path), safe_only=True)[0]["model"].transforms.transforms
    assert [type(step) for step in steps] == [type(step) for step in expected]
    assert steps[0].interpolation is expected[0].interpolation
    assert torch.equal(steps[-1].mean, expected[-1].mean)


def test_a_trusted_file_is_run_and_still_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    network = copy.deepcopy(fresh_network("tiny", fused=False))
    network.note = Foreign()
    path = saved(tmp_path / "yolo11n.pt", network)
    with pytest.raises(
        ModelError, match=r"refused: loading it would run tests\.models\.test_reading\.Foreign"
    ):
        load_model(str(path))
    monkeypatch.setenv("ULTRALYTICS_SAFE_LOAD", "0")
    capfd.readouterr()
    assert type(load_model(str(path)).network.note) is Foreign
    said = capfd.readouterr()
    assert said.out == ""  # there is to be one JSON document, whatever a file prints
    assert "printed while loading" in said.err
    network.save = [99]
    with pytest.raises(ModelError, match="keeps outputs of layers that it does not have"):
        load_model(str(saved(path, network)))
    shutil.copy(__file__, path)
    with pytest.raises(ModelError, match=r"yolo11n\.pt is not a torch checkpoint"):
        load_model(str(path))
    assert path.is_file()


class Foreign:
    """Of a package that ultralytics knows nothing of."""

    def __setstate__(self, _: object) -> None:
        print("printed while loading")  # noqa: T201

    def __getstate__(self) -> dict[str, int]:
        return {"a": 1}
