"""Films whose frames are two fields, for which OpenCV 5.0 returns memory that it has not written: the frames that PyAV has."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from heatcam.errors import SourceError
from heatcam.sources.device import CaptureConnection
from heatcam.sources.opening import open_source
from heatcam.sources.stream import StreamDevice
from tests.sources.file_server import file_server
from tests.sources.numbered import number_in, numbered_picture
from tests.system_tools import requires

pytestmark = requires("ffmpeg")

COUNT, SIZE_WH = 12, (720, 576)
FIELDS = ["-vf", "setfield=tff", "-flags", "+ilme+ildct", "-top", "1"]
FORMATS = {
    "pal.mpg": ["-c:v", "mpeg2video", "-b:v", "8M", *FIELDS],
    "broadcast.ts": ["-c:v", "mpeg2video", "-b:v", "8M", *FIELDS],
    "camera.mts": ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-x264-params", "tff=1", "-f", "mpegts"],
    "phone.mp4": ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-x264-params", "tff=1"],
    "tape.avi": ["-c:v", "dvvideo", "-pix_fmt", "yuv420p", "-flags", "+ilme+ildct"],
    "edit.mov": ["-c:v", "prores_ks", "-pix_fmt", "yuv422p10le", *FIELDS],
    "archive.mkv": ["-c:v", "ffv1", "-pix_fmt", "yuv420p", *FIELDS],
    "old.avi": ["-c:v", "mpeg4", "-b:v", "8M", *FIELDS],
    "studio.mxf": ["-c:v", "mpeg2video", "-pix_fmt", "yuv422p", "-b:v", "20M", *FIELDS],
}
_BY_PYAV = """
import sys, av, numpy as np
with av.open(sys.argv[1]) as film:
    frames = list(film.decode(video=0))
first = frames[0].pts * frames[0].time_base
np.savez(sys.argv[2], interlaced=[f.interlaced_frame for f in frames], images=[f.to_ndarray(format="bgr24") for f in frames],
         pts_s=[float(f.pts * f.time_base - first) for f in frames])
