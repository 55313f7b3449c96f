"""A model explains one picture, many, or a stream: in order, no further ahead than it says, and nothing stays open."""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from heatcam.errors import SourceError, UnreadableInputError, UsageError
from heatcam.face import Explanation, Model
from heatcam.frames import Explanation as BareExplanation
from heatcam.frames import Frame
from heatcam.sources.base import SourceBase
from tests.face.tiny import RedExplainer, red_model


@pytest.fixture
def model() -> Model:
    return red_model()[0]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for n in range(12):
        cv2.imwrite(str(tmp_path / f"{n}.png"), np.full((6, 8 + n, 3), n, np.uint8))
    return tmp_path


def widths(explained: Iterator[Explanation]) -> list[int]:
    return [one.frame.size_wh[0] for one in explained]


def test_an_explanation_is_the_houses_own_and_tells_of_its_model(model: Model) -> None:
    seen = model.explain(np.zeros((6, 8, 3), np.uint8), conf=0.5)
    assert isinstance(seen, BareExplanation)
    assert (seen.facts.model, seen.facts.conf, model.facts().conf) == ("tiny", 0.5, 0.25)
    assert model.class_names == {0: "red", 1: "other"}


def test_pictures_have_maps_of_each_object_and_streams_have_none_unless_asked() -> None:
    model, explainer = red_model()
    model.explain(np.zeros((6, 8, 3), np.uint8))
    next(model.explain_many([np.zeros((6, 8, 3), np.uint8)]))
    next(model.stream("demo"))
    next(model.stream("demo", with_object_maps=True))
    assert [one["with_object_maps"] for one in explainer.asked] == [True, True, False, True]


def test_many_come_in_order_with_their_place(model: Model, photos: Path) -> None:
    paths = [photos / f"{n}.png" for n in (3, 1, 2, 11)]
    seen = list(model.explain_many(paths))
    assert widths(iter(seen)) == [11, 9, 10, 19]
    assert [one.frame.frame_index for one in seen] == [0, 1, 2, 3]


def test_a_folder_or_glob_is_many(model: Model, photos: Path) -> None:
    assert widths(model.explain_many(photos)) == [8 + n for n in range(12)]
    assert widths(model.explain_many(f"{photos}/1*.png")) == [9, 18, 19]


def test_many_are_taken_as_they_are_asked_for_and_a_few_ahead(model: Model, photos: Path) -> None:
    taken: list[int] = []

    def names() -> Iterator[Path]:
        for n in range(12):
            taken.append(n)
            yield photos / f"{n}.png"

    explained = model.explain_many(names())
    assert taken == []
    next(explained)
    assert len(taken) <= 5
    explained.close()
    assert len(taken) <= 5


def test_one_that_cannot_be_read_is_an_error_at_its_place(model: Model, photos: Path) -> None:
    explained = model.explain_many([photos / "0.png", photos / "missing.png", photos / "1.png"])
    assert next(explained).frame.size_wh == (8, 6)
    with pytest.raises(UnreadableInputError, match=r"missing\.png"):
        next(explained)


def test_or_it_is_skipped_with_a_warning(model: Model, photos: Path) -> None:
    with pytest.warns(UserWarning, match="skipped: there is no file .*missing.png"):
        seen = list(
            model.explain_many([photos / "0.png", photos / "missing.png", photos / "1.png"], on_error="skip")
        )
    assert [one.frame.frame_index for one in seen] == [0, 2]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert widths(model.explain_many([photos / "0.png"], on_error="skip")) == [8]


def test_what_cannot_be_meant_is_refused_before_anything_is_read(model: Model) -> None:
    for call, said in (
        (lambda: model.explain_many([], on_error="skipp"), "on_error is 'skipp'; did you mean 'skip'"),
        (lambda: model.explain_many([], conf=2), "conf is 2"),
        (lambda: model.explain(np.zeros((6, 8, 3), np.uint8), conf=-1), "conf is -1"),
        (lambda: model.stream("demo", track="byte"), "track is 'byte'"),
    ):
        with pytest.raises(UsageError, match=said):
            call()
    with pytest.raises(UnreadableInputError, match=r"there is no file .*missing.mp4"):
        model.stream("missing.mp4")


class CountedSource(SourceBase):
    """Frames without end, whose device counts how often it is opened and released."""

    name, size_wh, fps = "counted", (8, 6), 30.0

    def __init__(self, is_live: bool, fails_at: int | None = None) -> None:
        self.is_live, self._fails_at = is_live, fails_at
        self.told: list[str] = []

    def __enter__(self) -> CountedSource:
        self.told.append("open")
        return self

    def __exit__(self, *_: object) -> None:
        is_read = any(one.name == "ahead" for one in threading.enumerate())
        self.told.append("released while it is read" if is_read else "released")

    def __iter__(self) -> Iterator[Frame]:
        n = 0
        while not self.is_closed:
            if n == self._fails_at:
                raise SourceError("it is gone")
            yield Frame(np.full((6, 8, 3), n, np.uint8), n, time.monotonic(), n / 30)
            n += 1


@pytest.mark.parametrize("is_live", [True, False])
def test_a_stream_releases_its_source_when_it_is_closed_left_or_fails(
    model: Model, monkeypatch: pytest.MonkeyPatch, is_live: bool
) -> None:
    def opened(fails_at: int | None = None) -> CountedSource:
        source = CountedSource(is_live, fails_at)
        monkeypatch.setattr("heatcam.face.model.open_source", lambda _: source)
        return source

    source = opened()
    explained = model.stream("x")
    assert source.told == [], "nothing is opened before the first frame"
    assert [next(explained).frame.frame_index for _ in range(3)] == [0, 1, 2]
    explained.close()
    assert source.told == ["open", "released"]

    source = opened()
    for _ in model.stream("x"):
        break
    assert source.told == ["open", "released"]

    source = opened(fails_at=2)
    with pytest.raises(SourceError, match="gone"):
        list(model.stream("x"))
    assert source.told == ["open", "released"]
    assert not [one for one in threading.enumerate() if one.name.startswith(("ahead", "heatcam ahead"))]


def test_a_camera_is_named_by_its_index(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(
        "heatcam.face.model.open_source", lambda spec: asked.append(spec) or CountedSource(True)
    )
    next(model.stream(0))
    next(model.stream(Path("clip.mp4")))
    assert asked == ["0", "clip.mp4"]


def test_tracks_number_the_objects_of_a_stream(model: Model) -> None:
    for _, seen in zip(range(3), model.stream("demo", track="bytetrack"), strict=False):
        assert seen.detections.track_ids is not None
    assert next(model.stream("demo")).detections.track_ids is None


def test_maps_are_made_at_anchors(model: Model) -> None:
    assert len(model.maps_at(np.zeros((6, 8, 3), np.uint8), [7], [0])) == 1


def test_a_models_line_is_short_and_safe() -> None:
    explainer = RedExplainer()
    assert (
        repr(Model(explainer))
        == "<Model tiny: detect, 2 classes, live map of 3:red, torch fp32 on cpu, 64 px>"
    )  # type: ignore[arg-type]
