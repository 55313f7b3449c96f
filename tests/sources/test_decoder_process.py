"""Films that are decoded in a process of their own: what they may be called, and how the process ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from heatcam.errors import SourceError, UnreadableInputError
from heatcam.sources.capture import open_video
from heatcam.sources.decoder_process import DecoderProcess
from heatcam.sources.h264 import only_whole_frames
from heatcam.sources.opening import open_source
from tests.sources.numbered import encode_numbered, number_in

posix_only = pytest.mark.skipif(os.name != "posix", reason="needs POSIX names and signals")


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return encode_numbered(tmp_path_factory.mktemp("film") / "clip.mp4", [i / 25 for i in range(30)])


def numbers(path):
    with open_source(str(path)) as source:
        return [number_in(frame.image_bgr) for frame in source], source.name


@posix_only
@pytest.mark.parametrize("name", [b"caf\xe9.mp4", b"\xff\xfe", b"a\xe9%03d[1].mkv"])
def test_a_name_that_is_not_utf_8_plays_like_any_other(clip, tmp_path, name):
    film = tmp_path / os.fsdecode(name)
    film.write_bytes(clip.read_bytes())
    shown, called = numbers(film)
    assert shown == list(range(30))
    assert called == name.decode("utf-8", "replace")


@posix_only
def test_opencv_never_gets_such_a_name(tmp_path):
    """It would end the whole process by a segmentation fault."""
    with pytest.raises(ValueError, match="surrogates"):
        open_video(str(tmp_path / os.fsdecode(b"caf\xe9.mp4")))


@pytest.mark.parametrize("name", ["clip.dat", "clip", "clip.txt", "10:30 a.mp4", "-clip.mp4", "x.jpg.mp4"])
def test_the_content_says_what_a_film_is_and_not_its_name(clip, tmp_path, monkeypatch, name):
    (tmp_path / name).write_bytes(clip.read_bytes())
    monkeypatch.chdir(tmp_path)
    assert numbers(name) == (list(range(30)), name)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"just some words\n" * 300, "holds text"),
        (b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/secret\n", "holds text"),
        (b"\0" * 5000, "is not a video that can be decoded"),
        (b"PK\3\4" + bytes(range(256)) * 20, "is not a video that can be decoded"),
    ],
)
def test_what_is_no_film_is_one_clear_line(tmp_path, capfd, content, says):
    (tmp_path / "x.mp4").write_bytes(content)
    with pytest.raises(UnreadableInputError, match=says) as caught, open_source(str(tmp_path / "x.mp4")):
        pass
    assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123
        return file.read().rpartition(")")[2].split()[0] != "Z"


@posix_only
@pytest.mark.parametrize("number", ["SIGKILL", "SIGTERM"])
def test_when_the_main_process_is_killed_the_decoder_ends_too(clip, number):
    code = (
        "import sys, time; from heatcam.sources.decoder_process import DecoderProcess\n"
        "decoder = DecoderProcess(sys.argv[1]); decoder.go(0)\n"
        "while decoder.next(): pass\n"  # (it waits for orders then, and writes nothing that could fail)
        "print(decoder._child.pid, flush=True); time.sleep(60)"
    )
    program = subprocess.Popen([sys.executable, "-c", code, clip], stdout=subprocess.PIPE)
    decoder = int(program.stdout.readline())
    assert is_running(decoder)
    program.send_signal(getattr(signal, number))
    program.communicate(timeout=20)
    deadline_s = time.monotonic() + 20
    while is_running(decoder):
        assert time.monotonic() < deadline_s, "the decoder is still there"
        time.sleep(0.05)


def test_closing_ends_the_process_at_once_and_a_decoder_that_dies_is_one_line(clip):
    decoder = DecoderProcess(str(clip))
    decoder.go(0)
    assert number_in(decoder.next().image_bgr) == 0
    decoder.close()
    assert decoder._child.poll() is not None
    decoder = DecoderProcess(str(clip))
    decoder._child.kill()
    decoder._child.wait()
    with pytest.raises(SourceError, match="the decoder ended"):
        decoder.go(0)
        while decoder.next():
            pass
    decoder.close()


@pytest.mark.parametrize(
    "extradata", [b"", b"\1", b"\1\x64\0\x1f\xff\xe1\0\x02\x67\x64", b"\0\0\0\1\x67\x64\0"]
)
def test_a_parameter_set_that_cannot_be_read_promises_nothing(extradata):
    assert not only_whole_frames(extradata)
