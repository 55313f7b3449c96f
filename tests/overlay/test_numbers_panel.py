from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatcam.frames import Explanation, Timings
from heatcam.geometry import Uint8Array
from heatcam.measures.statistics import evidence_share
from heatcam.overlay import card_table, numbers_panel
from heatcam.overlay.numbers_panel import draw_numbers
from heatcam.overlay.text import text_width
from heatcam.overlay.topline import top_line_box
from tests.overlay.scenes import cells_for, explanation

SIZES = [(320, 240), (640, 480), (1280, 720), (3840, 2160)]
HD = (1280, 720)


def seen(
    size: tuple[int, int] = HD, count: int = 3, *, own: bool = True, with_map: bool = True
) -> Explanation:
    """Boxes beside one another; each object's own map is hot all over, the later the hotter."""
    width, height = size
    boxes = [
        (width * n / count, height / 4, width * (n + 1) / count - 1, height / 2 + n) for n in range(count)
    ]
    ones = np.ones(cells_for(size), np.float32)
    names = tuple(f"thing{chr(97 + n % 26)}" for n in range(count))
    found = explanation(size, boxes, ones if with_map else None, names)
    if found.saliency is not None and own:
        maps = tuple(replace(found.saliency, values=ones * 1e-3 * (n + 1)) for n in range(count))
        found = replace(found, object_maps=maps)
    return replace(found, timings=Timings(2, 66, 35))


Written = list[tuple[str, int, int, int]]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Written:
    """Each text that is written: itself, left, top and font size."""
    texts: Written = []

    def write(_picture: Uint8Array, text: str, left: int, top: int, size: int, _colour: object) -> None:
        if text:
            texts.append((text, left, top, size))

    for module in (numbers_panel, card_table):
        monkeypatch.setattr(module, "write", write)
    return texts


def drawn(what: Explanation, focus: int | None = None) -> Uint8Array:
    picture = np.full_like(what.frame.image_bgr, 128)
    draw_numbers(picture, what, focus)
    return picture


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("count", [0, 1, 5, 80])
def test_the_panel_lies_at_the_right_below_the_top_line(size: tuple[int, int], count: int) -> None:
    changed = (drawn(seen(size, count)) != 128).any(-1)
    rows, columns = np.flatnonzero(changed.any(1)), np.flatnonzero(changed.any(0))
    assert rows[0] >= top_line_box(size)[3]
    assert rows[-1] < size[1]
    assert columns[-1] > size[0] * 0.97
    assert columns[0] > size[0] * 0.2


def test_each_objects_numbers_are_those_of_its_own_map(written: Written) -> None:
    what = seen()
    drawn(what)
    said = [text for text, *_ in written]
    for n, box in enumerate(what.detections.boxes_xyxy):
        own = evidence_share(what.object_maps[n], box)
        assert own.energy_in_box is not None
        at = said.index(what.detections.class_names[n])
        assert said[at + 1] == f"{what.detections.confidences[n]:.2f}"
        assert said[at + 2] == f"{100 * own.energy_in_box:.0f} %"
        assert said[at + 3] == f"{own.evidence:.0f}" if own.evidence >= 10 else f"{own.evidence:#.2g}"
        assert said[at + 4] == f"{own.enrichment:.1f}x"


def test_frame_size_and_times_are_said(written: Written) -> None:
    what = seen()
    drawn(replace(what, frame=replace(what.frame, frame_index=1234, pts_s=41.1)))
    assert [text for text, *_ in written][:2] == [
        "frame 1234, 41.10 s, 1280x720",
        "prepare 2, forward 66, map 35 ms",
    ]


def test_the_focused_object_comes_first_then_the_strongest(written: Written) -> None:
    drawn(seen(count=3), focus=1)
    assert [text for text, *_ in written if text.startswith("thing")] == ["thingb", "thinga", "thingc"]
    written.clear()
    drawn(seen(count=3), focus=7)
    assert [text for text, *_ in written if text.startswith("thing")] == ["thinga", "thingb", "thingc"]


def test_track_numbers_stand_before_names(written: Written) -> None:
    what = seen()
    drawn(replace(what, detections=replace(what.detections, track_ids=np.array([7, 0, 12]))))
    assert {"#7 thinga", "thingb", "#12 thingc"} <= {text for text, *_ in written}


def test_an_object_with_low_evidence_is_amber() -> None:
    what = seen()
    plain, marked = drawn(what), drawn(replace(what, low_evidence=(False, True, False)))
    amber = [(picture == (90, 190, 255)).all(-1).sum() for picture in (plain, marked)]
    assert amber[0] == 0
    assert amber[1] > 20


def test_without_own_maps_the_share_of_all_evidence_is_said(written: Written) -> None:
    drawn(seen(own=False))
    said = [text for text, *_ in written]
    assert "in box: of the evidence of all" in said
    assert "logits" not in said
    assert [text for text in said if text.endswith("%")] == ["8 %"] * 3


def test_without_a_map_only_confidences_are_said(written: Written) -> None:
    drawn(seen(with_map=False))
    said = [text for text, *_ in written]
    assert "0.90" in said
    assert "no heat map, no numbers of it" in said
    assert not [text for text in said if "%" in text]
    written.clear()
    drawn(replace(seen(with_map=False), map_error="the layer is not there"))
    assert "the layer is not there" in [text for text, *_ in written]


def test_nothing_detected_is_said(written: Written) -> None:
    drawn(seen(count=0))
    assert "nothing detected" in [text for text, *_ in written]


def test_objects_without_room_are_counted(written: Written) -> None:
    drawn(seen(count=80))
    said = [text for text, *_ in written]
    shown = sum(text.startswith("thing") for text in said)
    assert f"and {80 - shown} more" in said
    assert shown > 15


@pytest.mark.parametrize("size", [(240, 320), (160, 400), *SIZES])
def test_no_text_leaves_the_picture_and_columns_go_from_the_right(
    size: tuple[int, int], written: Written
) -> None:
    drawn(seen(size, 4))
    for text, left, top, font in written:
        assert left >= 0
        assert left + text_width(text, font) <= size[0]
        assert top + font <= size[1]
    headings = [text for text, *_ in written if text in ("conf", "in box", "logits", "enriched")]
    assert headings == ["conf", "in box", "logits", "enriched"][: len(headings)]
    assert headings


@settings(max_examples=40)
@given(
    st.integers(1, 1200),
    st.integers(1, 1200),
    st.integers(0, 12),
    st.booleans(),
    st.booleans(),
    st.none() | st.integers(-2, 20),
    st.text(max_size=40),
)
def test_any_explanation_is_drawn_on_any_picture(
    width: int, height: int, count: int, own: bool, with_map: bool, focus: int | None, name: str
) -> None:
    what = seen((max(16, width), max(16, height)), count, own=own, with_map=with_map)
    what = replace(what, detections=replace(what.detections, class_names=(name,) * count))
    picture = np.full((height, width, 3), 128, np.uint8)
    draw_numbers(picture, what, focus)
    assert picture.shape == (height, width, 3)
