"""Half of the bits are judged by the maps of objects: what a user sees."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from heatcam.engine.gradients import GradientEngine
from heatcam.engine.passes import TOLERANCES, TorchPasses
from heatcam.engine.preprocessing import real_pictures
from heatcam.frames import SaliencyMap
from heatcam.geometry import Letterbox
from heatcam.options import ExplainOptions
from heatcam.saliency.agreement import agreement, what_differs
from heatcam.saliency.explainer import Explainer
from heatcam.saliency.factory import build_explainer
from tests.nets import COCO_CHECKPOINT, needs_coco

LETTERBOX = Letterbox.fit((64, 48), 64, 32)
BOX = (8.0, 8.0, 48.0, 40.0)


def map_of(values: np.ndarray) -> SaliencyMap:
    return SaliencyMap(values.astype(np.float32), LETTERBOX, "live", "15", "logits")


def noise(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((8, 8))


def test_a_map_agrees_with_itself_and_with_itself_made_brighter() -> None:
    for factor in (1.0, 3.0):
        same = agreement(map_of(noise()), map_of(factor * noise()), LETTERBOX, BOX)
        assert same.cosine == pytest.approx(1)
        assert same.rank_correlation == pytest.approx(1)
        assert same.energy_apart == pytest.approx(0, abs=1e-6)
        assert same.difference == ""


def test_heat_that_moved_within_the_box_is_another_order() -> None:
    moved = agreement(map_of(noise()), map_of(np.roll(noise(), 2, 1)), LETTERBOX, BOX)
    assert "rank correlation" in moved.difference


def test_heat_that_moved_out_of_the_box_is_told_in_numbers() -> None:
    inside, outside = np.zeros((8, 8)), np.zeros((8, 8))
    inside[3, 3], outside[3, 3], outside[3, 7] = 1, 1, 1
    told = agreement(map_of(inside), map_of(outside), LETTERBOX, BOX)
    assert told.energy_apart == pytest.approx(0.5)
    assert told.cosine == pytest.approx(1 / np.sqrt(2))
    assert told.difference.startswith("maps with a cosine of 0.707")
    assert "energy in the box 0.500 apart" in told.difference


def test_the_rank_correlation_is_spearmans_with_ties() -> None:
    a, b = np.round(5 * noise(1)), np.round(5 * noise(2))
    whole = (0.0, 0.0, 64.0, 64.0)
    ours = agreement(map_of(a), map_of(b), Letterbox.fit((64, 64), 64, 32), whole).rank_correlation
    assert ours == pytest.approx(spearmanr(a.ravel(), b.ravel()).statistic, abs=1e-6)


def test_numbers_that_are_none_never_agree() -> None:
    assert agreement(map_of(noise()), map_of(np.full((8, 8), np.nan)), LETTERBOX, BOX).difference


@pytest.fixture(scope="module")
def coco() -> Explainer:
    return build_explainer(
        str(COCO_CHECKPOINT), None, ExplainOptions(imgsz=320, backend="torch", quality="fine")
    )


def with_passes(explainer: Explainer, passes: TorchPasses) -> GradientEngine:
    quick = copy.copy(explainer.engine)
    quick.passes = passes
    return quick


@needs_coco
def test_a_trained_network_in_bfloat16_shows_what_float32_shows(coco: Explainer) -> None:
    quick = with_passes(coco, TorchPasses(coco.engine.cut, "bf16"))
    assert quick.passes.tolerance == TOLERANCES["bf16"]
    assert what_differs(coco, quick, real_pictures((640, 480))) == ""


@needs_coco
def test_gradients_that_are_noisier_than_bfloat16_are_found_out(coco: Explainer) -> None:
    class Noisy(TorchPasses):
        def vjp(self, inputs, cotangents):
            gradients = super().vjp(inputs, cotangents)
            source = torch.Generator().manual_seed(0)
            return tuple(g + 2 * g.std() * torch.randn(g.shape, generator=source) for g in gradients)

    assert "maps with a cosine" in what_differs(
        coco, with_passes(coco, Noisy(coco.engine.cut)), real_pictures((640, 480))
    )
