"""The map of ``predict(visualize=True)`` for one object, against ultralytics itself."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from ultralytics.utils import plotting

from heatcam.engine.preprocessing import picture_tensor
from heatcam.models.loaded import LoadedModel
from heatcam.options import ExplainOptions
from heatcam.saliency.ultralytics_map import ultralytics_explainer
from tests.bench.tiny import CONF, IMGSZ, PICTURE
from tests.nets import fresh_network


@pytest.mark.parametrize("family", ["tiny", "yolov3-tiny"])  # (in the second no head input reads another)
def test_the_strongest_predictions_map_is_the_one_that_ultralytics_draws(
    family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = fresh_network(family)
    loaded = LoadedModel(family, network, dict(enumerate("abcde")), IMGSZ)
    device = torch.device("cpu")
    explainer = ultralytics_explainer(
        loaded, device, ExplainOptions(conf=CONF, backend="torch"), PICTURE.shape[1::-1]
    )
    explanation = explainer.explain(PICTURE, with_object_maps=True)
    ours = explanation.object_maps[0].values
    letterbox, _ = explainer.prepare(PICTURE)
    assert ours.shape == letterbox.model_wh[::-1]
    assert ours.max() == pytest.approx(1)

    drawn = []
    real = plotting.cv2.applyColorMap
    monkeypatch.setattr(
        plotting.cv2, "applyColorMap", lambda grey, how: drawn.append(grey) or real(grey, how)
    )
    boxed = picture_tensor(letterbox.image_to_model(PICTURE), device)
    backend = torch.nn.Module()
    backend.model = copy.deepcopy(network)
    backend.forward = backend.model.__call__
    plotting.class_activation_map(backend, boxed, ["a.png"], tmp_path, conf=CONF, topk=1)
    (theirs,) = drawn
    assert np.abs(np.floor(ours * 255) - theirs).max() <= 1
    assert theirs.std() > 10
