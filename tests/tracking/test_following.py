from __future__ import annotations

import numpy as np
import pytest

from heatcam.enums import TrackerName
from heatcam.errors import UsageError
from heatcam.frames import Detections, Explanation, Frame
from heatcam.tracking.following import Tracker, tracked, tracker_of

Box = tuple[float, float, float, float]
KINDS = [TrackerName.BYTETRACK, TrackerName.BOTSORT]
SCENE = np.random.default_rng(0).integers(0, 255, (30, 40, 3), np.uint8).repeat(16, 0).repeat(16, 1)


def seen(
    index: int,
    boxes: list[Box],
    classes: list[int] | None = None,
    confidences: list[float] | None = None,
    image: np.ndarray = SCENE,
) -> Explanation:
    count = len(boxes)
    classes = classes or [0] * count
    detections = Detections(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(confidences or [0.8] * count, np.float32),
        np.array(classes, np.int64),
        np.arange(count),
        tuple(f"class {c}" for c in classes),
    )
    return Explanation(Frame(image, index, 0.0, index / 30), detections)


def ids(explanation: Explanation) -> list[int]:
    assert explanation.detections.track_ids is not None
    assert explanation.detections.track_ids.dtype == np.int64
    return explanation.detections.track_ids.tolist()


def at(x: float, y: float = 100, side: float = 60) -> Box:
    return x, y, x + side, y + side


@pytest.mark.parametrize("name", KINDS)
def test_objects_keep_their_numbers_while_they_move(name: TrackerName) -> None:
    tracker = Tracker(name)
    followed = [ids(tracker.follow(seen(n, [at(50 + 4 * n), at(500 - 4 * n, 300)]))) for n in range(20)]
    assert followed == [[1, 2]] * 20


@pytest.mark.parametrize("name", KINDS)
def test_two_boxes_that_cross_keep_their_numbers(name: TrackerName) -> None:
    tracker = Tracker(name)
    followed = [
        ids(tracker.follow(seen(n, [at(100 + 10 * n, 100), at(400 - 10 * n, 130)]))) for n in range(31)
    ]
    assert followed == [[1, 2]] * 31


@pytest.mark.parametrize("name", KINDS)
def test_a_lost_object_gets_its_number_back_within_the_buffer(name: TrackerName) -> None:
    tracker = Tracker(name)
    for n in range(5):
        tracker.follow(seen(n, [at(100), at(400)]))
    for n in range(5, 30):
        assert ids(tracker.follow(seen(n, [at(400)]))) == [2]
    assert ids(tracker.follow(seen(30, [at(400), at(100)]))) == [2, 1]


@pytest.mark.parametrize("name", KINDS)
def test_after_the_buffer_an_object_is_a_new_one(name: TrackerName) -> None:
    tracker = Tracker(name)
    for n in range(40):
        boxes = [at(400), at(100)] if n < 3 else [at(400)]
        tracker.follow(seen(n, boxes))
    assert ids(tracker.follow(seen(40, [at(400), at(100)]))) == [1, 0]
    assert ids(tracker.follow(seen(41, [at(400), at(100)]))) == [1, 3]


@pytest.mark.parametrize("name", KINDS)
def test_a_box_of_another_class_at_the_same_place_is_another_object(name: TrackerName) -> None:
    tracker = Tracker(name)
    assert ids(tracker.follow(seen(0, [at(100), at(100)], [0, 1]))) == [1, 2]
    assert ids(tracker.follow(seen(1, [at(100), at(100)], [1, 0]))) == [2, 1]
    assert ids(tracker.follow(seen(2, [at(100)], [1]))) == [2]
    assert ids(tracker.follow(seen(3, [at(100)], [0]))) == [1]
    assert ids(tracker.follow(seen(4, [at(100)], [7]))) == [0], "new, and not seen twice yet"
    assert ids(tracker.follow(seen(5, [at(100)], [7]))) == [3]


@pytest.mark.parametrize("name", KINDS)
def test_frames_without_boxes_are_followed_too(name: TrackerName) -> None:
    tracker = Tracker(name)
    for n in range(3):
        assert ids(tracker.follow(seen(n, []))) == []
    tracker.follow(seen(3, [at(100)]))
    assert ids(tracker.follow(seen(4, [at(100)]))) == [1]
    assert ids(tracker.follow(seen(5, []))) == []
    assert ids(tracker.follow(seen(6, [at(100)]))) == [1]


