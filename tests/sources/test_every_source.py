"""One suite over all kinds of sources that end or can be stopped: what a caller may count on."""

import time

import cv2
import numpy as np
import pytest

from heatcam.sources.camera import CameraSource
from heatcam.sources.images import ImageSource
from heatcam.sources.opening import open_source
from heatcam.sources.state import Phase
from heatcam.sources.video import VideoSource
from tests.sources.fake_captures import FakeCapture
from tests.sources.numbered import encode_numbered, numbered_picture

KINDS = ["pictures", "video", "camera", "demo"]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sources")
    (folder / "pictures").mkdir()
    for number in range(6):
        cv2.imwrite(str(folder / "pictures" / f"{number}.png"), numbered_picture(number))
    encode_numbered(folder / "clip.mp4", [i / 25 for i in range(6)])
    return folder


@pytest.fixture(params=KINDS)
def source(request, files):
    if request.param == "pictures":
        return ImageSource([files / "pictures"])
    if request.param == "video":
        return VideoSource(files / "clip.mp4")
    if request.param == "camera":
        return CameraSource(0, open_capture=lambda: FakeCapture(size_wh=(160, 96)))
    return open_source("demo")


def first(source, count=6):
    frames = []
    for frame in source:
        frames.append(frame)
        if len(frames) == count:
            break
    return frames


def test_frames_are_bgr_pictures_of_the_size_that_the_source_names(source):
    with source:
        for frame in first(source):
            assert frame.image_bgr.dtype == np.uint8
            assert frame.image_bgr.ndim == 3
            assert frame.image_bgr.shape[2] == 3
            assert frame.image_bgr.flags.c_contiguous
            assert source.size_wh == frame.size_wh


def test_indices_and_times_rise(source):
    with source:
        frames = first(source)
    indices = [frame.frame_index for frame in frames]
    assert indices == sorted(set(indices))
    assert source.is_live or indices == list(range(len(frames)))
    pts_s = [frame.pts_s for frame in frames]
    assert pts_s == sorted(set(pts_s))
    captured = [frame.captured_at_s for frame in frames]
    assert captured == sorted(captured)
    assert abs(time.monotonic() - captured[-1]) < 5


def test_what_is_promised_about_a_source_holds(source):
    with source as entered:
        assert entered is source
        assert source.name
        assert source.fps > 0
        frames = first(source)
        assert all(frame.name for frame in frames)
        assert source.is_live or source.dropped == 0
        assert source.state.phase is Phase.PLAYING
        if source.frame_count is not None:
            assert source.frame_count == len(frames) + sum(1 for _ in source if source.name == "clip.mp4")


def test_pictures_of_two_frames_are_not_the_same_memory(source):
    with source:
        one, two = first(source, 2)
    assert not np.shares_memory(one.image_bgr, two.image_bgr)


@pytest.mark.parametrize("spec", ["pictures", "clip.mp4"])
def test_what_is_finite_ends_by_the_end_of_its_iterator(files, spec):
    with open_source(str(files / spec)) as source:
        assert len(list(source)) == 6


def test_a_file_is_closed_when_the_block_is_left(files):
    with VideoSource(files / "clip.mp4") as source:
        first(source, 1)
    assert source._capture is None
