import io
import os
import subprocess
import threading

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from heatcam.errors import HeatcamError, SourceError, UnreadableInputError, UsageError
from heatcam.sources import standard_input
from heatcam.sources.jpeg_splitter import JpegSplitter
from heatcam.sources.options import CaptureOptions
from heatcam.sources.standard_input import StandardInputSource
from tests.sources.numbered import number_in, numbered_picture
from tests.system_tools import requires


def jpeg(number, **more):
    buffer = io.BytesIO()
    Image.fromarray(numbered_picture(number)[..., ::-1]).save(buffer, "JPEG", quality=90, **more)
    return buffer.getvalue()


def source_of(data, size_wh=None, fps=None):
    return StandardInputSource(CaptureOptions(size_wh, fps), read=io.BytesIO(data).read)


def numbers_of(source):
    with source:
        return [number_in(frame.image_bgr) for frame in source]


def test_mjpeg_is_known_by_its_first_bytes():
    source = source_of(b"".join(map(jpeg, range(5))), fps=10)
    with source:
        frames = list(source)
    assert [number_in(frame.image_bgr) for frame in frames] == [0, 1, 2, 3, 4]
    assert [frame.pts_s for frame in frames] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
    assert source.size_wh == (160, 96)
    assert source.shortfall() == ""


def test_multipart_headers_between_pictures_are_skipped():
    parts = [
        f"--ffmpeg\r\nContent-length: {len(jpeg(n))}\r\n\r\n".encode() + jpeg(n) + b"\r\n" for n in range(3)
    ]
    assert numbers_of(source_of(b"".join(parts))) == [0, 1, 2]


def test_a_thumbnail_inside_a_picture_is_not_its_end():
    exif = Image.Exif()
    thumbnail = jpeg(99)
    plain = jpeg(7, exif=exif)
    segment = b"\xff\xe1" + (len(thumbnail) + 2).to_bytes(2, "big") + thumbnail
    assert numbers_of(source_of(plain[:2] + segment + plain[2:] + jpeg(8))) == [7, 8]


def test_progressive_pictures_have_several_scans():
    assert numbers_of(source_of(jpeg(3, progressive=True) + jpeg(4))) == [3, 4]


def test_raw_frames_of_a_named_size():
    data = b"".join(numbered_picture(n).tobytes() for n in range(4))
    source = source_of(data, size_wh=(160, 96))
    assert numbers_of(source) == [0, 1, 2, 3]
    assert source.shortfall() == ""


def test_raw_frames_without_a_size_are_refused_with_the_option_to_give():
    with pytest.raises(UsageError, match="--size 1280x720"):
        numbers_of(source_of(numbered_picture(0).tobytes()))


@pytest.mark.parametrize("size_wh", [None, (160, 96)])
def test_nothing_at_all_is_one_clear_line(size_wh):
    with pytest.raises(UnreadableInputError, match="holds no whole frame; pipe MJPEG into it"):
        numbers_of(source_of(b"", size_wh))


def test_a_last_frame_that_is_cut_off_is_said():
    raw = numbered_picture(0).tobytes() * 3
    for source in (source_of(raw[:-1000], (160, 96)), source_of(jpeg(0) + jpeg(0) + jpeg(1)[:-50])):
        assert numbers_of(source) == [0, 0]
        assert source.damaged + source.cut_off == 1
        assert (
            source.shortfall() == "standard input ended in the middle of a frame; 2 frames could be decoded"
        )


def test_a_damaged_picture_is_left_out_and_counted():
    broken = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xd9"
    source = source_of(jpeg(1) + broken + jpeg(2))
    assert numbers_of(source) == [1, 2]
    assert "held 1 damaged frames" in source.shortfall()


def test_a_picture_without_an_end_does_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr("heatcam.sources.jpeg_splitter._MOST_BYTES", 100_000)
    with pytest.raises(SourceError, match="without an end"):
        numbers_of(source_of(jpeg(1)[:-2] + b"\x00" * 200_000))


@settings(max_examples=60)
@given(st.lists(st.integers(1, 400), min_size=1, max_size=60))
def test_however_the_bytes_are_cut_the_pictures_are_the_same(sizes):
    data, splitter, found, at = jpeg(5) + b"--x\r\n" + jpeg(6, progressive=True), JpegSplitter("x"), [], 0
    while at < len(data):
        size = sizes[at % len(sizes)]
        found += splitter.add(data[at : at + size])
        at += size
    assert found == [jpeg(5), jpeg(6, progressive=True)]
    assert not splitter.begun


@settings(max_examples=100)
@given(st.binary(max_size=3000))
def test_garbage_is_refused_in_words_and_never_hangs(data):
    for head, size_wh in ((b"\xff\xd8\xff\xe0", None), (b"--", None), (b"", (5, 3))):
        try:
            numbers_of(source_of(head + data, size_wh))
        except HeatcamError as error:
            assert "\n" not in str(error)
        except IndexError:  # (a picture too small for a number)
            pass


def test_a_person_at_a_terminal_is_told_what_to_pipe(monkeypatch):
    class Terminal:
        def isatty(self):
            return True

    monkeypatch.setattr(standard_input.sys, "stdin", Terminal())
    with pytest.raises(UsageError, match="nothing is piped into standard input; for example: ffmpeg"):
        StandardInputSource().__enter__()


def test_a_slow_reader_holds_the_writer_back(monkeypatch):
    """64 KB fit into the pipe: the writer cannot be a hundred frames ahead."""
    read_end, write_end = os.pipe()
    written = []

    def write():
        for _ in range(100):
            os.write(write_end, numbered_picture(0).tobytes())
            written.append(1)
        os.close(write_end)

    writer = threading.Thread(target=write)
    writer.start()
    source = StandardInputSource(CaptureOptions((160, 96)), read=lambda count: os.read(read_end, count))
    with source:
        frames = iter(source)
        next(frames)
        assert len(written) < 10
        assert 1 + sum(1 for _ in frames) == 100
    writer.join()
    os.close(read_end)


@requires("ffmpeg")
def test_what_ffmpeg_writes_is_read():
    film = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=s=322x181:r=25:d=1"]
    motion = subprocess.run([*film, "-f", "mjpeg", "-"], capture_output=True, check=True).stdout
    multipart = subprocess.run([*film, "-f", "mpjpeg", "-"], capture_output=True, check=True).stdout
    raw = subprocess.run([*film, "-f", "rawvideo", "-pix_fmt", "bgr24", "-"], capture_output=True, check=True)
    first = []
    for data, size_wh in ((motion, None), (multipart, None), (raw.stdout, (322, 181))):
        with source_of(data, size_wh) as source:
            frames = list(source)
        assert [frame.size_wh for frame in frames] == [(322, 181)] * 25
        first.append(frames[0].image_bgr)
    for image in first[:2]:
        assert np.abs(cv2.absdiff(image, first[2])).mean() < 8
