"""Classifiers of torchvision and timm: their library's predictions, plain autograd's gradients, layers found by themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn
from torchvision import models
from ultralytics.utils import ASSETS

import heatcam
from heatcam.engine.boxes import Thresholds
from heatcam.errors import ModelError, UsageError
from heatcam.models import find_checkpoint, load_model
from heatcam.models.formats.classifying.network import WrappedClassifier

BUS = ASSETS / "bus.jpg"


def saved(folder: Path, name: str, network: nn.Module) -> Path:
    path = folder / f"{name}.safetensors"
    save_file(network.state_dict(), path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("weights")


def lively(network: nn.Module) -> nn.Module:
    """The network with a head of large weights, so that its probabilities differ; torchvision's ViT begins with zeros."""
    for head in [one for one in network.modules() if isinstance(one, nn.Linear)][-1:]:
        nn.init.normal_(head.weight)
    return network.eval()


def timms(name: str, folder: Path) -> tuple[Any, Path]:
    timm = pytest.importorskip("timm")
    torch.manual_seed(0)
    network = lively(timm.create_model(name, pretrained=False, num_classes=7))
    return network, saved(folder, name, network)


def gradients_match(model: heatcam.Model, body: nn.Module, layer: str) -> bool:
    """Compare an object's gradient at a layer with plain autograd's through a copy of the library's network."""
    engine = model.explainer.engine
    _, picture = model.explainer.prepare(np.asarray(Image.open(BUS).convert("RGB"))[..., ::-1])
    forward = engine.forward(picture, Thresholds(conf=0.0), with_graph=True)
    number, (*_, ours) = next(iter(engine.object_gradients(forward)))
    kept: list[torch.Tensor] = []
    hook = body.get_submodule(layer).register_forward_hook(lambda *given: kept.append(given[2]))
    wrapped: Any = engine.cut.network
    logits = body(((picture - wrapped.mean) / wrapped.std).requires_grad_(True))
    hook.remove()
    (theirs,) = torch.autograd.grad(logits[0, forward.boxes.class_ids[number]], kept)
    if theirs.ndim == 3:  # tokens, the class token first
        side = int((theirs.shape[1] - 1) ** 0.5)
        theirs = theirs[:, 1:].transpose(1, 2).reshape(1, -1, side, side)
    return torch.allclose(ours, theirs[0], atol=1e-6 * float(theirs.abs().max()) + 1e-9, rtol=1e-3)


@pytest.mark.parametrize(("name", "layer"), [("test_resnet", "layer4"), ("test_vit", "blocks.4")])
def test_timms_classifiers_predict_as_timm_does_and_give_autograds_gradients(
    name: str, layer: str, folder: Path
) -> None:
    body, path = timms(name, folder)
    from timm.data import create_transform, resolve_model_data_config

    model = heatcam.load(f"timm:{name}@{path}", device="cpu", conf=0.0)
    prepare = create_transform(**resolve_model_data_config(body), is_training=False)
    with torch.no_grad():
        theirs = body(prepare(Image.open(BUS).convert("RGB"))[None]).softmax(1)[0].topk(5)
    found = model.explain(BUS)
    assert found.detections.class_ids.tolist() == theirs.indices.tolist()
    assert np.abs(found.detections.confidences - theirs.values.numpy()).max() < 1e-4
    assert theirs.values[0] > 0.2
    assert found.map_error == ""
    assert gradients_match(model, body, layer)


@pytest.mark.parametrize(
    "name",
    [
        "mobilenet_v3_small",
        *(
            pytest.param(name, marks=pytest.mark.soak)
            for name in (
                "resnet18",
                "efficientnet_b1",
                "swin_t",
                "vit_b_32",
                "convnext_tiny",
                "densenet121",
                "vgg11",
            )
        ),
        *(
            pytest.param(name, marks=pytest.mark.soak)
            for name in ("googlenet", "squeezenet1_1", "regnet_y_400mf")
        ),
    ],
)
def test_torchvisions_classifiers_predict_as_torchvision_does(name: str, folder: Path) -> None:
    torch.manual_seed(0)
    options = {"transform_input": True, "aux_logits": True} if name == "googlenet" else {}
    body = lively(models.get_model(name, weights=None, num_classes=9, **options))
    path = saved(folder, name, body)
    model = heatcam.load(f"torchvision:{name}@{path}", device="cpu", conf=0.0)
    prepare: Any = models.get_model_weights(name).DEFAULT.transforms()
    with torch.no_grad():
        theirs = body(prepare(Image.open(BUS).convert("RGB"))[None]).softmax(1)[0]
    found = model.explain(BUS)
    assert np.abs(found.detections.confidences - theirs[found.detections.class_ids].numpy()).max() < 1e-4
    assert len(found.detections) == 5
    assert found.map_error == ""


