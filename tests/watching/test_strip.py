"""Film strips: one colour scale over all epochs, every panel in its place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from heatcam.enums import Colormap
from heatcam.overlay import line_height
from heatcam.watching.film import write_strip
from heatcam.watching.probes import Probe
from heatcam.watching.records import EpochNumbers, PictureRecord
from heatcam.watching.strip import draw_strip, epochs_shown, plan_sheet, scale_of
from tests.watching.runs import picture
from tests.watching.test_records import explanation, record


def numbers(*peaks: float) -> list[EpochNumbers]:
    return [EpochNumbers(n, 1, 0.5, 0.5, (peak,) if peak else ()) for n, peak in enumerate(peaks)]


def test_the_scale_is_that_of_most_objects_of_all_epochs() -> None:
    assert scale_of(numbers(80.0, 1.0, 1.0, 1.0, 1.0)) == 1.0
    assert scale_of(numbers(0.0, 0.0)) == 0.0


def test_a_long_training_shows_looks_at_equal_distances_with_the_first_and_the_last() -> None:
    assert epochs_shown([0, 5, 10]) == [0, 5, 10]
    assert epochs_shown(list(range(0, 505, 5)), 5) == [0, 125, 250, 375, 500]


@pytest.mark.parametrize("count", [1, 2, 6, 7, 11, 24])
@pytest.mark.parametrize("frame_wh", [(1280, 720), (320, 2000), (3840, 200), (7, 7)])
def test_panels_lie_on_the_sheet_and_apart(count: int, frame_wh: tuple[int, int]) -> None:
    plan = plan_sheet(count, frame_wh, 1.0, Colormap.TURBO)
    wide, tall = plan.size_wh
    corners = [plan.corner(n) for n in range(count)]
    assert len(set(corners)) == count <= plan.columns * plan.rows
    assert all(left + plan.look.size_wh[0] < wide and top + plan.look.height < tall for left, top in corners)
    assert wide % 2 == tall % 2 == 0 and wide <= 3840


def panel(picture_bgr: np.ndarray, plan: object, n: int) -> np.ndarray:
    left, top = plan.corner(n)  # type: ignore[attr-defined]
    wide, tall = plan.look.size_wh  # type: ignore[attr-defined]
    top += line_height(plan.look.font)  # type: ignore[attr-defined]
    return picture_bgr[top : top + tall, left : left + wide]


def test_the_same_evidence_has_the_same_colours_at_every_epoch() -> None:
    """Each on a scale of its own, a tenth of the evidence would look the same."""
    frame = picture()
    looks = list(zip(numbers(3.0, 0.3, 3.0), [explanation(frame, e) for e in (3.0, 0.3, 3.0)], strict=True))
    plan = plan_sheet(3, frame.size_wh, 3.0, Colormap.TURBO)
    sheet = draw_strip("a", numbers(3.0, 0.3, 3.0), looks, plan)
    first, weak, last = (panel(sheet, plan, n) for n in range(3))
    np.testing.assert_array_equal(first, last)
    hot = (slice(60, 160), slice(60, 120))
    assert np.abs(first[hot].astype(int) - weak[hot]).mean() > 10


def test_a_strip_without_evidence_is_drawn() -> None:
    frame = picture()
    plan = plan_sheet(1, frame.size_wh, 0.0, Colormap.TURBO)
    sheet = draw_strip("a", numbers(0.0), [(numbers(0.0)[0], explanation(frame))], plan)
    assert sheet.shape == (plan.size_wh[1], plan.size_wh[0], 3)


def test_the_chart_marks_the_epoch_of_a_film() -> None:
    frame = picture()
    plan = plan_sheet(1, frame.size_wh, 3.0, Colormap.TURBO)
    looks = [(numbers(3.0)[0], explanation(frame))]
    marked = [draw_strip("a", numbers(3.0, 3.0, 3.0), looks, plan, now) for now in (0, 2)]
    assert (marked[0] != marked[1]).any()


def test_a_strip_is_a_whole_file_over_the_earlier_one(tmp_path: Path) -> None:
    kept: PictureRecord = record(tmp_path)
    path = tmp_path / "heat-a.png"
    path.write_bytes(b"earlier")
    write_strip(path, Probe("a", picture()), kept, Colormap.TURBO)
    assert path.read_bytes().startswith(b"\x89PNG")
    assert {one.name for one in tmp_path.iterdir()} == {"a", "heat-a.png"}
