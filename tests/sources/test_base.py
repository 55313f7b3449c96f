"""What every source can be asked, whatever it is."""

from __future__ import annotations

import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from heatcam.sources.base import Source
from heatcam.sources.demo import DemoSource
from heatcam.sources.images import ImageSource
from heatcam.sources.opening import OPENERS, open_source
from heatcam.sources.options import CaptureOptions
from heatcam.sources.sequence import SequenceSource
from tests.sources.numbered import encode_numbered


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(1, 10):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((8, 8, 3), number, np.uint8))
    frames = [Image.new("L", (8, 8), 20 * n) for n in range(9)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=100)
    encode_numbered(tmp_path / "film.mp4", [n / 25 for n in range(9)])
    return tmp_path


def sources(folder: Path) -> dict[str, Source]:
    return {
        "pictures": ImageSource([folder]),
        "numbered": SequenceSource(str(folder / "%d.png")),
        "animation": open_source(str(folder / "a.gif")),
        "film": open_source(str(folder / "film.mp4")),
        "demo": DemoSource((160, 160)),
    }


@pytest.mark.parametrize("kind", ["pictures", "numbered", "animation", "film", "demo"])
def test_closed_from_another_thread_its_iterator_ends_and_it_can_be_entered_again(
    folder: Path, kind: str
) -> None:
    source = sources(folder)[kind]
    for _ in range(2):
        with source:
            frames = iter(source)
            next(frames)
            closer = threading.Thread(target=lambda: (source.close(), source.close()))
            closer.start()
            closer.join()
            assert len(list(frames)) <= 1


@pytest.mark.parametrize(
    ("kind", "still", "rate"),
    [
        ("pictures", True, False),
        ("numbered", False, True),
        ("animation", False, False),
        ("film", False, False),
        ("demo", False, False),
    ],
)
def test_files_say_what_they_are_and_can_be_opened_again(
    folder: Path, kind: str, still: bool, rate: bool
) -> None:
    source = sources(folder)[kind]
    with source:
        assert (source.is_slideshow, source.accepts_rate, source.reopenable) == (still, rate, True)
        assert (source.negotiated_format, source.outages, source.shortfall()) == ("", (), "")


def test_standard_input_is_read_once_and_takes_a_rate() -> None:
    source = open_source("-")
    assert (source.reopenable, source.accepts_rate, source.is_live) == (False, True, False)


def test_every_opener_leaves_what_is_not_its_own_to_the_next() -> None:
    assert [opener("certainly not/a source", CaptureOptions()) for opener in OPENERS] == [None] * len(OPENERS)