def tiny(side: int = 64) -> nn.Sequential:
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for given, made in ((3, 4), (4, 6), (6, 8), (8, 8)):
        layers += [nn.Conv2d(given, made, 3, stride=2, padding=1), nn.ReLU(inplace=True)]
    return (
        nn.Sequential(*layers, nn.AvgPool2d(side // 16), nn.Flatten(), nn.Linear(8, 3))
        .eval()
        .requires_grad_(False)
    )


def wrapped(body: nn.Module, side: int = 64) -> WrappedClassifier:
    from heatcam.geometry import CropStyle
    from heatcam.models.formats.classifying.network import Preparation

    return WrappedClassifier(body, Preparation(side, CropStyle(), (0.5,) * 3, (0.5,) * 3), ("10",))


def test_layers_are_the_last_of_each_resolution_that_a_gradient_reaches() -> None:
    class WithABranch(nn.Module):
        """Its side branch is finer, runs last, and does not reach the logits."""

        def __init__(self) -> None:
            super().__init__()
            self.trunk = tiny()
            self.branch = nn.Conv2d(3, 2, 8, stride=8)

        def forward(self, picture: torch.Tensor) -> torch.Tensor:
            logits: torch.Tensor = self.trunk(picture)
            self.branch(picture)
            return logits

    network = wrapped(WithABranch())
    assert [tap.layer for tap in network.fine_taps] == ["body.trunk.5", "body.trunk.7"]


def test_a_network_without_maps_is_refused() -> None:
    with pytest.raises(ModelError, match="no layer that makes a map"):
        wrapped(nn.Sequential(nn.Flatten(), nn.Linear(3 * 64 * 64, 2)).eval())


def test_a_size_that_does_not_fit_is_refused_in_one_line(folder: Path) -> None:
    _, path = timms("test_vit", folder)
    with pytest.raises(UsageError, match="pictures of 160 pixels alone, not of 192"):
        heatcam.load(f"timm:test_vit@{path}", device="cpu", imgsz=192)
    with pytest.raises(UsageError, match="does not run on pictures of 128 pixels"):
        wrapped(nn.Sequential(*tiny()[:-1], nn.Linear(8, 3))).candidates(torch.rand(1, 3, 128, 128))


def test_names_come_from_beside_the_weights_or_from_the_library_or_are_numbers(folder: Path) -> None:
    _, path = timms("test_resnet", folder)
    spec = f"timm:test_resnet@{path}"
    assert load_model(spec).class_names[6] == "class6"
    beside = path.with_suffix(".txt")
    beside.write_text("a\nb\nc\nd\ne\nf\ng\n", "utf-8")
    assert load_model(spec).class_names == dict(enumerate("abcdefg"))
    beside.unlink()
    beside = path.with_name("names.json")
    beside.write_text(json.dumps({"names": {str(n): f"n{n}" for n in range(7)}}), "utf-8")
    assert load_model(spec).class_names[3] == "n3"
    beside.write_text(json.dumps(["one"]), "utf-8")
    with pytest.raises(ModelError, match=r"names\.json has 1 names, and the model 7 classes"):
        load_model(spec)
    beside.unlink()


def test_files_without_weights_are_refused(tmp_path: Path, folder: Path) -> None:
    _, path = timms("test_resnet", folder)
    with pytest.raises(ModelError, match="has no layer head: its weights are of another network"):
        load_model(f"timm:test_vit@{path}")
    with pytest.raises(UsageError, match="did you mean 'test_resnet'"):
        load_model(f"timm:test_resnt@{path}")
    whole = tmp_path / "whole.pth"
    torch.save(tiny(), whole)
    with pytest.raises(ModelError, match="holds more than weights, and heatcam runs no file"):
        load_model(f"timm:test_resnet@{whole}")
    with pytest.raises(ModelError, match="is no file of weights"):
        find_checkpoint(f"timm:test_resnet@{tmp_path / 'x.zip'}")
    with pytest.raises(ModelError, match="does not exist"):
        find_checkpoint(f"timm:test_resnet@{tmp_path / 'x.pth'}")
    with pytest.raises(ModelError, match="downloads nothing unasked"):
        find_checkpoint("timm:test_resnet")


def test_a_trainings_checkpoint_is_read_too(tmp_path: Path, folder: Path) -> None:
    body, _ = timms("test_resnet", folder)
    path = tmp_path / "last.pth"
    torch.save({"epoch": 3, "state_dict": {f"module.{k}": v for k, v in body.state_dict().items()}}, path)
    loaded = load_model(f"timm:test_resnet@{path}")
    assert loaded.title == "test_resnet"
    assert len(loaded.sha256) == 64


def test_torchvisions_cached_weights_are_found_without_importing_torch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "hub" / "checkpoints"
    cache.mkdir(parents=True)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(ModelError, match="no weights of resnet18 are in torch's cache"):
        find_checkpoint("torchvision:resnet18")
    for name in ("resnet18-f37072fd.pth", "resnet182-f37072fd.pth", "vit_b_16_swag-9ac1b537.pth"):
        (cache / name).touch()
    assert find_checkpoint("torchvision:resnet18").name == "resnet18-f37072fd.pth"
    assert find_checkpoint("torchvision:vit_b_16").name == "vit_b_16_swag-9ac1b537.pth"
    (cache / "resnet18-00000000.pth").touch()
    with pytest.raises(ModelError, match="2 files of weights of resnet18"):
        find_checkpoint("torchvision:resnet18")


def test_published_weights_bring_their_own_preparation_and_names() -> None:
    from heatcam.models.formats.torchvision_models.loading import official_weights

    old = official_weights("resnet50", Path("resnet50-0676ba61.pth"))
    assert old.name == "IMAGENET1K_V1"
    assert official_weights("resnet50", Path("mine.pth")).name == "IMAGENET1K_V2"
    assert len(old.meta["categories"]) == 1000
