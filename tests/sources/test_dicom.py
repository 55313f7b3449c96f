"""DICOM pictures: pydicom's own test files and made-up ones, against pydicom's window, and refusals of one line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.pixels import apply_voi_lut, pixel_array

from heatcam.errors import HeatcamError, UnreadableInputError
from heatcam.samples import Samples
from heatcam.sources.dicom import dicom_frame, frames_in
from heatcam.sources.opening import open_source
from heatcam.sources.options import CaptureOptions, PictureOptions
from heatcam.sources.picture_files import find_pictures
from heatcam.sources.picture_pixels import check_pixels, read_pixels

VALUES = np.arange(-600, 600, dtype=np.int16)[: 30 * 40].reshape(30, 40)


def own(name: str) -> Path:
    """One of the files that pydicom comes with."""
    return Path(str(get_testdata_file(name, download=False)))


def made(path: Path, values: np.ndarray = VALUES, **elements: Any) -> Path:
    """A CT image of these values, without a window unless one is given."""
    ds = pydicom.dcmread(own("CT_small.dcm"))
    ds.Rows, ds.Columns = values.shape[-2:]
    ds.PixelData = values.astype(np.int16).tobytes()
    ds.RescaleSlope, ds.RescaleIntercept = "1", "0"
    del ds.PixelPaddingValue
    if values.ndim == 3:
        ds.NumberOfFrames = len(values)
    for name, value in elements.items():
        if name == "PixelPaddingValue":
            ds.add_new(name, "SS", value)
        else:
            setattr(ds, name, value)
    ds.save_as(path)
    return path


def grey_of(path: Path | str, **asked: Any) -> Samples:
    found = read_pixels(path, PictureOptions(**asked)).samples
    assert found is not None
    return found


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize(("centre", "width"), [("40", "400"), ("-100", "1"), ("0", "5000")])
def test_a_grey_picture_is_what_pydicoms_window_makes_of_it_in_zero_to_one(
    function: str, centre: str, width: str, tmp_path: Path
) -> None:
    path = made(tmp_path / "a.dcm", WindowCenter=centre, WindowWidth=width, VOILUTFunction=function)
    ds = pydicom.dcmread(path)
    theirs = apply_voi_lut(VALUES, ds)
    found = grey_of(path)
    low, high = -(2.0**15), 2.0**15 - 1  # 16 bits, signed
    assert found.full_scale == 1
    assert np.allclose(found.values[..., 0], (theirs - low) / (high - low), atol=1e-6)


def test_more_than_eight_bits_reach_the_network(tmp_path: Path) -> None:
    found = grey_of(made(tmp_path / "a.dcm", WindowCenter="0", WindowWidth="1200"))
    assert len(np.unique(found.values)) > 1000
    assert found.as_read_by(3).shape == (30, 40, 3)


def test_rescaling_comes_before_the_window(tmp_path: Path) -> None:
    plain = grey_of(made(tmp_path / "a.dcm", WindowCenter="0", WindowWidth="200"))
    scaled = grey_of(
        made(
            tmp_path / "b.dcm",
            WindowCenter="-1024",
            WindowWidth="399",
            RescaleSlope="2",
            RescaleIntercept="-1024",
        )
    )
    assert np.allclose(plain.values, scaled.values, atol=0.01)


def test_large_values_are_dark_in_monochrome1(tmp_path: Path) -> None:
    window = {"WindowCenter": "0", "WindowWidth": "800"}
    one = read_pixels(made(tmp_path / "a.dcm", **window))
    other = read_pixels(made(tmp_path / "b.dcm", PhotometricInterpretation="MONOCHROME1", **window))
    assert one.samples is not None
    assert other.samples is not None
    assert np.allclose(other.samples.values, 1 - one.samples.values, atol=1e-6)
    assert (abs(other.image_bgr.astype(int) + one.image_bgr - 255) <= 1).all()


def test_a_table_takes_the_windows_place(tmp_path: Path) -> None:
    table = pydicom.Dataset()
    table.add_new("LUTDescriptor", "SS", [1200, -600, 12])
    table.add_new("LUTData", "OW", np.arange(0, 3600, 3, dtype="<u2").tobytes())
    path = made(tmp_path / "a.dcm", VOILUTSequence=[table], WindowCenter="0", WindowWidth="9")
    assert np.allclose(grey_of(path).values[..., 0], (VALUES.astype(int) + 600) * 3 / 4095, atol=1e-6)


def test_without_a_window_the_pictures_own_ends_are_black_and_white_padding_aside_and_it_is_said(
    tmp_path: Path,
) -> None:
    values = VALUES.copy()
    values[:5] = -2000
    found = grey_of(made(tmp_path / "a.dcm", values, PixelPaddingValue=-2000))
    assert (found.values[:5] == 0).all()
    assert (found.values[5].min(), found.values.max()) == (0, 1)
    assert found.view is not None
    assert "has no window" in found.view.words


def test_a_window_that_is_asked_for_is_shown_and_changes_nothing_for_the_network(tmp_path: Path) -> None:
    path = made(
        tmp_path / "a.dcm", WindowCenter="0", WindowWidth="1200", PhotometricInterpretation="MONOCHROME1"
    )
    usual, asked = read_pixels(path), read_pixels(path, PictureOptions(window=(0, 10)))
    assert usual.samples is not None
    assert asked.samples is not None
    assert np.array_equal(usual.samples.values, asked.samples.values)
    assert not np.array_equal(usual.image_bgr, asked.image_bgr)
    assert asked.image_bgr[VALUES < 0].min() == 255  # dark values are bright in MONOCHROME1


def test_windows_of_enhanced_files_stand_in_groups_and_each_frame_may_have_its_own(tmp_path: Path) -> None:
    def group(width: str) -> pydicom.Dataset:
        frame, window = pydicom.Dataset(), pydicom.Dataset()
        window.WindowCenter, window.WindowWidth = "0", width
        frame.FrameVOILUTSequence = [window]
        return frame

    path = made(
        tmp_path / "a.dcm",
        np.stack([VALUES, VALUES]),
        PerFrameFunctionalGroupsSequence=[group("100"), group("1000")],
    )
    narrow, wide = (grey_of(f"{path}#{n}") for n in (1, 2))
    assert (narrow.values == 1).mean() > (wide.values == 1).mean() > 0


@pytest.mark.parametrize(
    "name",
    ["SC_rgb_rle.dcm", "examples_rgb_color.dcm", "SC_ybr_full_422_uncompressed.dcm", "SC_rgb_jpeg_dcmtk.dcm"],
)
def test_colours_are_rgb_however_they_are_stored(name: str) -> None:
    if not Path(str(get_testdata_file(name, download=False) or "")).is_file():
        pytest.skip("this file is not in pydicom's wheel")
    found = read_pixels(own(name))
    assert found.samples is None
    assert np.array_equal(found.image_bgr[..., ::-1], pixel_array(own(name)))


def test_a_palette_is_colours_of_sixteen_bits() -> None:
    found = grey_of(own("examples_palette.dcm"))
    assert (found.channels, found.is_colour, found.values.dtype.name) == (3, True, "uint16")


def test_every_file_of_pydicom_is_read_or_refused_in_one_line() -> None:
    refused = 0
    paths = [path for path in Path(own("CT_small.dcm")).parent.glob("*.dcm") if path.stat().st_size < 300_000]
    for path in paths:
        try:
            read_pixels(path)
        except HeatcamError as error:
            refused += 1
            assert "\n" not in str(error)
    assert 0 < refused < len(paths) / 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"Rows": 60000, "Columns": 60000}, "more than 178 million pixels"),
        ({"Rows": 13000, "Columns": 13000}, "GB of memory"),
        ({"Rows": 31}, "damaged or truncated DICOM picture"),
        ({"Rows": 0}, "a DICOM file without a picture"),
        ({"PhotometricInterpretation": "HSV"}, "HSV"),
    ],
)
def test_wrong_headers_are_one_line(change: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableInputError) as caught:
        read_pixels(made(tmp_path / "a.dcm", **change))
    assert said in str(caught.value)


def test_truncated_files_are_one_line(tmp_path: Path) -> None:
    path = made(tmp_path / "a.dcm")
    data = path.read_bytes()
    for count in (140, 400, len(data) // 2, len(data) - 500):
        path.write_bytes(data[:count])
        with pytest.raises(UnreadableInputError) as caught:
            read_pixels(path)
        assert "\n" not in str(caught.value)


def test_a_compression_without_a_decoder_is_named(tmp_path: Path) -> None:
    ds = pydicom.dcmread(own("CT_small.dcm"))
    ds.file_meta.TransferSyntaxUID = pydicom.uid.JPEGLosslessSV1
    ds.PixelData = pydicom.encaps.encapsulate([b"\xff\xd8\xff\xd9"])
    ds["PixelData"].VR = "OB"
    ds.save_as(tmp_path / "a.dcm")
    with pytest.raises(
        UnreadableInputError, match=r"compressed as JPEG Lossless.*no decoder is installed; pip install"
    ):
        read_pixels(tmp_path / "a.dcm")


def test_without_pydicom_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    path = own("CT_small.dcm")
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(
        UnreadableInputError, match=r"reading it needs pydicom; pip install 'heatcam\[dicom\]'"
    ):
        read_pixels(path)


def test_frames_are_named_by_their_number_and_played_at_the_files_rate(tmp_path: Path) -> None:
    path = made(
        tmp_path / "a.dcm",
        np.stack([VALUES, VALUES + 100, VALUES + 200]),
        FrameTime="200",
        WindowCenter="0",
        WindowWidth="3000",
    )
    assert frames_in(path) == 3
    assert dicom_frame(Path(f"{path}#2")) == (path, 2)
    first, second = (grey_of(name) for name in (path, f"{path}#2"))
    assert second.values.mean() > first.values.mean()
    with pytest.raises(
        UnreadableInputError, match=r"has 3 frames, and 4 is none of them; name one from #1 to #3"
    ):
        read_pixels(f"{path}#4")
    with open_source(str(path)) as source:
        frames = list(source)
    assert (len(frames), source.fps, source.name, source.is_slideshow) == (3, 5, "a.dcm", False)
    assert frames[1].samples is not None
    assert np.array_equal(frames[1].samples.values, second.values)
    with open_source(f"{path}#2", CaptureOptions()) as source:
        assert len(list(source)) == 1


def test_a_folder_has_dicom_files_whatever_their_names(tmp_path: Path) -> None:
    made(tmp_path / "IM0001")
    (tmp_path / "notes.txt").write_text("none")
    assert [path.name for path in find_pictures([tmp_path], takes_samples=True).paths] == ["IM0001"]
    check_pixels(tmp_path / "IM0001")


def test_nothing_of_the_patient_is_in_a_frame(tmp_path: Path) -> None:
    path = made(tmp_path / "a.dcm", PatientName="Doe^Jane", PatientID="4711")
    with open_source(str(path)) as source:
        (frame,) = source
    assert "Jane" not in repr(frame) + repr(frame.samples and frame.samples.view)
    assert "4711" not in repr(frame) + repr(frame.samples and frame.samples.view)
