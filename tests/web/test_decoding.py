"""Pictures from strangers: decoded as the commands read them, in processes that no picture can hang or fill."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
from PIL import Image

from heatcam.geometry import Uint8Array
from heatcam.sources import read_picture
from heatcam.web import decoding
from heatcam.web.decoding import PictureDecoders
from heatcam.web.problems import Problem
from heatcam.web.settings import UploadLimits
from tests.web.tiny import picture

Result = TypeVar("Result")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture(scope="module")
def decoders() -> Iterator[PictureDecoders]:
    """Kept over the tests: a process takes half a second to start."""
    kept = PictureDecoders(UploadLimits(most_pixels=40_000))
    yield kept
    kept.close()


def decoded(decoders: PictureDecoders, data: bytes) -> Uint8Array:
    return asyncio.run(decoders.decode(data))


def refused(decoders: PictureDecoders, data: bytes) -> tuple[int, str]:
    with pytest.raises(Problem) as problem:
        decoded(decoders, data)
    return problem.value.status, problem.value.detail


def saved(image: Image.Image, kind: str, **how: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **how)
    return file.getvalue()


def on_its_side() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return saved(Image.effect_noise((64, 48), 80), "JPEG", exif=exif)


def sixteen_bit() -> bytes:
    return saved(Image.fromarray(np.linspace(0, 65535, 48 * 64).reshape(48, 64).astype(np.uint16)), "PNG")


@pytest.mark.parametrize(
    "data",
    [
        picture(kind="JPEG"),
        picture(kind="GIF"),
        on_its_side(),
        sixteen_bit(),
        saved(Image.effect_noise((64, 48), 80).convert("CMYK"), "TIFF"),
        saved(Image.new("RGBA", (64, 48), (200, 10, 10, 90)), "WEBP", lossless=True),
    ],
    ids=["jpeg", "gif", "exif", "16 bit", "cmyk", "alpha"],
)
def test_pixels_are_those_that_the_commands_read(
    decoders: PictureDecoders, data: bytes, tmp_path: Path
) -> None:
    file = tmp_path / "named.wrongly"
    file.write_bytes(data)
    assert np.array_equal(decoded(decoders, data), read_picture(file))


def test_what_is_no_picture_is_told_from_what_is_a_damaged_one(decoders: PictureDecoders) -> None:
    assert refused(decoders, b"")[0] == 415
    assert refused(decoders, b"%PDF-1.7") == (
        415,
        "the upload is not a picture; give a JPEG, PNG, WebP, AVIF, HEIC, JPEG 2000, BMP, TIFF or GIF file",
    )
    status, detail = refused(decoders, picture(kind="JPEG")[:-400])
    assert status == 422 and detail.startswith("the upload is a damaged or truncated JPEG picture")


def test_more_pixels_than_the_limit_are_refused_before_they_are_decoded(decoders: PictureDecoders) -> None:
    status, detail = refused(decoders, picture((201, 200))[:60])
    assert (status, detail) == (422, "the upload has more than 40000 pixels (201x200); scale it down first")
    assert decoded(decoders, picture((200, 200))).shape == (200, 200, 3)


def test_one_process_serves_one_picture_after_the_other(decoders: PictureDecoders) -> None:
    decoded(decoders, picture())
    before = sorted(one._child.pid for one in decoders._idle.queue)
    for _ in range(3):
        decoded(decoders, picture())
        refused(decoders, b"nothing")
    assert sorted(one._child.pid for one in decoders._idle.queue) == before


def with_own(limits: UploadLimits, use: Callable[[PictureDecoders], Result]) -> Result:
    own = PictureDecoders(limits)
    try:
        return use(own)
    finally:
        own.close()


def child_that(does: str) -> str:
    """The program of a child that says that it is ready, reads a job, and then does this."""
    return (
        "import os, sys, time; from heatcam.web.decoding_child import ANSWER, JOB, READY; "
        "os.write(1, ANSWER.pack(READY, 0, 0, 0)); os.read(0, JOB.size); " + does
    )


@pytest.mark.parametrize(
    ("does", "words"),
    [
        ("time.sleep(60)", "takes more than 0.3 s to decode; scale it down first"),
        ("os.kill(os.getpid(), 9)", "cannot be decoded"),
        ("os.write(1, ANSWER.pack(b'P', 64, 48, 9216) + bytes(100))", "cannot be decoded"),
    ],
    ids=["hangs", "dies", "stops in the middle"],
)
def test_a_picture_that_ends_or_hangs_its_process_is_refused_and_the_next_one_gets_another(
    does: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def use(own: PictureDecoders) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(decoding, "_START", child_that(does))
            started_s = time.monotonic()
            status, detail = refused(own, picture())
            assert status == 422 and words in detail
            assert time.monotonic() - started_s < 20
        assert not own._idle.queue

    with_own(UploadLimits(decoding_s=0.3), use)


def test_a_process_that_died_while_it_was_idle_is_replaced() -> None:
    def use(own: PictureDecoders) -> None:
        decoded(own, picture())
        (idle,) = own._idle.queue
        idle._child.kill()
        idle._child.wait()
        assert decoded(own, picture()).shape == (48, 64, 3)

    with_own(UploadLimits(), use)


def test_a_process_is_replaced_after_many_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "_MOST_PICTURES", 2)

    def use(own: PictureDecoders) -> None:
        decoded(own, picture())
        (first,) = own._idle.queue
        decoded(own, picture())
        assert not own._idle.queue and not first.is_alive

    with_own(UploadLimits(), use)


def test_a_decoder_that_cannot_be_started_is_no_fault_of_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "_START", "raise SystemExit(1)")
    assert with_own(UploadLimits(), lambda own: refused(own, picture()))[0] == 503


@on_linux
def test_processes_are_gone_after_closing_and_have_a_limit_of_memory() -> None:
    def use(own: PictureDecoders) -> int:
        decoded(own, picture())
        (idle,) = own._idle.queue
        limits = Path(f"/proc/{idle._child.pid}/limits").read_text()
        assert "Max data size             3221225472" in limits
        return idle._child.pid

    pid = with_own(UploadLimits(), use)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@on_linux
def test_a_process_that_hangs_ends_itself_when_nobody_is_there_to_kill_it() -> None:
    """The whole child, whose decoder hangs; its parent does nothing."""
    import subprocess

    from heatcam.web.decoding_child import ANSWER, JOB

    hangs = "import heatcam.web.decoding_child as child, time; child._answer = lambda *_: time.sleep(60); child.main()"
    with subprocess.Popen(
        [sys.executable, "-c", hangs], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdin and child.stdout
        child.stdout.read(ANSWER.size)
        child.stdin.write(JOB.pack(100, 0.2, 1) + b"x")
        child.stdin.flush()
        assert child.wait(20) == -signal.SIGALRM
