"""Rows of a TIFF are those of the whole picture, whatever its layout, and nothing else is decoded."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile

from heatcam.errors import UnreadableInputError
from heatcam.tiling.reading import RowCache, WholePicture, open_rows
from heatcam.tiling.shrinking import ShrunkPicture
from heatcam.tiling.tiff_reading import TiffRows, segments_of_rows

RANDOM = np.random.default_rng(0)
RGB = RANDOM.integers(0, 256, (300, 200, 3), np.uint8)

LAYOUTS = {
    "strips": {"rowsperstrip": 7},
    "one strip": {},
    "tiles": {"tile": (64, 48)},
    "deflate": {"tile": (64, 64), "compression": "deflate", "predictor": True},
    "lzw strips": {"rowsperstrip": 32, "compression": "lzw"},
    "zstd": {"tile": (128, 128), "compression": "zstd"},
    "big": {"tile": (64, 64), "bigtiff": True},
    "big-endian": {"rowsperstrip": 16, "byteorder": ">"},
}


def written(path: Path, samples: np.ndarray, **layout) -> Path:
    writer = {name: layout.pop(name) for name in ("bigtiff", "byteorder") if name in layout}
    with tifffile.TiffWriter(path, **writer) as file:
        file.write(samples, photometric=layout.pop("photometric", "rgb"), **layout)
    return path


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_rows_of_every_layout_are_those_of_the_picture(tmp_path: Path, layout: dict) -> None:
    rows = open_rows(written(tmp_path / "a.tif", RGB, **layout))
    assert isinstance(rows, TiffRows) and rows.size_wh == (200, 300)
    for top, bottom in ((0, 300), (0, 1), (63, 65), (150, 300)):
        np.testing.assert_array_equal(rows.rows(top, bottom), RGB[top:bottom, :, ::-1])
    rows.close()


def test_only_the_tiles_of_these_rows_are_decoded(tmp_path: Path) -> None:
    with tifffile.TiffFile(written(tmp_path / "a.tif", RGB, tile=(64, 64))) as file:
        assert list(segments_of_rows(file.pages[0], 64, 130)) == [4, 5, 6, 7, 8, 9, 10, 11]


def test_planes_apart_grey_and_transparency_are_read(tmp_path: Path) -> None:
    planes = written(
        tmp_path / "p.tif", RGB.transpose(2, 0, 1).copy(), planarconfig="separate", tile=(64, 64)
    )
    np.testing.assert_array_equal(open_rows(planes).rows(10, 90), RGB[10:90, :, ::-1])
    grey = written(tmp_path / "g.tif", RGB[..., 0], photometric="minisblack", rowsperstrip=9)
    np.testing.assert_array_equal(open_rows(grey).rows(5, 50), np.repeat(RGB[5:50, :, :1], 3, 2))
    clear = written(
        tmp_path / "c.tif", np.dstack((RGB, np.zeros((300, 200), np.uint8))), extrasamples=["unassalpha"]
    )
    assert (open_rows(clear).rows(0, 9) == 255).all()


def test_jpeg_tiles_come_in_the_colours_that_pillow_gives(tmp_path: Path) -> None:
    smooth = cv2.GaussianBlur(RGB, (0, 0), 9)
    path = written(
        tmp_path / "j.tif", smooth, tile=(64, 64), compression="jpeg", compressionargs={"level": 95}
    )
    assert np.abs(open_rows(path).rows(0, 300).astype(int) - smooth[..., ::-1]).mean() < 2


def test_16_bits_are_scaled_by_the_range_that_is_known_and_it_is_said(tmp_path: Path) -> None:
    wide = RGB.astype(np.uint16) * 16
    path = written(
        tmp_path / "w.tif", wide, rowsperstrip=16, extratags=[(281, "H", 3, (4080, 4080, 4080), True)]
    )
    rows = open_rows(path)
    np.testing.assert_array_equal(rows.rows(0, 300), RGB[..., ::-1])
    assert "4080 is white" in rows.notes[0]
    full = open_rows(written(tmp_path / "f.tif", RGB.astype(np.uint16) * 257, rowsperstrip=16))
    np.testing.assert_array_equal(full.rows(7, 20), RGB[7:20, :, ::-1])


def test_of_a_slide_the_largest_picture_is_read(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "s.tif") as file:
        file.write(RGB[::4, ::4], photometric="rgb")
        file.write(RGB, photometric="rgb", tile=(64, 64))
        file.write(RGB[::2, ::2], photometric="rgb", tile=(64, 64), subfiletype=1)
    assert open_rows(tmp_path / "s.tif").size_wh == (200, 300)


def test_what_cannot_be_read_by_rows_is_read_as_a_whole_where_it_is_small(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), RGB)
    assert isinstance(open_rows(tmp_path / "a.png"), WholePicture)
    turned = written(tmp_path / "t.tif", RGB, extratags=[(274, "H", 1, 6, True)])
    rows = open_rows(turned)
    assert isinstance(rows, WholePicture) and rows.size_wh == (300, 200)


def test_what_is_too_large_for_that_is_refused_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("heatcam.sources.decoding.MAX_BYTES", 1000)
    cv2.imwrite(str(tmp_path / "a.png"), RGB)
    with pytest.raises(UnreadableInputError, match=r"vips copy a\.png big\.tif"):
        open_rows(tmp_path / "a.png")
    floats = tmp_path / "f.tif"
    tifffile.imwrite(floats, RGB.astype(np.float32), photometric="rgb")
    with pytest.raises(UnreadableInputError, match=r"unsigned integers.*vips"):
        open_rows(floats)


@pytest.mark.parametrize("keep", [3, 60, 40_000])
def test_damaged_files_are_one_line(tmp_path: Path, keep: int) -> None:
    path = written(tmp_path / "a.tif", RGB, tile=(64, 64))
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(UnreadableInputError):
        open_rows(path).rows(0, 300)
    with pytest.raises(UnreadableInputError, match="does not exist"):
        open_rows(tmp_path / "none.tif")


def test_rows_that_neighbouring_tiles_share_are_read_once() -> None:
    asked = []

    class Counted:
        size_wh, notes, tags = (200, 300), (), {}

        def rows(self, top: int, bottom: int) -> np.ndarray:
            asked.append((top, bottom))
            return RGB[top:bottom]

        def close(self) -> None:
            pass

    cache = RowCache(Counted())
    for top, bottom in ((0, 64), (51, 115), (100, 164), (10, 20)):
        np.testing.assert_array_equal(cache.rows(top, bottom), RGB[top:bottom])
    assert asked == [(0, 64), (64, 115), (115, 164), (10, 20)]


def test_the_picture_is_shrunk_while_its_rows_come_by() -> None:
    shrunk = ShrunkPicture((200, 300), 60)
    for top in range(0, 300, 50):
        shrunk.add(RGB[max(0, top - 13) : top + 50], max(0, top - 13))
    expected = cv2.resize(RGB, (40, 60), interpolation=cv2.INTER_AREA)
    assert np.abs(shrunk.picture().astype(int) - expected).max() <= 1
