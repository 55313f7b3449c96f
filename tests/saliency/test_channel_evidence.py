"""Evidence by channel of an explanation: in the file's order, of the class that is asked about."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import heatcam
from heatcam.frames import Frame
from heatcam.saliency.channel_evidence import with_channel_evidence
from heatcam.samples import Samples
from tests.channels import many, network_file


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> heatcam.Model:
    return heatcam.load(network_file(tmp_path_factory.mktemp("four"), 4), conf=0.6)


def evidence(model: heatcam.Model, samples: Samples) -> np.ndarray:
    shown = np.zeros((*samples.values.shape[:2], 3), np.uint8)
    explanation = model.explainer.explain(Frame(shown, 0, 0.0, 0.0, "", samples))
    found = with_channel_evidence(model.explainer, explanation).channel_evidence
    assert found is not None
    assert found.shape == (len(explanation.detections), samples.channels)
    return found


def test_it_is_told_in_the_files_order_however_the_network_reads(model: heatcam.Model) -> None:
    values = many(4)
    as_it_comes = evidence(model, Samples(values[..., [2, 1, 0, 3]], 255))
    turned = evidence(model, Samples(values, 255, order=(2, 1, 0, 3), is_colour=True))
    assert np.allclose(turned[:, [2, 1, 0, 3]], as_it_comes, rtol=1e-4)


def test_a_black_channel_has_none(model: heatcam.Model) -> None:
    values = many(4).copy()
    values[..., 1] = 0
    found = evidence(model, Samples(values, 255))
    assert (found[:, 1] == 0).all()
    assert (found[:, 0] != 0).any()


def test_without_objects_there_is_an_empty_table(model: heatcam.Model) -> None:
    nothing = model.explainer.with_thresholds(replace(model.explainer.thresholds, conf=0.999))
    explanation = nothing.explain(
        Frame(np.zeros((9, 9, 3), np.uint8), 0, 0.0, 0.0, "", Samples(np.zeros((9, 9, 4), np.uint8), 255))
    )
    assert with_channel_evidence(nothing, explanation).channel_evidence.shape == (0, 4)


def test_a_grey_picture_read_as_three_colours_is_one_channel(tmp_path: Path) -> None:
    three = heatcam.load(network_file(tmp_path, 3), conf=0.6)
    assert evidence(three, Samples(many(1).astype(np.uint16) * 257, 65535)).shape[1] == 1
