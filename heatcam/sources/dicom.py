"""DICOM pictures: decoded by pydicom, shown and given to networks through the file's own VOI window.

A network reads a grey picture as its window shows it, in full precision: as floats in ``[0, 1]``, dark to bright also where the
file is MONOCHROME1. Without a window its smallest and largest values are black and white. Names, dates and other data of the
patient are never read into a frame.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from heatcam.errors import UnreadableInputError, first_line
from heatcam.samples import Samples, SampleView
from heatcam.sources.decoding import NotAPictureError
from heatcam.sources.options import PictureOptions
from heatcam.sources.raw_samples import MAX_PIXELS, checked_memory, made

if TYPE_CHECKING:
    from pydicom import Dataset

_MAGIC_AT, _MAGIC = 128, b"DICM"
_NUMBERED = re.compile(r"(.+)#(\d{1,6})", re.DOTALL)
_INSTALL = "pip install 'heatcam[dicom]'"
_GREY = ("MONOCHROME1", "MONOCHROME2")
#: Elements that say how stored values become shown ones; they may differ from frame to frame.
_TRANSFORMS = (
    *("RescaleSlope", "RescaleIntercept", "ModalityLUTSequence"),
    *("WindowCenter", "WindowWidth", "VOILUTFunction", "VOILUTSequence"),
)
_GROUPS = "PixelValueTransformationSequence", "FrameVOILUTSequence"
_PLUGINS = "raised by all available plugins:"  # in pydicom's words, before each decoder's own
_FAR = 1e12  # beyond every value: a window maps it to black or white


@dataclass(frozen=True)
class DicomFrame:
    """One frame, decoded.

    Attributes:
        samples: what a network reads; of colour pictures of 8 bit too.
        shown: the same before the window, in the file's own unit, such as Hounsfield units; None for colours.
        is_inverted: True if large values of ``shown`` are dark.
    """

    samples: Samples
    shown: Samples | None = None
    is_inverted: bool = False


def is_dicom(path: Path) -> bool:
    """Return True if a file is a DICOM one, by its content: such files often have no suffix."""
    try:
        with path.open("rb") as file:
            return file.read(_MAGIC_AT + len(_MAGIC))[_MAGIC_AT:] == _MAGIC
    except (OSError, ValueError):
        return False


def dicom_frame(path: Path) -> tuple[Path, int] | None:
    """Return the file and the number, from 1, that ``scan.dcm#12`` names; None for anything else."""
    match = _NUMBERED.fullmatch(str(path))
    if match is None or path.exists() or not is_dicom(Path(match.group(1))):
        return None
    return Path(match.group(1)), int(match.group(2))


def dicom_file(path: Path) -> Path | None:
    """Return the DICOM file that a path, or ``scan.dcm#12``, names; None for anything else."""
    named = dicom_frame(path)
    return named[0] if named is not None else path if is_dicom(path) else None


def frames_in(path: Path) -> int:
    """Return the number of frames of a DICOM file, from its header.

    Raises:
        UnreadableInputError: it is damaged, holds no picture, or pydicom is not there.
    """
    return _frames(path, _header(path))


def _frames(path: Path, header: Dataset) -> int:
    with _told(path):
        return int(header.get("NumberOfFrames") or 1)


def frame_rate(path: Path) -> float | None:
    """Return the frames a second that a file asks to be shown at; None if it does not. Errors as of ``frames_in``."""
    header = _header(path)
    with _told(path):
        for name in ("CineRate", "RecommendedDisplayFrameRate"):
            if (rate := float(header.get(name) or 0)) > 0:
                return rate
        interval_ms = float(header.get("FrameTime") or 0)
        return 1000 / interval_ms if interval_ms > 0 else None


