"""What is drawn is steady, and follows within three frames when the scene has really changed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from heatcam.commands.options import MotionOptions
from heatcam.enums import Renorm
from heatcam.evaluation.flicker import SHOWN, HeatFrame, flicker_of, frames_until_shown
from heatcam.evaluation.flicker import Motion as PixelMotion
from heatcam.frames import Explanation
from heatcam.geometry import Float32Array, Letterbox
from heatcam.measures.findings import describe
from heatcam.measures.scales import scales_of
from heatcam.overlay.heat import heat_of
from heatcam.smoothing.smoother import Smoothed, Smoother
from tests.smoothing.streams import BOX, SIZE_WH, map_of, seen, spot

DEFAULT = MotionOptions().smooth
HERE, THERE = spot(25, 28), spot(35, 42)  # both in BOX, with nothing in common


def values(shown: Smoothed) -> Float32Array:
    assert shown.explanation.saliency is not None
    return shown.explanation.saliency.values


def heat(shown: Smoothed, renorm: Renorm = Renorm.BOX) -> Float32Array:
    one = shown.explanation
    assert one.saliency is not None
    boxes = one.detections.boxes_xyxy
    return heat_of(one.saliency, boxes, renorm, one.object_maps, shown.scales).astype(np.float32)


def own_scales(one: Explanation, renorm: Renorm = Renorm.BOX) -> list[float]:
    assert one.saliency is not None
    return scales_of(one.saliency, one.detections.boxes_xyxy, renorm, one.object_maps)


def noisy(count: int, seed: int = 0, share: float = 0.5) -> list[Explanation]:
    """A spot whose strength, place and cells are uncertain in every frame, and a box that is too."""
    rng, stream = np.random.default_rng(seed), []
    for n in range(count):
        grain = 1 + share * rng.normal(0, 1, HERE.shape)
        x, y = rng.normal((29, 35), 0.3)
        clean = rng.lognormal(0, 0.25) * (spot(x, y, reach=4) + 0.4 * spot(x + 5, y + 6))
        box = np.array(BOX) + rng.normal(0, 1, 4)
        stream.append(seen(clean * grain.astype(np.float32), [box], n))
    return stream


def flicker(heats: list[Float32Array]) -> float:
    still = PixelMotion(np.zeros((*SIZE_WH[::-1], 2), np.float32), np.ones(SIZE_WH[::-1], bool))
    frames = [HeatFrame(h, {0: np.array(BOX, np.float32)}) for h in heats]
    return flicker_of(frames, [still] * (len(heats) - 1))[0]


def min_max(one: Explanation) -> Float32Array:
    """From the least to the most evidence in the box, in each frame anew."""
    assert one.saliency is not None
    inside = np.maximum(one.saliency.values, 0)[20:50, 20:40]
    risen = map_of(np.maximum(one.saliency.values, 0) - inside.min())
    span = [float(np.ptp(inside))]
    return heat_of(risen, one.detections.boxes_xyxy, Renorm.BOX, scales=span).astype(np.float32)


def test_at_the_default_heat_flickers_at_most_half_as_much_as_with_min_max() -> None:
    stream, smoother = noisy(16), Smoother(DEFAULT, Renorm.BOX)
    smoothed = flicker([heat(smoother.smooth(one)) for one in stream][4:])
    usual = flicker([min_max(one) for one in stream][4:])
    raw = flicker([heat(Smoothed(one)) for one in stream][4:])
    assert smoothed <= 0.5 * usual
    assert usual > 0.2  # there is something to steady
    assert smoothed < raw


@pytest.mark.parametrize("renorm", [Renorm.BOX, Renorm.FRAME])
@pytest.mark.parametrize(
    "after",
    [THERE, 0.3 * THERE, 5 * THERE, 0.3 * HERE, 5 * HERE, HERE + THERE, 0 * HERE],
    ids=["elsewhere", "weaker", "stronger", "pale", "hot", "more", "covered"],
)
def test_a_step_change_of_the_scene_shows_within_three_frames(after: Float32Array, renorm: Renorm) -> None:
    smoother = Smoother(DEFAULT, renorm)
    background = 0.5 * spot(70, 70)  # of another object, so that a scale of the frame stays
    for n in range(12):
        before = smoother.smooth(seen(HERE + background, n=n))
    shown = [smoother.smooth(seen(after + background, n=12 + n)) for n in range(3)]
    evidence = [values(one) for one in shown]
    will_be = after + background
    assert (frames_until_shown(evidence, values(before), will_be) or 99) <= 3
    assert SHOWN == 0.9


@pytest.mark.parametrize("seed", range(4))
def test_a_half_that_is_covered_shows_within_three_frames_in_noise_too(seed: int) -> None:
    rng, smoother = np.random.default_rng(seed), Smoother(DEFAULT, Renorm.BOX)

    def next_frame(clean: Float32Array, n: int) -> Float32Array:
        grain = rng.normal(1, 0.3, HERE.shape) * rng.lognormal(0, 0.15)
        return values(smoother.smooth(seen(clean * grain.astype(np.float32), n=n)))

    before = np.mean([next_frame(HERE + THERE, n) for n in range(12)][6:], axis=0)
    shown = [next_frame(THERE, 12 + n) for n in range(3)]
    assert (frames_until_shown(shown, before, THERE) or 99) <= 3


@pytest.mark.parametrize("seed", range(4))
def test_of_a_small_object_whose_box_trembles_a_covered_half_shows_within_three_frames(seed: int) -> None:
    """Ten cells of eighty: where both halves touch, nothing vanishes at once and only two frames together tell."""
    rng, smoother = np.random.default_rng(seed), Smoother(DEFAULT, Renorm.BOX)
    upper, lower = spot(23, 24, reach=1.2), spot(26.5, 27, reach=1.2)

    def next_frame(clean: Float32Array, n: int) -> Float32Array:
        grain = rng.normal(1, 0.3, HERE.shape) * rng.lognormal(0, 0.15)
        box = np.array([160, 160, 240, 240]) + rng.normal(0, 1, 4)
        return values(smoother.smooth(seen(clean * grain.astype(np.float32), [box], n)))

    before = np.mean([next_frame(upper + lower, n) for n in range(12)][6:], axis=0)
    shown = [next_frame(lower, 12 + n) for n in range(3)]
    assert (frames_until_shown(shown, before, lower) or 99) <= 3


@pytest.mark.parametrize("renorm", [Renorm.BOX, Renorm.FRAME])
def test_a_cut_is_drawn_raw_at_once(renorm: Renorm) -> None:
    smoother = Smoother(1.0, renorm)
    for n in range(5):
        smoother.smooth(seen(HERE, n=n))
    other = seen(40 * spot(60, 60), [(400, 400, 560, 560)], n=5)
    shown = smoother.smooth(other)
    np.testing.assert_array_equal(values(shown), other.saliency.values)
    assert shown.scales == own_scales(other, renorm)


def test_heat_moves_with_its_object_and_nothing_stays_behind() -> None:
    """Three cells a frame to the right: the spot's middle may lag by a fraction of a cell only."""
    smoother = Smoother(DEFAULT, Renorm.BOX)
    for n in range(10):
        box = np.array([40.0 + 24 * n, 160, 160 + 24 * n, 400])
        shown = smoother.smooth(seen(spot(12 + 3 * n, 35), [box], n))
    laid = values(shown)
    columns = np.arange(80) + 0.5
    assert (laid * columns).sum() / laid.sum() == pytest.approx(12 + 27, abs=0.1)
    assert laid[:, : 5 + 27 - 1].max() < 0.05 * laid.max()


