from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from heatcam.enums import Renorm
from heatcam.frames import SaliencyMap
from heatcam.geometry import Letterbox
from heatcam.measures.scales import scales_of
from heatcam.overlay.heat import heat_of
from heatcam.overlay.legend import legend_of, number

BOXES = np.float32([[0, 0, 320, 640], [320, 0, 640, 640]])
EVEN = SaliencyMap(np.full((80, 80), 0.25, np.float32), Letterbox.fit((640, 640), 640), "live", "15:C2f")


def words(saliency: SaliencyMap, renorm: Renorm) -> tuple[str, str]:
    legend = legend_of(saliency, renorm, scales_of(saliency, BOXES, renorm))
    return legend.short, legend.top


def test_the_bar_says_its_scope_and_one_scale_says_its_unit() -> None:
    known = replace(EVEN, full_heat=0.5)
    assert words(known, Renorm.BOX) == ("per box", "high")
    assert words(known, Renorm.FRAME) == ("per frame", "0.25 logits/cell")
    assert words(known, Renorm.FIXED) == ("fixed", "0.50 logits/cell")


def test_the_bar_says_what_the_evidence_is_for_and_who_says_so() -> None:
    legend = legend_of(EVEN, Renorm.BOX, [0.25], "truck", "yolov8n · live map")
    assert (legend.caption, legend.short) == ("evidence for truck, scaled in each box", "for truck")
    assert legend.source == "yolov8n · live map"
    assert legend_of(EVEN, Renorm.BOX, [0.25]).caption == "evidence, scaled in each box"


def test_a_name_that_commands_a_terminal_is_shown_as_it_is() -> None:
    assert "\x1b" not in legend_of(EVEN, Renorm.BOX, [0.25], "\x1b[2Jdog").caption


def test_a_fixed_scale_that_is_not_known_is_called_what_it_is() -> None:
    assert words(EVEN, Renorm.FIXED) == ("per frame", "0.25 logits/cell")


def test_what_is_not_counted_in_logits_is_not_called_so() -> None:
    assert words(replace(EVEN, unit="radians"), Renorm.FRAME)[1] == "0.25 radians/cell"


def test_without_evidence_there_is_no_number() -> None:
    nothing = replace(EVEN, values=np.zeros((80, 80), np.float32))
    assert words(nothing, Renorm.FRAME) == ("per frame", "high")


@pytest.mark.parametrize(
    ("value", "text"), [(37.4, "37"), (9.97, "10"), (3.0, "3.0"), (0.37, "0.37"), (0.0371, "0.037")]
)
def test_numbers_show_two_digits(value: float, text: str) -> None:
    assert number(value) == text


def test_at_the_fixed_scale_the_same_evidence_has_the_same_heat_in_every_picture() -> None:
    one = replace(EVEN, full_heat=0.5)
    brighter = EVEN.values.copy()
    brighter[:, :40] = 9.0
    other = replace(one, values=brighter)
    right = np.s_[100:500, 420:600]
    alone, beside = (heat_of(m, BOXES, Renorm.FIXED)[right] for m in (one, other))
    np.testing.assert_array_equal(alone, beside)
    assert abs(int(alone.mean()) - 128) <= 1
    assert heat_of(other, BOXES, Renorm.FRAME)[right].max() < 20, "over the frame it pales"


def test_a_map_by_trial_says_by_how_many() -> None:
    tried = replace(EVEN, trials=64)
    legend = legend_of(tried, Renorm.BOX, [0.25])
    assert (legend.caption, legend.short) == ("evidence by 64 trials, scaled in each box", "by 64 trials")
    assert legend_of(replace(EVEN, trials=1), Renorm.BOX, [0.25]).short == "by 1 trial"


def test_it_says_how_many_objects_have_a_map_by_trial_until_all_have() -> None:
    some = [replace(EVEN, trials=trials) for trials in (64, 0, 56)]
    legend = legend_of(EVEN, Renorm.BOX, [0.25], object_maps=some)
    assert legend.caption == "evidence, 2 of 3 by trial, scaled in each box"
    assert legend.short == "2 of 3 by trial"
    assert "trial" not in legend_of(EVEN, Renorm.BOX, [0.25], object_maps=[EVEN] * 3).caption
    assert "of 3" not in legend_of(replace(EVEN, trials=56), Renorm.BOX, [0.25], object_maps=some).caption