def read_dicom(path: Path, number: int) -> DicomFrame:
    """Read one frame.

    Args:
        path: the file.
        number: of the frame, from 1.

    Raises:
        UnreadableInputError: it is damaged, truncated, too large, holds no such picture, or needs a decoder that is not there.
    """
    header = _header(path)
    frames = _frames(path, header)
    if not 1 <= number <= frames:
        raise UnreadableInputError(
            f"{path} has {frames} frames, and {number} is none of them", f"name one from #1 to #{frames}"
        )
    _require_decoder(path, header)
    with _told(path):
        stored = _decoded(path, header, number - 1)
        if header.PhotometricInterpretation in _GREY:
            return _grey(stored, _transforms(header, number - 1))
        return DicomFrame(_colours(stored, header, path.name))


def _header(path: Path) -> Dataset:
    """Return the elements before the pixels, after checks of what they claim."""
    try:
        import pydicom  # noqa: PLC0415 (an extra)
    except ImportError as error:
        raise NotAPictureError(
            f"{path} is a DICOM picture, and reading it needs pydicom", _INSTALL
        ) from error
    with _told(path):
        header = pydicom.dcmread(path, stop_before_pixels=True)
        rows, columns = int(header.get("Rows") or 0), int(header.get("Columns") or 0)
        bits, samples = int(header.get("BitsAllocated") or 8), int(header.get("SamplesPerPixel") or 1)
    if min(rows, columns) < 1 or "PhotometricInterpretation" not in header:
        raise NotAPictureError(f"{path} is a DICOM file without a picture", "name one that holds an image")
    if rows * columns > MAX_PIXELS:
        raise UnreadableInputError(
            f"{path} has more than {MAX_PIXELS // 1_000_000} million pixels ({columns}x{rows})",
            "scale it down first",
        )
    checked_memory(path, rows * columns * samples * max(4, -(-bits // 8)), rows * columns)
    return header


def _require_decoder(path: Path, header: Dataset) -> None:
    """Refuse a compression for which no decoder is installed.

    Raises:
        NotAPictureError: so it is; the message names the compression.
    """
    from pydicom.pixels import get_decoder  # noqa: PLC0415
    from pydicom.uid import UID  # noqa: PLC0415

    with _told(path):
        syntax = UID(header.file_meta.TransferSyntaxUID)
        if not syntax.is_compressed or syntax.is_deflated:
            return
        try:
            is_there = get_decoder(syntax).is_available
        except NotImplementedError:
            is_there = False
    if not is_there:
        raise NotAPictureError(
            f"{path} is compressed as {syntax.name}, for which no decoder is installed",
            "pip install 'pylibjpeg[all]', or convert it: gdcmconv --raw",
        )


def _decoded(path: Path, header: Dataset, index: int) -> npt.NDArray[Any]:
    """Return one frame's stored values, ``(H, W)`` or ``(H, W, 3)``, colours as RGB."""
    import pydicom  # noqa: PLC0415
    from pydicom.pixels import pixel_array  # noqa: PLC0415

    # One frame of many is read from its place; a single one whole, because its length is checked only then.
    is_one = int(header.get("NumberOfFrames") or 1) == 1 or header.file_meta.TransferSyntaxUID.is_deflated
    return np.asarray(pixel_array(pydicom.dcmread(path) if is_one else path, index=index))


def _transforms(header: Dataset, index: int) -> Dataset:
    """Return what ``pydicom`` needs to show one frame: of the frame's own groups, the shared ones, or the whole file."""
    from pydicom import Dataset  # noqa: PLC0415

    found = Dataset()
    found.file_meta = header.file_meta  # (its byte order is that of tables)
    for name in ("PhotometricInterpretation", "BitsStored", "PixelRepresentation", "PixelPaddingValue"):
        if name in header:
            setattr(found, name, header[name].value)
    per_frame = header.get("PerFrameFunctionalGroupsSequence") or []
    shared = header.get("SharedFunctionalGroupsSequence") or []
    places = [header, *shared[:1], *per_frame[index : index + 1]]
    for place in (
        *places,
        *(item for own in places for name in _GROUPS for item in (own.get(name) or [])[:1]),
    ):
        for name in _TRANSFORMS:
            if name in place and place[name].value not in (None, ""):
                found[name] = place[name]
    return found


def _grey(stored: npt.NDArray[Any], own: Dataset) -> DicomFrame:
    from pydicom.pixels import apply_modality_lut  # noqa: PLC0415

    values = np.asarray(apply_modality_lut(stored, own), np.float64)
    padded = stored == own.PixelPaddingValue if "PixelPaddingValue" in own else np.zeros(stored.shape, bool)
    bright, window, words = _voi(values, own, padded)
    is_inverted = own.PhotometricInterpretation == "MONOCHROME1"
    bright = 1 - bright if is_inverted else bright
    view = SampleView((1,), window, is_chosen=True, words=words)
    grey = Samples(np.asarray(bright, np.float32)[..., None], 1.0, view=view)
    return DicomFrame(grey, Samples(values.astype(np.float32)[..., None], 1.0), is_inverted)


def _voi(
    values: npt.NDArray[np.float64], own: Dataset, padded: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.float64], tuple[float, float], str]:
    """Return brightness in ``[0, 1]``, the values that are black and white, and words about a window that is not the file's."""
    from pydicom.pixels import apply_voi, apply_windowing  # noqa: PLC0415

    if own.get("VOILUTSequence"):
        table = own.VOILUTSequence[0].LUTDescriptor
        shown = apply_voi(np.rint(values).astype(np.int32), own)
        first = float(np.int16(table[1] & 0xFFFF)) if table[1] > 0x7FFF else float(table[1])
        return shown / (2.0 ** int(table[2]) - 1), (first, first + (table[0] or 65536) - 1), ""
    if own.get("WindowWidth") is not None and own.get("WindowCenter") is not None:
        ends = np.array([-_FAR, _FAR])
        shown = apply_windowing(np.concatenate((values.ravel(), ends)), own)
        black, white = shown[-2:]
        centre, width = (float(np.ravel(own[key].value)[0]) for key in ("WindowCenter", "WindowWidth"))
        brightness = ((shown[:-2] - black) / (white - black)).reshape(values.shape)
        return brightness, (centre - width / 2, centre + width / 2), ""
    inside = values[~padded] if (~padded).any() else values
    low, high = float(inside.min()), float(inside.max())
    shown = ((values - low) / max(high - low, 1e-9)).clip(0, 1)
    words = f"has no window: its values from {low:.6g} to {high:.6g} are shown, and given to the network, from black to white"
    return shown, (low, max(high, low + 1e-9)), words


def _colours(stored: npt.NDArray[Any], header: Dataset, name: str) -> Samples:
    """Return colours as RGB, of a palette too."""
    from pydicom.pixels import apply_color_lut  # noqa: PLC0415

    bits = int(header.BitsStored)
    if header.PhotometricInterpretation == "PALETTE COLOR":
        stored = np.asarray(apply_color_lut(stored, header))
        bits = 8 * stored.dtype.itemsize
    if stored.ndim != 3 or stored.shape[2] != 3:
        raise UnreadableInputError(
            f"{name} is a picture of the kind {header.PhotometricInterpretation}",
            "convert it to RGB or MONOCHROME2",
        )
    samples = made(stored, PictureOptions(), name, is_colour=True)
    return Samples(samples.values, float(2**bits - 1), is_colour=True)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn the errors that pydicom raises on damaged files, which are of many kinds, into one line; its warnings are silent."""
    try:
        with warnings.catch_warnings(), np.errstate(over="ignore"):
            warnings.simplefilter("ignore")
            yield
    except (UnreadableInputError, KeyboardInterrupt):
        raise
    except Exception as error:
        by_plugins = _PLUGINS in str(error)
        reason = (
            " ".join(str(error).partition(_PLUGINS)[2].split())[:120]
            if by_plugins
            else first_line(error, 100)
        )
        raise UnreadableInputError(
            f"{path} is a damaged or truncated DICOM picture ({reason})",
            "pip install 'pylibjpeg[all]' decodes more, else export it again"
            if by_plugins
            else "fetch or export it again",
        ) from error
