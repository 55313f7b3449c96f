"""DICOM files of heat: in the source's study and frame of reference, read back by pydicom, with nothing private in them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

from heatcam.errors import SinkError, UsageError
from heatcam.frames import SaliencyMap
from heatcam.geometry import Letterbox
from heatcam.sinks.dicom import (
    dicom_map_path,
    require_frame_of_reference,
    write_parametric_map,
    write_secondary_capture,
)

CT = Path(str(get_testdata_file("CT_small.dcm")))
COLOUR = Path(str(get_testdata_file("examples_rgb_color.dcm")))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    ds = pydicom.dcmread(CT)
    ds.add_new(0x00111001, "LO", "a private word")
    ds[0x0011, 0x0010] = pydicom.DataElement(0x00110010, "LO", "MAKER")
    ds.save_as(tmp_path / "source.dcm")
    return tmp_path / "source.dcm"


def a_map() -> SaliencyMap:
    values = np.random.default_rng(0).normal(size=(16, 16)).astype(np.float32)
    return SaliencyMap(values, Letterbox.fit((128, 128), 128), "live", "3:Conv")


def private_of(ds: pydicom.Dataset) -> list[pydicom.DataElement]:
    return [element for element in ds.iterall() if element.tag.is_private]


def test_a_capture_is_the_picture_in_the_study_of_its_source(source: Path, tmp_path: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    write_secondary_capture(tmp_path / "a.dcm", picture, source)
    made, origin = pydicom.dcmread(tmp_path / "a.dcm"), pydicom.dcmread(source)
    assert made.SOPClassUID == pydicom.uid.SecondaryCaptureImageStorage
    assert np.array_equal(made.pixel_array[..., ::-1], picture)
    assert (made.StudyInstanceUID, made.PatientID) == (origin.StudyInstanceUID, origin.PatientID)
    assert made.SeriesInstanceUID != origin.SeriesInstanceUID
    assert made.SourceImageSequence[0].ReferencedSOPInstanceUID == origin.SOPInstanceUID
    assert private_of(origin)
    assert private_of(made) == []


def test_captures_of_one_series_are_one_series_and_each_is_another_image(
    source: Path, tmp_path: Path
) -> None:
    for name in ("a.dcm", "b.dcm"):
        write_secondary_capture(tmp_path / name, np.zeros((4, 4, 3), np.uint8), source)
    one, other = (pydicom.dcmread(tmp_path / name) for name in ("a.dcm", "b.dcm"))
    assert one.SeriesInstanceUID == other.SeriesInstanceUID
    assert one.SOPInstanceUID != other.SOPInstanceUID


def test_a_map_is_floats_over_the_pixels_of_its_source(source: Path, tmp_path: Path) -> None:
    own = a_map()
    write_parametric_map(tmp_path / "a.dcm", own, source, "tiny")
    made, origin = pydicom.dcmread(tmp_path / "a.dcm"), pydicom.dcmread(source)
    assert made.SOPClassUID == pydicom.uid.ParametricMapStorage
    assert made.pixel_array.dtype == np.float32
    assert np.array_equal(made.pixel_array, own.in_image())
    assert made.FrameOfReferenceUID == origin.FrameOfReferenceUID
    assert made.StudyInstanceUID == origin.StudyInstanceUID
    assert origin.SOPInstanceUID in made.to_json()
    assert "logits" in made.to_json()
    assert private_of(made) == []


def test_a_map_of_an_image_without_a_place_in_the_patient_is_refused_before(source: Path) -> None:
    require_frame_of_reference(source)
    with pytest.raises(
        UsageError, match="a Parametric Map refers to a single image in a frame of reference; keep the map"
    ):
        require_frame_of_reference(COLOUR)
    with pytest.raises(SinkError, match="cannot be made of"):
        write_parametric_map(source.with_name("b.dcm"), a_map(), COLOUR, "tiny")
    assert not source.with_name("b.dcm").exists()


def test_what_is_there_is_not_replaced(source: Path, tmp_path: Path) -> None:
    (tmp_path / "a.dcm").write_bytes(b"mine")
    with pytest.raises(UsageError, match="exists already"):
        write_secondary_capture(tmp_path / "a.dcm", np.zeros((4, 4, 3), np.uint8), source)
    assert (tmp_path / "a.dcm").read_bytes() == b"mine"


def test_without_highdicom_the_extra_is_named(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "highdicom", None)
    with pytest.raises(UsageError, match=r"needs highdicom; pip install 'heatcam\[dicom\]'"):
        write_secondary_capture(tmp_path / "a.dcm", np.zeros((4, 4, 3), np.uint8), source)


def test_the_map_lies_beside_the_picture() -> None:
    assert dicom_map_path(Path("out/a.png")) == Path("out/a.png.map.dcm")
