"""DICOM files of a picture with heat, as Secondary Capture, and of a map, as Parametric Map, in the study of their source.

Written by highdicom, which copies the patient's and the study's elements that the standard asks for, and nothing private.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from heatcam import __version__
from heatcam.errors import SinkError, UsageError, first_line
from heatcam.frames import SaliencyMap
from heatcam.geometry import Uint8Array
from heatcam.sinks.files import refuse_existing, write_whole
from heatcam.sinks.picture_names import fitting_name
from heatcam.text import printable

if TYPE_CHECKING:
    from pydicom import Dataset

DICOM_SUFFIX = ".dcm"
_CAPTURE_SERIES, _MAP_SERIES = 9001, 9002  # numbers of the new series in the study
_MAKER = "heatcam"
_INSTALL = "pip install 'heatcam[dicom]'"


def dicom_map_path(picture: Path) -> Path:
    """Return the path of a picture's Parametric Map: ``out.png.map.dcm``."""
    return picture.with_name(fitting_name(picture.name, ".map.dcm"))


def require_dicom_writer(what: str) -> None:
    """Check that highdicom is there.

    Raises:
        UsageError: it is not; the message begins with ``what``.
    """
    try:
        import highdicom  # noqa: F401, PLC0415 (an extra)
    except ImportError as error:
        raise UsageError(f"{what} needs highdicom", _INSTALL) from error


def require_frame_of_reference(source: Path) -> None:
    """Check that a Parametric Map can refer to a DICOM file.

    Raises:
        UsageError: its pixels have no place in a patient.
    """
    header = _read(source, pixels=False)
    lacks = [name for name in ("FrameOfReferenceUID", "ImagePositionPatient") if not header.get(name)]
    if lacks or int(header.get("NumberOfFrames") or 1) > 1:
        why = f"has no {lacks[0]}" if lacks else "has several frames"
        raise UsageError(
            f"{source} {why}, and a Parametric Map refers to a single image in a frame of reference",
            "keep the map with --map-png or --npz",
        )


def write_secondary_capture(path: Path, image_bgr: Uint8Array, source: Path, overwrite: bool = False) -> None:
    """Write a picture as Secondary Capture into the study of a DICOM file.

    Args:
        path: ends in ``.dcm``.
        image_bgr: uint8 ``(H, W, 3)``, BGR.
        source: the DICOM file that it was made of.
        overwrite: replace an existing file.

    Raises:
        UsageError: an existing file without ``overwrite``, or highdicom is not there.
        SinkError: it cannot be written, or the source lacks what the standard asks for.
    """
    refuse_existing([path], overwrite)
    require_dicom_writer("a Secondary Capture")
    import highdicom  # noqa: PLC0415 (an extra)
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid  # noqa: PLC0415

    origin = _read(source, pixels=False)
    with _told(path, source):
        made = highdicom.sc.SCImage.from_ref_dataset(
            ref_dataset=origin,
            pixel_array=np.ascontiguousarray(image_bgr[..., ::-1]),
            photometric_interpretation="RGB",
            bits_allocated=8,
            coordinate_system="PATIENT",
            series_instance_uid=_series_of(origin, "capture"),
            series_number=_CAPTURE_SERIES,
            sop_instance_uid=generate_uid(),
            instance_number=int(origin.get("InstanceNumber") or 1),
            manufacturer=_MAKER,
            patient_orientation=_orientation_of(origin),
            transfer_syntax_uid=ExplicitVRLittleEndian,
        )
        _refer(made, origin)
        made.SeriesDescription = "heat map of a model's evidence"
        data = _as_bytes(made)
    write_whole(path, data)