"""


def ffmpeg(*arguments, stdin=None):
    command = ["ffmpeg", "-v", "error", "-y", *map(str, arguments)]
    subprocess.run(command, input=stdin, check=True, timeout=120)


def as_pyav_has_it(film, folder):
    subprocess.run([sys.executable, "-c", _BY_PYAV, film, folder / "by-pyav.npz"], check=True, timeout=120)
    return np.load(folder / "by-pyav.npz")


@pytest.fixture(scope="module")
def raw():
    return b"".join(numbered_picture(number, SIZE_WH).tobytes() for number in range(COUNT))


def made(path, raw, options):
    size = f"{SIZE_WH[0]}x{SIZE_WH[1]}"
    ffmpeg("-f", "rawvideo", "-pix_fmt", "bgr24", "-s", size, "-r", 25, "-i", "-", *options, path, stdin=raw)
    return path


@pytest.mark.parametrize("name", FORMATS)
def test_an_interlaced_film_gives_the_frames_that_pyav_has(tmp_path, raw, name):
    film = made(tmp_path / name, raw, FORMATS[name])
    expected = as_pyav_has_it(film, tmp_path)
    assert expected["interlaced"].all(), "the film made is not interlaced: the test shows nothing"
    with open_source(str(film)) as source:
        frames = list(source)
        assert (source.size_wh, source.fps) == (SIZE_WH, 25)
    assert [number_in(frame.image_bgr) for frame in frames] == list(range(COUNT))
    np.testing.assert_allclose([frame.pts_s for frame in frames], expected["pts_s"], atol=1e-6)
    for frame, image in zip(frames, expected["images"], strict=True):
        assert np.abs(frame.image_bgr.astype(int) - image).mean() < 2


def combs(image):
    """How much each row differs from the mean of its neighbours."""
    grey = image.mean(axis=2)
    return float(np.abs(grey[1:-1] - (grey[:-2] + grey[2:]) / 2).mean())


def test_what_moves_between_two_fields_shows_no_combs(tmp_path):
    film = tmp_path / "moving.mkv"
    bar = "color=black:s=720x576:r=50:d=0.5,drawbox=x=200:w=200:h=ih:y=0:c=white:t=fill"
    ffmpeg("-f", "lavfi", "-i", f"{bar},scroll=h=0.02,interlace=lowpass=0", "-c:v", "ffv1", *FIELDS[2:], film)
    woven = as_pyav_has_it(film, tmp_path)["images"]
    with open_source(str(film)) as source:
        whole = [frame.image_bgr for frame in source]
    assert len(whole) == len(woven) > 8
    for before, after in list(zip(woven, whole, strict=True))[2:-2]:
        assert combs(after) < combs(before) / 5


def test_a_film_that_only_sometimes_is_interlaced_loses_no_frame(tmp_path, raw):
    """Broadcasts change between the two: the first frames alone do not tell."""
    progressive = ["-c:v", "libx264", "-pix_fmt", "yuv420p"]
    made(tmp_path / "a.ts", raw, progressive)
    made(tmp_path / "b.ts", raw, [*progressive, "-x264-params", "tff=1", "-output_ts_offset", "0.48"])
    both = tmp_path / "both.ts"
    both.write_bytes((tmp_path / "a.ts").read_bytes() + (tmp_path / "b.ts").read_bytes())
    with open_source(str(both)) as source:
        numbers = [number_in(frame.image_bgr) for frame in source]
    assert numbers == [*range(COUNT), *range(COUNT)]


@pytest.mark.parametrize("name", ["camera.mts", "tape.avi", "pal.mpg"])
def test_going_to_another_time_is_exact_there_too(tmp_path, raw, name):
    film = made(tmp_path / name, raw, FORMATS[name])
    with open_source(str(film)) as source:
        frames = iter(source)
        for number in (7, 3, 10, 0, 11):
            source.seek(number / 25)
            assert number_in(next(frames).image_bgr) == number


@pytest.mark.parametrize("name", ["broadcast.ts", "camera.mts"])
def test_an_interlaced_stream_is_decoded_there_too(tmp_path, raw, name):
    made(tmp_path / name, raw, FORMATS[name]).rename(tmp_path / "live")
    with file_server(tmp_path) as address:
        connection = StreamDevice(f"{address}/live").connect()
        grabs = [connection.grab() for _ in range(COUNT)]
        assert [number_in(grab.image_bgr) for grab in grabs] == list(range(COUNT))
        assert [grab.stream_s for grab in grabs] == pytest.approx([number / 25 for number in range(COUNT)])
        with pytest.raises(SourceError, match="stopped giving frames"):
            connection.grab()
        connection.close()


def test_a_progressive_stream_stays_with_opencv(tmp_path, raw):
    made(tmp_path / "a.ts", raw, ["-c:v", "libx264", "-pix_fmt", "yuv420p"]).rename(tmp_path / "live")
    with file_server(tmp_path) as address:
        connection = StreamDevice(f"{address}/live").connect()
        assert isinstance(connection, CaptureConnection)
        assert number_in(connection.grab().image_bgr) == 0
        connection.close()


_DEPTHS = {
    "8 bit": ["-pix_fmt", "yuv420p"],
    "10 bit": ["-pix_fmt", "yuv420p10le"],
    "4:2:2": ["-pix_fmt", "yuv422p"],
}


@pytest.mark.parametrize(("depth", "rotation"), [("8 bit", 90), ("10 bit", 0), ("4:2:2", 270)])
def test_both_readers_give_the_same_pixels_the_right_way_up(tmp_path, depth, rotation):
    """OpenCV reads from the beginning, PyAV from where it was sent: what is recorded must not depend on it."""
    ffmpeg(
        "-f",
        "lavfi",
        "-i",
        "testsrc2=s=320x180:r=25:d=0.4",
        "-c:v",
        "libx264",
        *_DEPTHS[depth],
        tmp_path / "a.mp4",
    )
    film = tmp_path / "turned.mp4"
    ffmpeg("-i", tmp_path / "a.mp4", "-c", "copy", "-metadata:s:v", f"rotate={rotation}", film)
    with open_source(str(film)) as source:
        by_opencv = list(source)
        source.seek(0)
        by_pyav = list(source)
        assert source.size_wh == ((320, 180) if rotation == 0 else (180, 320))
    for one, other in zip(by_opencv, by_pyav, strict=True):
        assert np.array_equal(one.image_bgr, other.image_bgr)
        assert one.pts_s == pytest.approx(other.pts_s, abs=1e-6)
