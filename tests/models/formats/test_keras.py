"""Keras' classifiers: Keras' own predictions, the logit as the target, pictures as the file beside them says."""

from __future__ import annotations

import copy
import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

os.environ["KERAS_BACKEND"] = "torch"
keras: Any = pytest.importorskip("keras")

from heatcam.engine.boxes import Thresholds  # noqa: E402 (after the choice of Keras' backend)
from heatcam.errors import ModelError, UsageError  # noqa: E402
from heatcam.models import find_checkpoint, load_model  # noqa: E402
from heatcam.models.formats.keras_models.network import KerasClassifier  # noqa: E402
from heatcam.options import ExplainOptions  # noqa: E402
from heatcam.saliency.explainer import Explainer  # noqa: E402
from heatcam.saliency.factory import explainer_of, with_shared_weights  # noqa: E402

SIDE = 64
layers = keras.layers


def saved(folder: Path, *last: Any, first: Any = None, channels: int = 3) -> tuple[Any, Path]:
    """A small convolutional network in a file, with these first and last layers."""
    keras.utils.set_random_seed(1)
    chosen = [keras.Input((SIDE, SIDE, channels)), *([] if first is None else [first])]
    for made in (6, 8, 8, 8):  # (as many channels as cells: the layout cannot be told by the shape)
        chosen.append(layers.Conv2D(made, 3, strides=2, padding="same", activation="relu"))
    model = keras.Sequential([*chosen, layers.GlobalAveragePooling2D(), *last])
    for weights in model.trainable_weights[-2:]:
        weights.assign(10 * keras.random.normal(weights.shape, seed=2))
    path = folder / "net.keras"
    model.save(path)
    return model, path


def started(path: Path, **options: Any) -> Explainer:
    return explainer_of(load_model(str(path)), torch.device("cpu"), ExplainOptions(pictures=1, **options))


def picture() -> Any:
    return np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)


@pytest.mark.parametrize("form", ["dense", "activation", "softmax"])
def test_predictions_are_keras_and_gradients_those_of_the_logit(form: str, tmp_path: Path) -> None:
    last = {
        "dense": [layers.Dense(5, activation="softmax")],
        "activation": [layers.Dense(5), layers.Activation("softmax")],
        "softmax": [layers.Dense(5), layers.Softmax()],
    }[form]
    model, path = saved(tmp_path, *last, first=layers.Rescaling(1 / 255))
    rgb = torch.from_numpy(picture()[..., ::-1].copy()).float()[None]
    explainer = started(path, conf=0.0)
    found = explainer.explain(picture())
    theirs = model(rgb, training=False)[0].detach().numpy()
    assert theirs.max() > 0.3
    assert np.abs(found.detections.confidences - theirs[found.detections.class_ids]).max() < 1e-4
    assert found.map_error == ""

    dense = next(layer for layer in reversed(model.layers) if isinstance(layer, layers.Dense))
    until = [layer for layer in model.layers if isinstance(layer, layers.Conv2D)][-1]
    tapped = keras.Model(model.inputs, until.output)(rgb, training=False).detach().requires_grad_(True)
    logits = tapped.mean((1, 2)) @ dense.kernel.value + dense.bias.value
    winner = int(found.detections.class_ids[0])
    (plain,) = torch.autograd.grad(logits[0, winner], tapped)
    engine = explainer.engine
    forward = engine.forward(explainer.prepare(picture())[1], Thresholds(0.0), with_graph=True)
    ours = dict(engine.object_gradients(forward))[0][-1]
    assert torch.allclose(ours, plain[0].permute(2, 0, 1), rtol=1e-4, atol=1e-7)


def test_a_single_sigmoid_is_one_class_against_another_and_grey_pictures_are_read(tmp_path: Path) -> None:
    model, path = saved(tmp_path, layers.Dense(1, activation="sigmoid"), channels=1)
    (tmp_path / "net.json").write_text(
        json.dumps({"range": [0, 255], "names": ["benign", "malignant"]}), "utf-8"
    )
    loaded = load_model(str(path))
    assert (loaded.channels, loaded.class_names) == (1, {0: "benign", 1: "malignant"})
    explainer = started(path, conf=0.0)
    found = explainer.explain(picture()).detections
    grey = explainer.prepare(picture())[1][0, 0] * 255
    theirs = float(model(grey[None, :, :, None], training=False)[0, 0].detach())
    by_name = dict(zip(found.class_names, found.confidences.tolist(), strict=True))
    assert by_name["malignant"] == pytest.approx(theirs, abs=1e-4)
    assert by_name["benign"] == pytest.approx(1 - theirs, abs=1e-4)
    assert abs(theirs - 0.5) > 0.1
    forward = explainer.engine.forward(explainer.prepare(picture())[1], Thresholds(0.0), with_graph=True)
    one, other = (gradients[-1] for _, gradients in explainer.engine.object_gradients(forward))
    assert torch.allclose(one, -other)
    assert one.any()


