"""Pictures of any channels and bits, as files have them: what networks read, what is shown, and what is refused in one line."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import tifffile
from PIL import Image

from heatcam.errors import HeatcamError, UnreadableInputError, UsageError
from heatcam.samples import Samples
from heatcam.sources.decoding import read_picture
from heatcam.sources.opening import open_source
from heatcam.sources.options import CaptureOptions, PictureOptions, parse_view_channels, parse_window
from heatcam.sources.picture_files import find_pictures
from heatcam.sources.picture_pixels import check_pixels, read_pixels
from heatcam.sources.view import drawn, view_of

FOUR = PictureOptions(channels=4)
NOISE = np.random.default_rng(0).integers(0, 256, (20, 30, 8), np.uint8)


def samples(path: Path, asked: PictureOptions | None = None) -> Samples:
    found = read_pixels(path, asked).samples
    assert found is not None
    return found


def test_pages_are_channels_for_networks_of_other_channels_and_pictures_for_all_others(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.moveaxis(NOISE[..., :4], -1, 0), photometric="minisblack")
    assert np.array_equal(samples(path, FOUR).values, NOISE[..., :4])
    first = read_pixels(path, PictureOptions(channels=3))
    assert first.samples is None
    assert np.array_equal(first.image_bgr[..., 1], NOISE[..., 0])


@pytest.mark.parametrize("planes", ["contig", "separate"])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("count", [2, 4, 5, 8])
def test_samples_of_one_page_are_channels_however_they_lie(
    planes: Any, kind: Any, count: int, tmp_path: Path
) -> None:
    values = NOISE[..., :count].astype(kind) * kind(257 if kind is np.uint16 else 1)
    stored = values if planes == "contig" else np.moveaxis(values, -1, 0)
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="minisblack", planarconfig=planes)
    found = samples(tmp_path / "a.tif", PictureOptions(channels=count))
    assert np.array_equal(found.as_read_by(count), values)
    assert found.full_scale == np.iinfo(kind).max


def test_pages_of_two_sizes_are_no_channels(tmp_path: Path) -> None:
    """Reduced copies, as in maps: the first page alone, as in ultralytics."""
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        for side in (16, 8):
            tiff.write(NOISE[:side, :side, 0], photometric="minisblack")
    found = samples(tmp_path / "a.tif", FOUR)
    assert (found.channels, found.as_read_by(4)) == (1, None)


@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize("shape", [(20, 30), (20, 30, 3)])
def test_sixteen_bits_reach_the_network_whole(suffix: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    values = np.random.default_rng(1).integers(0, 65536, shape, np.uint16)
    cv2.imwrite(str(tmp_path / f"a.{suffix}"), values if len(shape) == 2 else values[..., ::-1])
    found = samples(tmp_path / f"a.{suffix}", PictureOptions(channels=3))
    assert np.array_equal(
        found.as_read_by(3), values if len(shape) == 3 else np.repeat(values[..., None], 3, 2)
    )
    grey = found.as_read_by(1)[..., 0]
    expected = values if len(shape) == 2 else cv2.cvtColor(values, cv2.COLOR_RGB2GRAY)
    assert np.array_equal(grey, expected)


def test_grey_whose_zero_is_white_is_turned_round(tmp_path: Path) -> None:
    values = NOISE[..., 0].astype(np.uint16) * 257
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="miniswhite")
    assert np.array_equal(samples(tmp_path / "a.tif").values[..., 0], 65535 - values)


def test_transparent_sixteen_bit_colours_lie_on_white_unless_the_network_reads_four(tmp_path: Path) -> None:
    bgra = np.zeros((2, 2, 4), np.uint16)
    bgra[..., 2], bgra[0, 0, 3] = 65535, 65535  # red; opaque in one corner
    cv2.imwrite(str(tmp_path / "a.png"), bgra)
    assert samples(tmp_path / "a.png").values.tolist() == [[[65535, 0, 0], [65535] * 3], [[65535] * 3] * 2]
    assert samples(tmp_path / "a.png", FOUR).as_read_by(4)[0, 1].tolist() == [0, 0, 65535, 0]


def test_eight_bit_pictures_with_a_fourth_channel_are_read_by_networks_of_four(tmp_path: Path) -> None:
    Image.fromarray(NOISE[..., :4], "RGBA").save(tmp_path / "a.png")
    assert read_pixels(tmp_path / "a.png").samples is None
    read = samples(tmp_path / "a.png", FOUR).as_read_by(4)
    assert np.array_equal(read, NOISE[..., [2, 1, 0, 3]])


def test_ordinary_pictures_are_read_as_ever_and_shown_as_asked(tmp_path: Path) -> None:
    Image.fromarray(NOISE[..., :3]).save(tmp_path / "a.png")
    as_ever = read_pixels(tmp_path / "a.png")
    assert as_ever.samples is None
    assert np.array_equal(as_ever.image_bgr, read_picture(tmp_path / "a.png"))
    asked = read_pixels(tmp_path / "a.png", PictureOptions(view_channels=(1,)))
    assert np.array_equal(asked.image_bgr, np.repeat(NOISE[..., :1], 3, 2))
    assert asked.samples is not None
    assert np.array_equal(asked.samples.as_read_by(3), NOISE[..., :3])


def test_a_tiff_is_turned_upright_with_its_samples(tmp_path: Path) -> None:
    values = np.moveaxis(NOISE[..., :4], -1, 0)
    tifffile.imwrite(
        tmp_path / "a.tif", values, photometric="minisblack", extratags=[(274, "H", 1, 6, False)]
    )
    found = samples(tmp_path / "a.tif", FOUR)
    assert found.values.shape == (30, 20, 4)
    assert np.array_equal(found.values, np.rot90(NOISE[..., :4], -1))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", ["u1", "u2", "f4", "f8"])
def test_npy_is_rows_columns_channels(kind: str, order: str, tmp_path: Path) -> None:
    values = (NOISE[..., :4] / 255 if kind[0] == "f" else NOISE[..., :4]).astype(order + kind)
    np.save(tmp_path / "a.npy", np.asfortranarray(values))
    found = samples(tmp_path / "a.npy", FOUR)
    assert np.array_equal(found.values, values.astype("f4" if kind[0] == "f" else kind))
    assert found.full_scale == {"u1": 255, "u2": 65535}.get(kind, 1)


def test_three_channels_of_npy_are_blue_green_red_as_ultralytics_caches_them(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", NOISE[..., :3])
    found = read_pixels(tmp_path / "a.npy")
    assert np.array_equal(found.image_bgr, NOISE[..., :3])
    assert found.samples is not None
    assert np.array_equal(found.samples.as_read_by(3), NOISE[..., 2::-1])


def written(path: Path, values: npt.NDArray[Any], shape: tuple[int, ...] | None = None) -> Path:
    """An array's file that claims another shape."""
    np.save(path, values)
    if shape is not None:
        data = path.read_bytes()
        said = f"'shape': {values.shape}".encode()
        claim = f"'shape': {shape}".encode()
        assert said in data
        head = data[10 : 10 + struct.unpack("<H", data[8:10])[0]].replace(said, claim).rstrip()
        head = head.ljust(struct.unpack("<H", data[8:10])[0] - 1) + b"\n"
        path.write_bytes(data[:10] + head + data[10 + len(head) :])
    return path


