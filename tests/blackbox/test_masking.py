"""Pictures are explained with nothing but predictions: the map lies on the pixels that these depend on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from heatcam.blackbox.explaining import BlackBoxExplainer
from heatcam.blackbox.masking import MaskExplainer
from heatcam.blackbox.suppression import KeepRule
from heatcam.enums import DRISE_MAP, HIERARCHICAL_MAP
from heatcam.frames import Frame
from heatcam.geometry import Fit, Letterbox, Uint8Array
from heatcam.measures import findings_of
from heatcam.overlay.legend import by_trials
from heatcam.perturbation import Predicted

PLACE = slice(60, 76), slice(100, 116)  # rows and columns of the 160x128 input that the score depends on
BOX = [90, 50, 130, 90]


class BrightPlace:
    """A detector that is as sure of its one box as one place of the picture is bright."""

    title, name, layout = "bright", "fake fp32", "fake"
    suppressed, has_metadata = True, True
    fit: Fit = staticmethod(lambda size_wh: Letterbox.within(size_wh, (160, 128)))

    def __init__(self) -> None:
        self.pictures = 0
        self.names = {0: "lamp", 1: "moon"}

    def predict(self, pictures: Uint8Array) -> Sequence[Predicted]:
        self.pictures += len(pictures)
        bright = pictures[(slice(None), *PLACE)].mean((1, 2, 3)) / 255
        box = np.array([BOX], np.float32)
        return [Predicted(box, np.array([[value, 0]], np.float32)) for value in bright]


def scene(at: tuple[int, int] = (200, 120)) -> Frame:
    """A dark picture of 320x256 with a bright place, twice as large as the input."""
    image = np.full((256, 320, 3), 10, np.uint8)
    left, top = at
    image[top : top + 32, left : left + 32] = 250
    return Frame(image, 0, 0.0, 0.0, "scene.png")


def explainer(method: str, masks: int = 600, **how: Any) -> tuple[MaskExplainer, BrightPlace]:
    model = BrightPlace()
    finder = BlackBoxExplainer(model, KeepRule(0.25, 0.7, 300))
    return MaskExplainer(finder, finder.predict, method, masks, **how), model


@pytest.mark.parametrize("method", [DRISE_MAP, HIERARCHICAL_MAP])
def test_the_map_peaks_where_the_score_comes_from_and_tells_what_it_cost(method: str) -> None:
    masked, model = explainer(method)
    seen = masked.explain(scene())
    assert seen.detections.class_names == ("lamp",) and seen.map_error == ""
    (own,) = seen.object_maps
    row, column = np.unravel_index(own.values.argmax(), own.values.shape)
    assert abs(4 * row - 66) <= 12 and abs(4 * column - 106) <= 12
    assert (
        own.trials + 2 == model.pictures
    )  # (the whole picture once for the boxes and once for their scores)
    assert own.deviation is not None and own.seconds > 0 and own.unit == "score"
    assert masked.facts().method == method
    (found,) = findings_of(seen).as_json()["detections"]
    assert found["trials"] == own.trials and found["seconds"] == own.seconds and 0 < found["error"] < 0.3
    assert f" by {own.trials} masks, ± " in by_trials(own)


def test_hierarchical_masks_are_fewer_than_random_ones() -> None:
    few, many = (explainer(name)[0].explain(scene()) for name in (HIERARCHICAL_MAP, DRISE_MAP))
    assert few.saliency is not None and many.saliency is not None
    assert few.saliency.trials < many.saliency.trials


def test_stopping_keeps_what_is_known_so_far() -> None:
    masked, _ = explainer(DRISE_MAP)
    told: list[tuple[int, int]] = []
    seen = masked.explain(
        scene(), on_trials=lambda *now: told.append(now), is_stopped=lambda: told[-1][0] >= 80
    )
    assert told[-1] == (80, 600) and seen.saliency is not None and seen.saliency.trials == 80
    early = masked.explain(scene(), is_stopped=lambda: True)
    assert early.saliency is None and early.map_error == "8 masks are too few for a map"
    assert len(early.detections) == 1


def test_where_nothing_is_found_nothing_is_covered() -> None:
    masked, model = explainer(DRISE_MAP)
    seen = masked.explain(scene((10, 10)))
    assert len(seen.detections) == 0 and model.pictures == 1
    assert seen.saliency is not None and not seen.saliency.values.any() and seen.saliency.trials == 0


def test_the_letterboxs_border_is_cold_in_a_hierarchical_map() -> None:
    masked, _ = explainer(HIERARCHICAL_MAP)
    image = np.full((128, 320, 3), 10, np.uint8)
    image[56:90, 200:240] = 250
    (own,) = masked.explain(Frame(image, 0, 0.0, 0.0)).object_maps
    assert own.values.shape == (32, 40)
    assert not own.values[:7].any() and not own.values[25:].any() and own.values.max() > 0


def test_seeds_repeat_themselves() -> None:
    one, again, other = (
        explainer(DRISE_MAP, 100, seed=seed)[0].explain(scene()).object_maps[0].values for seed in (0, 0, 1)
    )
    assert np.array_equal(one, again) and not np.array_equal(one, other)