def test_an_object_starts_raw_when_its_class_changes() -> None:
    smoother = Smoother(1.0, Renorm.BOX)
    smoother.smooth(seen(HERE, n=0))
    assert (values(smoother.smooth(seen(0.7 * HERE, n=1))) > 0.71 * HERE).any()
    shown = smoother.smooth(seen(0.9 * HERE, n=2, class_ids=[7]))
    np.testing.assert_array_equal(values(shown), (0.9 * HERE).astype(np.float32))


def test_an_object_starts_raw_when_its_level_changes_for_three_frames() -> None:
    smoother, maps = Smoother(1.0, Renorm.BOX), [np.float32(1 - 0.2 * (n % 2)) * HERE for n in range(8)]
    shown = [smoother.smooth(seen(raw, n=n, levels=[n in (1, 2, 5, 6, 7)])) for n, raw in enumerate(maps)][1:]
    raw = [bool((values(one) == own).all()) for one, own in zip(shown, maps[1:], strict=True)]
    assert raw == [False] * 6 + [True]


@pytest.mark.parametrize("pts_s", [1.2, -0.5], ids=["a pause", "back"])
def test_a_pause_or_a_step_back_in_time_begins_anew(pts_s: float) -> None:
    smoother = Smoother(1.0, Renorm.BOX)
    smoother.smooth(seen(HERE, pts_s=0.0))
    shown = smoother.smooth(seen(0.8 * HERE, n=1, pts_s=pts_s))
    np.testing.assert_array_equal(values(shown), np.asarray(0.8 * HERE, np.float32))