@pytest.mark.parametrize(
    ("values", "shape", "said"),
    [
        (np.array([{}, {}], object), None, "holds Python objects, which are never loaded"),
        (NOISE, (20000, 30, 8), "damaged or truncated array"),
        (NOISE, (9000000, 9000000, 8), "damaged or truncated array"),
        (NOISE[0, 0], None, "shape (8,); a picture is of the shape (height, width, channels)"),
        (NOISE[:, :, :0], None, "a picture is of the shape"),
        (NOISE.astype(np.int16), None, "samples of the type int16; save it as uint8, uint16 or float32"),
        (NOISE.astype(np.complex64), None, "samples of the type complex64"),
        (np.zeros((4, 20, 30), np.uint8), None, "its channels stand first; save numpy.moveaxis"),
        (np.zeros((3, 4, 600), np.uint8), None, "its channels stand first"),
        (
            np.float32([[[0.5, 0.5, 0.5, 7000]]]),
            None,
            "float samples up to 7000, and 1.0 is the network's white",
        ),
    ],
)
def test_arrays_that_are_no_pictures_are_one_line(
    values: npt.NDArray[Any], shape: tuple[int, ...] | None, said: str, tmp_path: Path
) -> None:
    path = written(tmp_path / "a.npy", values, shape)
    with pytest.raises(UnreadableInputError) as caught:
        read_pixels(path, FOUR)
    assert said in str(caught.value)