def test_sigmoids_of_several_classes_are_probabilities_of_their_own(tmp_path: Path) -> None:
    model, path = saved(tmp_path, layers.Dense(3, activation="sigmoid"), first=layers.Rescaling(1 / 255))
    found = started(path, conf=0.0).explain(picture(), with_map=False).detections
    theirs = model(torch.from_numpy(picture()[..., ::-1].copy()).float()[None], training=False)[0]
    assert np.abs(found.confidences - theirs.detach().numpy()[found.class_ids]).max() < 1e-4


def test_copies_share_weights_and_nothing_else(tmp_path: Path) -> None:
    _, path = saved(tmp_path, layers.Dense(3), first=layers.Rescaling(1 / 255))
    network = load_model(str(path)).network
    twin = with_shared_weights(network)
    apart = copy.deepcopy(network)
    assert isinstance(twin, KerasClassifier)
    assert isinstance(apart, KerasClassifier)
    own = {id(tensor) for tensor in network.parameters()}
    assert {id(tensor) for tensor in twin.parameters()} == own
    assert not {id(tensor) for tensor in apart.parameters()} & own
    given = torch.rand(1, 3, SIDE, SIDE)
    logits = [one.candidates(given).logits for one in (network, twin, apart)]  # type: ignore[operator]
    assert all(torch.equal(one, logits[0]) for one in logits)
    assert not logits[0].requires_grad


def test_pictures_without_a_known_range_get_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model, path = saved(tmp_path, layers.Dense(3, activation="softmax"))
    with caplog.at_level(logging.WARNING):
        explainer = started(path, conf=0.0)
    assert "does not say how its pictures are prepared" in caplog.text
    found = explainer.explain(picture(), with_map=False).detections
    theirs = model(torch.from_numpy(picture()[..., ::-1].copy()).float()[None] / 255, training=False)[0]
    assert np.abs(found.confidences - theirs.detach().numpy()[found.class_ids]).max() < 1e-4


def test_a_wrong_description_of_the_pictures_is_refused(tmp_path: Path) -> None:
    _, path = saved(tmp_path, layers.Dense(3, activation="softmax"))
    for text in ('{"range": [1, 0]}', '{"range": "x"}', '{"std": 0}', "[", '{"mean": [1, 2]}'):
        (tmp_path / "net.json").write_text(text, "utf-8")
        with pytest.raises(ModelError):
            load_model(str(path))


def test_code_detectors_and_other_models_are_refused_in_one_line(tmp_path: Path) -> None:
    _, path = saved(tmp_path, layers.Lambda(lambda x: x * 2), layers.Dense(2))
    with pytest.raises(ModelError, match=r"holds code .a Lambda layer., and heatcam runs no file"):
        load_model(str(path))
    _, path = saved(tmp_path, layers.Dense(4, name="bbox"))
    with pytest.raises(ModelError, match="finds boxes"):
        load_model(str(path))
    _, path = saved(tmp_path, layers.Dense(4, activation="tanh"))
    with pytest.raises(ModelError, match="ends in the activation tanh"):
        load_model(str(path))
    _, path = saved(tmp_path, layers.Dense(4), channels=2)
    with pytest.raises(ModelError, match="reads pictures of shape"):
        load_model(str(path))
    (tmp_path / "bad.keras").write_bytes(b"no zip")
    with pytest.raises(ModelError, match=r"bad\.keras"):
        load_model(str(tmp_path / "bad.keras"))
    with pytest.raises(ModelError, match="does not exist"):
        find_checkpoint("none.keras")


def test_a_size_that_was_fixed_is_kept(tmp_path: Path) -> None:
    _, path = saved(tmp_path, layers.Dense(3, activation="softmax"))
    with pytest.raises(UsageError, match="pictures of 64 pixels alone, not of 128"):
        started(path, imgsz=128)


def test_another_backend_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Backend:
        @staticmethod
        def backend() -> str:
            return "jax"

    class FakeKeras:
        backend = Backend
        __spec__ = keras.__spec__

    (tmp_path / "a.keras").touch()
    monkeypatch.setitem(sys.modules, "keras", FakeKeras)
    with pytest.raises(ModelError, match="Keras runs on jax here"):
        find_checkpoint(str(tmp_path / "a.keras"))