def test_a_frame_without_a_map_or_of_another_size_begins_anew() -> None:
    smoother = Smoother(1.0, Renorm.BOX)
    smoother.smooth(seen(HERE, n=0))
    without = seen(None, n=1)
    assert smoother.smooth(without) == Smoothed(without)
    np.testing.assert_array_equal(values(smoother.smooth(seen(0.8 * HERE, n=2))), np.float32(0.8) * HERE)
    small = seen(0.6 * HERE, n=3)
    letterbox = Letterbox.fit((320, 320), 640)
    small = replace(small, saliency=replace(small.saliency, letterbox=letterbox))
    np.testing.assert_array_equal(values(smoother.smooth(small)), small.saliency.values)


def test_one_weak_frame_does_not_make_noise_hot() -> None:
    """The scale falls slowly: half of the evidence is drawn pale, not red."""
    smoother = Smoother(DEFAULT, Renorm.BOX)
    for n in range(5):
        smoother.smooth(seen(HERE, n=n))
    (scale,) = smoother.smooth(seen(0.5 * HERE, n=5)).scales or ()
    assert scale > 0.75 * own_scales(seen(HERE))[0]


def test_smoothed_heat_is_hardly_paler_than_in_a_single_picture() -> None:
    """A mean is flatter than each of its frames: scaled by their peaks nothing of it would be red."""
    smoother = Smoother(DEFAULT, Renorm.BOX)
    hottest = [heat(smoother.smooth(one)).max() for one in noisy(30, share=0.8)]
    assert min(hottest) >= 0.9 * 255


def test_with_a_frame_scale_content_outside_the_boxes_is_raw() -> None:
    smoother = Smoother(DEFAULT, Renorm.FRAME)
    smoother.smooth(seen(HERE + spot(70, 20), n=0))
    now = 0.8 * HERE + 0.5 * spot(70, 20)
    shown = smoother.smooth(seen(now, n=1))
    outside = np.ones(HERE.shape, bool)
    outside[20:50, 20:40] = False
    np.testing.assert_array_equal(values(shown)[outside], now[outside].astype(np.float32))
    assert (values(shown)[20:50, 20:40] > now[20:50, 20:40]).all()
    assert len(shown.scales or ()) == 1


def test_objects_with_maps_of_their_own_are_smoothed_each_in_its_own() -> None:
    smoother, boxes = Smoother(DEFAULT, Renorm.BOX), [BOX, (400, 160, 560, 400)]
    one, other = spot(28, 30), spot(60, 30)
    smoother.smooth(seen(one + other, boxes, 0, own=(one, other)))
    shown = smoother.smooth(seen(0.8 * one + other, boxes, 1, own=(0.8 * one, other))).explanation
    first, second = (m.values for m in shown.object_maps)
    assert first[30, 28] > 0.85 * one[30, 28]
    np.testing.assert_allclose(second, other, atol=1e-6)
    assert first[30, 60] == np.float32(0.8) * one[30, 60]


def test_the_raw_explanation_is_not_touched_and_its_findings_stay_the_same() -> None:
    """Metrics are of raw maps: smoothing hands out a copy, and what came in says the same before and after."""
    smoother, stream = Smoother(DEFAULT, Renorm.BOX), noisy(4)
    stream = [replace(one, object_maps=(one.saliency,)) for one in stream]
    for one in stream:
        before, kept = describe(one), one.saliency.values.copy()
        shown = smoother.smooth(one)
        assert describe(one) == before
        np.testing.assert_array_equal(one.saliency.values, kept)
    assert describe(shown.explanation) != before
