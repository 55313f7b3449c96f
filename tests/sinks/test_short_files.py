"""GIFs and numbered pictures; and the codecs beside H.264."""

from __future__ import annotations

import subprocess

import cv2
import numpy as np
import pytest
from PIL import Image

from heatcam.errors import UsageError
from heatcam.sinks.recorder import Recorder, RecorderOptions
from tests.sinks.test_recorder import SIZE_WH, probe, record
from tests.sources.numbered import number_in, numbered_picture
from tests.system_tools import requires


def test_a_gif_has_every_frame_at_its_time_and_in_its_colours(tmp_path):
    path = record(tmp_path / "a.gif", [0, 0.1, 0.2, 0.5, 0.6], fps=10)
    assert [p.name for p in tmp_path.iterdir()] == ["a.gif"]
    with Image.open(path) as gif:
        assert gif.n_frames == 5
        assert gif.info["loop"] == 0
        durations, numbers, colours = [], [], []
        for n in range(5):
            gif.seek(n)
            picture = np.asarray(gif.convert("RGB"))[..., ::-1]
            durations.append(gif.info["duration"])
            numbers.append(number_in(picture))
            colours.append(picture[80, 80].astype(int))
    assert durations == [100, 100, 300, 100, 100]
    assert numbers == [0, 1, 2, 3, 4]
    np.testing.assert_allclose(colours, [(40, 120, 200)] * 5, atol=6)


def test_pictures_are_numbered_from_one(tmp_path):
    with Recorder(tmp_path / "out-%03d.png", SIZE_WH, 25) as recorder:
        for number in range(3):
            recorder.write(numbered_picture(number), number / 25)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out-001.png", "out-002.png", "out-003.png"]
    for number in range(3):
        written = cv2.imread(str(tmp_path / f"out-{number + 1:03d}.png"))
        np.testing.assert_array_equal(written, numbered_picture(number))
    with pytest.raises(UsageError, match=r"out-001\.png exists already"):
        Recorder(tmp_path / "out-%03d.png", SIZE_WH, 25)


def numbers_by_ffmpeg(path, size_wh):
    """OpenCV's wheels have no software decoder for AV1."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "rawvideo", "-pix_fmt", "bgr24", "-"]
    raw = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    pictures = np.frombuffer(raw, np.uint8).reshape(-1, size_wh[1], size_wh[0], 3)
    return [number_in(picture) for picture in pictures]


@requires("ffmpeg", "ffprobe")
@pytest.mark.parametrize("size_wh", [(160, 96), (161, 97)])
@pytest.mark.parametrize(
    ("name", "codec", "called"),
    [
        ("a.mp4", "hevc", "hevc"),
        ("a.mkv", "av1", "av1"),
        ("a.mp4", "av1", "av1"),
        ("a.mkv", "vp9", "vp9"),
        ("a.mov", "prores", "prores"),
        ("a.mkv", "ffv1", "ffv1"),
    ],
)
def test_every_codec_keeps_every_frame_and_size(tmp_path, name, codec, called, size_wh):
    options = RecorderOptions(codec=codec)
    path = record(tmp_path / name, [n / 25 for n in range(30)], size_wh, options=options)
    stream = probe(path, "stream=codec_name,codec_tag_string,width,height")["streams"][0]
    assert (stream["codec_name"], stream["width"], stream["height"]) == (called, *size_wh)
    assert numbers_by_ffmpeg(path, size_wh) == list(range(30))
    if name == "a.mp4" and codec == "hevc":
        assert stream["codec_tag_string"] == "hvc1"  # QuickTime plays no other


def test_ffv1_keeps_the_pixels_themselves(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (97, 161, 3), np.uint8)
    with Recorder(tmp_path / "a.mkv", (161, 97), 25, options=RecorderOptions(codec="ffv1")) as recorder:
        recorder.write(noise, 0)
    capture = cv2.VideoCapture(str(recorder.path))
    np.testing.assert_array_equal(capture.read()[1], noise)


def test_a_lower_crf_is_a_larger_file(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (20, 96, 160, 3), np.uint8)
    sizes = []
    for crf in (10, 40):
        with Recorder(tmp_path / f"{crf}.mp4", SIZE_WH, 25, options=RecorderOptions(crf=crf)) as recorder:
            for number, image in enumerate(noise):
                recorder.write(image, number / 25)
        sizes.append(recorder.path.stat().st_size)
    assert sizes[0] > 2 * sizes[1]
