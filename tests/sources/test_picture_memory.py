"""What reading a picture takes is reckoned before, holds when it is measured, and is bounded."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from heatcam.errors import UnreadableInputError
from heatcam.sources.decoding import check_picture, read_picture
from heatcam.sources.picture_memory import MAX_BYTES
from tests.sources.test_decoding import bomb_png

SIDE = 2000

#: Reads each picture in a fork of its own, and prints the peak beside what was reckoned.
MEASURE = """
import json, os, resource, sys
import heatcam.sources.decoding as decoding
import heatcam.sources.picture_memory as picture_memory
from PIL import Image
Image.init()
decoding.prepare_reader("HEIF")
picture_memory._SHOWN = 0  # only reading is measured here
reckoned = []
decoding._check_memory = lambda needed, path: reckoned.append(needed)
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
for path in sys.argv[1:]:
    if os.fork() == 0:
        before = peak()
        image = decoding.read_picture(path)
        assert image.shape == (2000, 2000, 3), image.shape
        print(json.dumps([path, peak() - before, max(reckoned)]), flush=True)
        os._exit(0)
    assert os.wait()[1] == 0, path
"""


def pictures_to_measure(folder: Path) -> list[str]:
    blobs = Image.fromarray(np.random.default_rng(0).integers(0, 256, (4, 4, 3), np.uint8))
    rgb = blobs.resize((SIDE, SIDE))
    exif = Image.Exif()
    exif[0x0112] = 6
    rgb.save(folder / "turned.jpg", exif=exif)
    rgb.save(folder / "progressive.jpg", progressive=True, subsampling=0)
    rgb.save(folder / "a.webp", method=0)
    rgb.save(folder / "a.avif", speed=10)
    rgb.save(folder / "a.jp2")
    rgb.save(folder / "strip.tif", compression="tiff_lzw", tiffinfo={278: SIDE})
    rgb.quantize(8).save(folder / "palette.gif", transparency=1)
    rgb.convert("RGBA").save(folder / "rgba.png", compress_level=1)
    wide = np.asarray(rgb).astype(np.uint16) * 257
    cv2.imwrite(str(folder / "wide_grey.png"), wide[..., 0])
    cv2.imwrite(str(folder / "wide_alpha.png"), np.dstack([wide, wide[..., 0]]))
    cv2.imwrite(str(folder / "float_grey.tif"), wide[..., 0].astype(np.float32))
    cv2.imwrite(str(folder / "float.tif"), wide.astype(np.float32))
    return [str(path) for path in sorted(folder.iterdir())]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ru_maxrss is in other units elsewhere")
def test_reading_takes_no_more_memory_than_was_reckoned(tmp_path: Path) -> None:
    paths = pictures_to_measure(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *paths], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == len(paths) >= 12
    allowance = (
        8 << 20
    )  # a band of rows, code that is loaded now; one more copy of any picture is 11 MB at least
    assert {path: (took, said) for path, took, said in rows if took > said + allowance} == {}
    assert min(took for _, took, _ in rows) > 3 * SIDE * SIDE  # it did measure something


def gif_bomb(width: int, height: int) -> bytes:
    """35 bytes that stand for any number of pixels."""
    head = b"GIF89a" + struct.pack("<HHBBB", width, height, 0, 0, 0)
    return head + b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\2\1\x2c\0;"


def wide_png(width: int, height: int) -> bytes:
    """16-bit grey, whole and all black."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(2 * width + 1)) for _ in range(height)) + packer.flush()
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def tile_bomb() -> bytes:
    """A TIFF of one pixel in one tile of 60,000 x 60,000."""
    entries = [(256, 3, 1, 1), (257, 3, 1, 1), (258, 3, 1, 8), (259, 3, 1, 5), (262, 3, 1, 1), (277, 3, 1, 1)]
    entries += [(322, 4, 1, 60_000), (323, 4, 1, 60_000), (324, 4, 1, 8), (325, 4, 1, 4)]
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *e) for e in entries)
    return b"II*\0" + struct.pack("<I", 12) + b"\x80\0\1\1" + directory + bytes(4)


def float_tiff_bomb() -> bytes:
    """Float colours, which Pillow does not know, 12,000 x 12,000 of them, with nothing behind."""
    entries = [(256, 3, 1, 12_000), (257, 3, 1, 12_000), (258, 3, 3, 8), (259, 3, 1, 1), (262, 3, 1, 2)]
    entries += [(273, 4, 1, 8), (277, 3, 1, 3), (278, 4, 1, 12_000), (279, 4, 1, 4), (339, 3, 1, 3)]
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *e) for e in entries)
    return b"II*\0" + struct.pack("<I", 14) + struct.pack("<3H", 32, 32, 32) + directory + bytes(4)


@pytest.mark.parametrize(
    ("content", "pixels"),
    [
        (gif_bomb(13_000, 13_000), 169e6),
        (bomb_png(13_000, 13_000), 169e6),
        (wide_png(13_000, 13_000), 169e6),
        (tile_bomb(), 1),
        (float_tiff_bomb(), 144e6),
    ],
    ids=["gif", "png", "16-bit png", "tiff tile", "float tiff"],
)
def test_what_would_take_gigabytes_is_refused_before_it_takes_them(
    tmp_path: Path, content: bytes, pixels: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bomb").write_bytes(content)
    assert len(content) < 2e6
    assert pixels < 178e6
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded"))
    for read in (read_picture, check_picture):
        with pytest.raises(
            UnreadableInputError, match=r"would take [\d.]+ GB of memory.*; scale it down first"
        ):
            read(tmp_path / "bomb")


def test_large_photographs_are_still_read() -> None:
    """What phones write: 108 megapixels of JPEG."""
    assert MAX_BYTES > 12_032 * 9_024 * 9


def test_formats_that_are_decoded_slowly_have_a_bound_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "a.qoi").write_bytes(b"qoif" + struct.pack(">IIBB", 5000, 5000, 3, 0) + bytes(100))
    with pytest.raises(
        UnreadableInputError, match=r"QOI picture of 5000x5000, which takes minutes.*save it as PNG"
    ):
        check_picture(tmp_path / "a.qoi")