def test_an_array_too_large_for_memory_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    sparse = np.lib.format.open_memmap(path, "w+", np.uint16, (12000, 12000, 8))  # 2.3 GB of holes
    del sparse
    with pytest.raises(UnreadableInputError, match=r"would take .* GB of memory"):
        read_pixels(path, PictureOptions(channels=8))


def test_floats_have_the_full_scale_that_is_said(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.float32([[[0, 5000, 10000, np.nan]]]))
    assert samples(tmp_path / "a.npy", PictureOptions(channels=4, full_scale=10000)).full_scale == 10000


@pytest.mark.parametrize("keep", [0.3, 0.9])
@pytest.mark.parametrize("name", ["a.tif", "lzw.tif", "a.png", "a.npy"])
def test_truncated_files_are_one_line(name: str, keep: float, tmp_path: Path) -> None:
    path = tmp_path / name
    values = np.random.default_rng(0).integers(0, 65536, (4, 40, 50), np.uint16)
    if name == "a.png":
        cv2.imwrite(str(path), values[0])
    elif name == "a.npy":
        np.save(path, np.moveaxis(values, 0, -1))
    else:
        tifffile.imwrite(path, values, photometric="minisblack", compression="lzw" if "lzw" in name else None)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])
    with pytest.raises(HeatcamError) as caught:
        read_pixels(path, FOUR)
    assert "\n" not in str(caught.value)


def test_a_png_that_claims_absurd_sizes_is_refused_before_anything_is_allocated(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((4, 4), np.uint16))
    data = bytearray((tmp_path / "a.png").read_bytes())
    data[16:24] = struct.pack(">II", 2**30, 2**30)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(UnreadableInputError, match="more than 178 million pixels"):
        read_pixels(tmp_path / "a.png")


def test_without_tifffile_channels_are_refused_with_the_extra_and_eight_bits_are_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    values = np.moveaxis(NOISE[..., :4].astype(np.uint16) * 257, -1, 0)
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="minisblack")
    monkeypatch.setitem(__import__("sys").modules, "tifffile", None)
    with pytest.raises(UnreadableInputError, match=r"needs tifffile; pip install 'heatcam\[science\]'"):
        read_pixels(tmp_path / "a.tif", FOUR)
    assert read_pixels(tmp_path / "a.tif").samples is None
    assert "8 of its bits" in caplog.text


def test_of_more_than_eight_bits_the_first_to_the_99th_percentile_is_shown() -> None:
    values = np.arange(10000, dtype=np.uint16).reshape(100, 100, 1)
    view = view_of(Samples(values, 65535), PictureOptions())
    assert np.allclose(view.window, (100, 9899), atol=1)
    shown = drawn(Samples(values, 65535), view)
    assert shown.shape == (100, 100, 3)
    assert (shown[0, 0, 0], shown[99, 99, 0]) == (0, 255)
    assert abs(int(shown[50, 0, 0]) - 128) <= 1


