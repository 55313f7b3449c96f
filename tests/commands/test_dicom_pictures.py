"""``heatcam snapshot`` of DICOM files: pictures, DICOM out, and nothing of the patient in pictures and documents."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

from tests.commands.programs import heatcam


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    ds = pydicom.dcmread(str(get_testdata_file("CT_small.dcm")))
    ds.PatientName, ds.PatientID = "Doe^Jane", "id-4711"
    ds.save_as(tmp_path / "scan.dcm")
    return tmp_path / "scan.dcm"


def test_pictures_and_documents_hold_nothing_of_the_patient(scan: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = heatcam(
        "snapshot", scan, "-o", f"{out}/", "--view", "overlay,sheet", "--npz", "--json", tmp_path / "a.json"
    )
    assert "has no window: its values from" in result.stderr
    for path in [*out.iterdir(), tmp_path / "a.json"]:
        data = path.read_bytes()
        assert b"Jane" not in data
        assert b"4711" not in data


def test_a_capture_and_a_map_come_out(scan: Path, tmp_path: Path) -> None:
    heatcam("snapshot", scan, "-o", tmp_path / "heat.dcm", "--dicom-map")
    capture, own = (pydicom.dcmread(tmp_path / name) for name in ("heat.dcm", "heat.dcm.map.dcm"))
    assert capture.pixel_array.shape == (128, 128, 3)
    assert own.pixel_array.shape == (128, 128)
    assert capture.StudyInstanceUID == own.StudyInstanceUID == pydicom.dcmread(scan).StudyInstanceUID


def test_dicom_of_what_is_none_is_refused_before_a_model_is_loaded(scan: Path, tmp_path: Path) -> None:
    from PIL import Image

    Image.fromarray(np.zeros((9, 9, 3), np.uint8)).save(tmp_path / "a.png")
    result = heatcam("snapshot", tmp_path / "a.png", "-o", tmp_path / "b.dcm", exit_code=2)
    assert "is no DICOM file" in result.stderr
    result = heatcam("snapshot", tmp_path / "a.png", "-o", tmp_path / "b.png", "--dicom-map", exit_code=2)
    assert "is no DICOM file" in result.stderr


def test_of_several_frames_the_first_is_taken_and_it_is_said_how_to_name_others(
    scan: Path, tmp_path: Path
) -> None:
    ds = pydicom.dcmread(scan)
    ds.NumberOfFrames, ds.PixelData = 2, ds.PixelData * 2
    ds.save_as(scan)
    result = heatcam("snapshot", scan, "-o", tmp_path / "a.png")
    assert "scan.dcm has 2 frames: this is the first; scan.dcm#2 names the second" in result.stderr
    heatcam("snapshot", f"{scan}#2", "-o", tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