def test_the_order_of_the_detections_and_all_else_stays() -> None:
    tracker = Tracker()
    first = seen(0, [at(10), at(200), at(400)], [3, 1, 3], [0.9, 0.5, 0.3])
    tracker.follow(first)
    given = seen(1, [at(400), at(10), at(200)], [3, 3, 1], [0.9, 0.5, 0.3])
    followed = tracker.follow(given)
    before = dict(zip(((3, 10), (1, 200), (3, 400)), ids(Tracker().follow(first)), strict=True))
    assert ids(followed) == [before[3, 400], before[3, 10], before[1, 200]]
    np.testing.assert_array_equal(followed.detections.boxes_xyxy, given.detections.boxes_xyxy)
    np.testing.assert_array_equal(followed.detections.confidences, given.detections.confidences)
    assert followed.detections.class_names == given.detections.class_names
    assert followed.frame is given.frame
    assert given.detections.track_ids is None


def test_a_weak_box_continues_a_track_and_starts_none() -> None:
    tracker = Tracker()
    for n in range(3):
        tracker.follow(seen(n, [at(100)]))
    assert ids(tracker.follow(seen(3, [at(100), at(300)], [0, 0], [0.15, 0.15]))) == [1, 0]
    assert ids(tracker.follow(seen(4, [at(100), at(300)], [0, 0], [0.15, 0.15]))) == [1, 0]


def test_boxes_without_area_have_no_number() -> None:
    tracker = Tracker()
    assert ids(tracker.follow(seen(0, [(5, 5, 5, 5), at(100), (0, 7, 90, 7)]))) == [0, 1, 0]


def test_a_moved_camera_is_followed_by_botsort_and_not_by_bytetrack() -> None:
    """Two small boxes on a scene that jumps by two of their sides, as a shaken camera's does."""
    found = {}
    for name in KINDS:
        tracker = Tracker(name)
        for n in range(4):
            tracker.follow(seen(n, [at(200, 200, 20), at(300, 200, 20)]))
        moved = np.roll(SCENE, 32, axis=1)
        found[name] = ids(tracker.follow(seen(4, [at(232, 200, 20), at(332, 200, 20)], image=moved)))
    assert found == {TrackerName.BYTETRACK: [0, 0], TrackerName.BOTSORT: [1, 2]}


def test_the_picture_is_searched_for_motion_once_a_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    from heatcam.tracking import association

    calls = []
    real = association.GMC.apply
    monkeypatch.setattr(association.GMC, "apply", lambda self, frame: calls.append(1) or real(self, frame))
    tracker = Tracker(TrackerName.BOTSORT)
    for n in range(3):
        image = SCENE.copy()
        tracker.follow(seen(n, [at(100), at(200), at(300)], [0, 1, 2], image=image))
    assert len(calls) == 3


def test_numbers_are_not_used_again_after_a_cut() -> None:
    tracker = Tracker()
    assert ids(tracker.follow(seen(0, [at(100), at(300)]))) == [1, 2]
    tracker.forget()
    assert ids(tracker.follow(seen(1, [at(100)]))) == [3]
    assert ids(tracker.follow(seen(0, [at(100)]))) == [4], "the stream went back"
    small = np.ascontiguousarray(SCENE[:200, :300])
    assert ids(tracker.follow(seen(1, [at(100)], image=small))) == [5], "the pictures have another size"


def test_two_streams_do_not_take_numbers_from_each_other() -> None:
    first, second = Tracker(), Tracker()
    assert ids(first.follow(seen(0, [at(100), at(300)]))) == [1, 2]
    assert ids(second.follow(seen(0, [at(100)]))) == [1]
    assert ids(first.follow(seen(1, [at(100), at(300)]))) == [1, 2]


def test_what_is_remembered_does_not_grow() -> None:
    tracker = Tracker()
    for n in range(300):
        tracker.follow(seen(n, [at(20 * (n // 2 % 29), 15 * (n // 58), 10)], [n // 2 % 7]))
    association = tracker._association
    assert len(association._numbers) < 40
    assert len(association._trackers) <= 7
    for n in range(300, 340):
        tracker.follow(seen(n, []))
    assert association._numbers == {}
    assert association._trackers == {}


def test_a_tracked_explainer_gives_numbered_explanations() -> None:
    class Fake:
        def explain(
            self, image: Frame, *, with_map: bool, with_object_maps: bool = False, conf: float | None = None
        ) -> Explanation:
            asked.append((with_map, with_object_maps, conf))
            return seen(image.frame_index, [at(100)])

    asked: list[tuple[bool, bool, float | None]] = []
    fake = Fake()
    followed = tracked(fake, Tracker())
    frame = seen(0, []).frame
    assert ids(followed.explain(frame, with_map=True)) == [1]
    assert ids(followed.explain(frame, with_map=False, with_object_maps=True, conf=0.6)) == [1]
    assert asked == [(True, False, None), (False, True, 0.6)]
    assert tracked(fake, None) is fake


def test_off_is_no_tracker() -> None:
    assert tracker_of(TrackerName.OFF) is None
    assert tracker_of(TrackerName.BOTSORT) is not None
    with pytest.raises(UsageError):
        Tracker(TrackerName.OFF)