def write_parametric_map(
    path: Path, saliency: SaliencyMap, source: Path, model: str, overwrite: bool = False
) -> None:
    """Write a map as Parametric Map of 32-bit floats, signed and unscaled, pixel by pixel over the DICOM image it belongs to.

    Args:
        path: ends in ``.dcm``.
        saliency: the map.
        source: the DICOM file, of one frame in a frame of reference.
        model: the model's name for people.
        overwrite: replace an existing file.

    Raises:
        UsageError: an existing file without ``overwrite``, or highdicom is not there.
        SinkError: it cannot be written, or the source lacks what the standard asks for.
    """
    refuse_existing([path], overwrite)
    require_dicom_writer("a Parametric Map")
    import highdicom  # noqa: PLC0415
    from pydicom.uid import generate_uid  # noqa: PLC0415

    origin = _read(source, pixels=True)
    values = np.ascontiguousarray(saliency.in_image(), np.float32)
    with _told(path, source):
        made = highdicom.pm.ParametricMap(
            source_images=[origin],
            pixel_array=values,
            series_instance_uid=_series_of(origin, "map"),
            series_number=_MAP_SERIES,
            sop_instance_uid=generate_uid(),
            instance_number=int(origin.get("InstanceNumber") or 1),
            manufacturer=_MAKER,
            manufacturer_model_name=printable(model)[:64] or _MAKER,
            software_versions=__version__,
            device_serial_number="0",
            contains_recognizable_visual_features=False,
            real_world_value_mappings=[_mapping(saliency, values)],
            voi_lut_transformations=[_window(values)],
            content_label="EVIDENCE",
            content_description=f"evidence, {saliency.method}"[:64],
        )
        made.SeriesDescription = "map of a model's evidence"
        data = _as_bytes(made)
    write_whole(path, data)


def _read(source: Path, *, pixels: bool) -> Dataset:
    """Read the source's elements.

    Raises:
        SinkError: it cannot be read any more.
    """
    import pydicom  # noqa: PLC0415

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return pydicom.dcmread(source, stop_before_pixels=not pixels)
    except Exception as error:
        raise SinkError(
            f"{source} cannot be read again ({first_line(error, 80)})", "fetch it again"
        ) from error


def _series_of(origin: Dataset, kind: str) -> str:
    """Return the same new series for all files of one series."""
    from pydicom.uid import generate_uid  # noqa: PLC0415

    return str(generate_uid(entropy_srcs=[str(origin.get("SeriesInstanceUID")), _MAKER, kind]))


def _orientation_of(origin: Dataset) -> tuple[str, str]:
    """Return where rows and columns run to: the source's own word, or that of its position, else to the left and the feet."""
    own = origin.get("PatientOrientation")
    if own and len(own) == 2 and all(own):
        return str(own[0]), str(own[1])
    cosines = origin.get("ImageOrientationPatient")
    if not cosines or len(cosines) != 6:
        return "L", "F"
    across, down = np.array(cosines, float).reshape(2, 3)
    return _towards(across), _towards(down)


def _towards(direction: Any) -> str:
    axis = int(np.abs(direction).argmax())
    return ("LPH" if direction[axis] > 0 else "RAF")[axis]


def _refer(made: Dataset, origin: Dataset) -> None:
    """Name the image that a picture was made of."""
    from pydicom import Dataset  # noqa: PLC0415

    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = origin.SOPClassUID, origin.SOPInstanceUID
    made.SourceImageSequence = [item]
    made.DerivationDescription = f"heatcam {__version__}: a model's evidence, drawn over the image"
    made.ImageType = ["DERIVED", "SECONDARY"]


def _mapping(saliency: SaliencyMap, values: Any) -> Any:
    """Return the meaning of the stored floats: they are evidence already."""
    import highdicom  # noqa: PLC0415
    from pydicom.sr.coding import Code  # noqa: PLC0415

    unit = printable(saliency.unit)[:12]
    low, high = float(values.min()), float(values.max())
    return highdicom.pm.RealWorldValueMapping(
        lut_label="EVIDENCE",
        lut_explanation=f"evidence in {unit} per cell of the map"[:64],
        unit=Code(f"{{{unit}}}", "UCUM", unit),
        value_range=(low, high if high > low else low + 1),
        slope=1.0,
        intercept=0.0,
    )


def _window(values: Any) -> Any:
    import highdicom  # noqa: PLC0415

    low, high = float(values.min()), float(values.max())
    return highdicom.VOILUTTransformation(
        window_center=(low + high) / 2, window_width=max(high - low, 1.0e-6) + 1
    )


def _as_bytes(made: Any) -> bytes:
    buffer = io.BytesIO()
    made.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


@contextmanager
def _told(path: Path, source: Path) -> Iterator[None]:
    """Turn highdicom's errors, which are of many kinds, into one line."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (SinkError, UsageError):
        raise
    except Exception as error:
        raise SinkError(
            f"{path} cannot be made of {source} ({first_line(error, 100)})", "write a PNG instead"
        ) from error