def test_chosen_channels_are_red_green_and_blue_and_a_window_is_black_and_white() -> None:
    own = Samples(NOISE, 255)
    view = view_of(own, PictureOptions(view_channels=(4, 3, 2), window=(50, 100)))
    expected = np.rint((NOISE[..., [1, 2, 3]].astype(np.float32) - 50) * 5.1).clip(0, 255)
    assert np.array_equal(drawn(own, view), expected)


def test_even_and_empty_pictures_are_shown_too() -> None:
    for values in (np.full((3, 3, 1), 7, np.uint16), np.full((3, 3, 1), np.nan, np.float32)):
        own = Samples(values, 1)
        assert drawn(own, view_of(own, PictureOptions())).max() == 0


def test_a_channel_that_is_not_there_is_one_line() -> None:
    with pytest.raises(
        UsageError, match=r"has 8 channels, and --view-channels asks for 9; name channels from 1 to 8"
    ):
        view_of(Samples(NOISE, 255), PictureOptions(view_channels=(9,)))


@pytest.mark.parametrize("text", ["0", "1,2", "1,2,3,4", "a", "1,,2", "-1,2,3", "1,2,x"])
def test_what_names_no_channels_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="names no channels"):
        parse_view_channels(text)


@pytest.mark.parametrize("text", ["1", "5,5", "9,1", "a,b", "1,2,3", "nan,1", "0,inf"])
def test_what_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no window"):
        parse_window(text)


def test_channels_and_windows_are_parsed() -> None:
    assert (parse_view_channels("4, 3,2"), parse_view_channels("2"), parse_view_channels("")) == (
        (4, 3, 2),
        (2,),
        (),
    )
    assert (parse_window("-1000,400"), parse_window("")) == ((-1000.0, 400.0), None)


def test_a_folder_has_arrays_but_not_those_that_ultralytics_has_cached(tmp_path: Path) -> None:
    Image.fromarray(NOISE[..., :3]).save(tmp_path / "a.jpg")
    for name in ("a.npy", "b.npy"):
        np.save(tmp_path / name, NOISE[..., :3])
    assert [path.name for path in find_pictures([tmp_path], takes_samples=True).paths] == ["a.jpg", "b.npy"]
    assert [path.name for path in find_pictures([tmp_path]).paths] == ["a.jpg"]


def test_a_source_gives_samples_and_pages_become_channels_when_the_network_is_known(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.moveaxis(NOISE[..., :4], -1, 0), photometric="minisblack")
    assert len(list(open_source(str(tmp_path / "a.tif")).__enter__())) == 4  # a film
    with open_source(str(tmp_path / "a.tif")).for_channels(4) as source:
        (frame,) = source
    assert frame.samples is not None
    assert frame.samples.values.shape == (20, 30, 4)
    asked = CaptureOptions(pictures=PictureOptions(view_channels=(4, 3, 2)))
    with open_source(str(tmp_path / "a.tif"), asked) as source:
        (frame,) = source
    assert np.array_equal(frame.image_bgr, NOISE[..., [1, 2, 3]])
    assert open_source(str(tmp_path / "a.tif")).for_channels(3).frame_count is not None


def test_headers_are_checked(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", NOISE)
    check_pixels(tmp_path / "a.npy")
    (tmp_path / "b.npy").write_bytes((tmp_path / "a.npy").read_bytes()[:200])
    with pytest.raises(UnreadableInputError, match="truncated array"):
        check_pixels(tmp_path / "b.npy")
    with pytest.raises(UnreadableInputError, match="array of samples, which is not read here"):
        read_picture(tmp_path / "a.npy")


def test_what_reads_eight_bits_gets_the_samples_rounded_and_never_the_view() -> None:
    """Black boxes and trials: a window that is chosen for display must not reach them."""
    rgb = np.random.default_rng(0).integers(0, 65536, (5, 6, 3), np.uint16)
    found = Samples(rgb, 65535, is_colour=True).in_8_bit()
    assert found is not None
    assert np.array_equal(found, np.rint(rgb[..., ::-1] / 257).astype(np.uint8))
    assert Samples(NOISE, 255).in_8_bit() is None
