"""Machine-readable markers, rendered one at a time: QR codes, barcodes, Data Matrix, ArUco and AprilTag, chessboards.

Every marker is a flat grey picture with its quiet zone, and the outline of the printed pattern without it. The outline
is the ground truth: a label box is the outline after the card has been turned, tilted and moved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray

#: The five classes; the position in this tuple is the class id of the embedded model.
MARKER_CLASSES: Final = ("qr-code", "barcode", "data-matrix", "aruco", "chessboard")

#: Dictionaries of ArUco and AprilTag markers, by the name OpenCV gives them after ``DICT_``.
ARUCO_DICTIONARIES: Final = (
    "4X4_50",
    "5X5_100",
    "6X6_250",
    "7X7_50",
    "ARUCO_ORIGINAL",
    "ARUCO_MIP_36H12",
    "APRILTAG_16H5",
    "APRILTAG_25H9",
    "APRILTAG_36H10",
    "APRILTAG_36H11",
)

#: Linear symbologies, by the names zxing-cpp reports.
BARCODE_SYMBOLOGIES: Final = ("EAN-13", "EAN-8", "Code 128")

_PAPER = 255
_QUIET_MODULES = {"qr-code": 4, "data-matrix": 2, "aruco": 1, "chessboard": 1}
_BARCODE_QUIET_MODULES = 10
_CODE_CHARACTERS = np.array(list("ABCDEFGHJKLMNPQRSTUVWXYZ23456789"))


@dataclass(frozen=True)
class Marker:
    """One printed marker.

    ``image`` is uint8 ``[H x W]``, 255 paper and 0 ink, quiet zone included; read-only by convention.
    ``outline_xy`` is float32 ``[4 x 2]``, the corners of the pattern in pixels of ``image``, clockwise from the top left;
    the pattern covers the half-open area between them.  ``text`` is what a reader decodes (for ``aruco`` the id, for
    ``chessboard`` the inner corners as ``COLUMNSxROWS``).  ``module_px`` is the side of the smallest cell in pixels.
    """

    class_name: str
    symbology: str
    text: str
    image: NDArray[np.uint8]
    outline_xy: NDArray[np.float32]
    module_px: int

    @property
    def class_id(self) -> int:
        """Position of the class in ``MARKER_CLASSES``."""
        return MARKER_CLASSES.index(self.class_name)

    @property
    def pattern_size_wh(self) -> tuple[int, int]:
        """Width and height of the pattern without its quiet zone, in pixels of ``image``."""
        width, height = self.outline_xy[2] - self.outline_xy[0]
        return int(width), int(height)


def render_qr_code(text: str, *, ec_level: str = "M", module_px: int = 6) -> Marker:
    """Render a QR code of ``text`` with a quiet zone of four modules; ``ec_level`` is L, M, Q or H."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level=ec_level)
    return _framed("qr-code", "QR Code", text, _modules(code, module_px), module_px)


def render_data_matrix(text: str, *, module_px: int = 8) -> Marker:
    """Render a Data Matrix (ECC 200) of ``text`` with a quiet zone of two modules."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.DataMatrix)
    return _framed("data-matrix", "Data Matrix", text, _modules(code, module_px), module_px)


def render_barcode(
    text: str,
    symbology: str = "EAN-13",
    *,
    module_px: int = 3,
    height_modules: int = 50,
    with_text: bool = False,
) -> Marker:
    """Render an EAN-13, EAN-8 or Code 128 barcode; a missing EAN check digit is added.

    ``with_text`` prints the digits below the bars; the outline covers the bars only.
    """
    if symbology not in BARCODE_SYMBOLOGIES:
        raise ValueError(f"unknown symbology {symbology!r}; one of {', '.join(BARCODE_SYMBOLOGIES)}")
    code = zxingcpp.create_barcode(text, zxingcpp.barcode_format_from_str(symbology))
    row = _modules(code, 1)[0]
    bars = np.repeat(np.repeat(row[None, :], height_modules, axis=0), module_px, axis=0)
    bars = np.ascontiguousarray(np.repeat(bars, module_px, axis=1))
    margin = _BARCODE_QUIET_MODULES * module_px
    caption = (
        _caption(code.text, bars.shape[1], module_px) if with_text else np.zeros((0, bars.shape[1]), np.uint8)
    )
    image = np.vstack([bars, caption]) if with_text else bars
    image = cv2.copyMakeBorder(
        image, margin // 2, margin // 2, margin, margin, cv2.BORDER_CONSTANT, value=_PAPER
    )
    outline = _rectangle(margin, margin // 2, bars.shape[1], bars.shape[0])
    return Marker("barcode", symbology, code.text, _gray(image), outline, module_px)


def render_aruco(marker_id: int, dictionary: str = "4X4_50", *, module_px: int = 12) -> Marker:
    """Render ArUco or AprilTag marker ``marker_id`` of ``dictionary``, with its black border and one module of paper."""
    if dictionary not in ARUCO_DICTIONARIES:
        raise ValueError(f"unknown dictionary {dictionary!r}; one of {', '.join(ARUCO_DICTIONARIES)}")
    table = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, f"DICT_{dictionary}"))
    if not 0 <= marker_id < len(table.bytesList):
        raise ValueError(f"marker_id {marker_id} is outside 0..{len(table.bytesList) - 1} of {dictionary}")
    side = (table.markerSize + 2) * module_px
    pattern = cv2.aruco.generateImageMarker(table, marker_id, side)
    return _framed("aruco", dictionary, str(marker_id), _gray(pattern), module_px)


def render_chessboard(
    columns: int = 8, rows: int = 6, *, module_px: int = 24, first_black: bool = True
) -> Marker:
    """Render a calibration board of ``columns`` x ``rows`` squares; its text counts the inner corners, as OpenCV does."""
    if columns < 3 or rows < 3:
        raise ValueError(f"a chessboard needs at least 3 x 3 squares, got {columns} x {rows}")
    squares = np.indices((rows, columns)).sum(axis=0) % 2 == (0 if first_black else 1)
    pattern = np.where(squares, 0, _PAPER).astype(np.uint8)
    pattern = np.kron(pattern, np.ones((module_px, module_px), np.uint8))
    return _framed("chessboard", f"{columns}x{rows}", f"{columns - 1}x{rows - 1}", _gray(pattern), module_px)


def random_marker(class_name: str, rng: np.random.Generator, *, module_px: int | None = None) -> Marker:
    """Render a marker of ``class_name`` with random content, version, dictionary or size."""
    scale = {} if module_px is None else {"module_px": module_px}
    if class_name == "qr-code":
        return render_qr_code(_random_text(rng, 4, 60), ec_level=str(rng.choice(list("LMQH"))), **scale)
    if class_name == "barcode":
        return _random_barcode(rng, scale)
    if class_name == "data-matrix":
        return render_data_matrix(_random_text(rng, 3, 40), **scale)
    if class_name == "aruco":
        return render_aruco(int(rng.integers(0, 30)), str(rng.choice(ARUCO_DICTIONARIES)), **scale)
    if class_name == "chessboard":
        columns, rows = (int(n) for n in rng.integers(4, 12, size=2))
        return render_chessboard(columns, rows, first_black=bool(rng.random() < 0.5), **scale)
    raise ValueError(f"unknown marker class {class_name!r}; one of {', '.join(MARKER_CLASSES)}")


def _random_barcode(rng: np.random.Generator, scale: dict[str, int]) -> Marker:
    symbology = str(rng.choice(BARCODE_SYMBOLOGIES))
    digits = {"EAN-13": 12, "EAN-8": 7}.get(symbology)
    text = (
        _random_text(rng, 4, 14)
        if digits is None
        else "".join(str(d) for d in rng.integers(0, 10, size=digits))
    )
    height = int(rng.integers(22, 75))
    return render_barcode(text, symbology, height_modules=height, with_text=bool(rng.random() < 0.5), **scale)


def _random_text(rng: np.random.Generator, shortest: int, longest: int) -> str:
    return "".join(rng.choice(_CODE_CHARACTERS, size=int(rng.integers(shortest, longest + 1))))


def _modules(code: zxingcpp.Barcode, module_px: int) -> NDArray[np.uint8]:
    """Render a grey pattern without quiet zone, each module ``module_px`` pixels wide."""
    return np.array(
        zxingcpp.write_barcode_to_image(code, scale=module_px, add_quiet_zones=False), dtype=np.uint8
    )


def _framed(class_name: str, symbology: str, text: str, pattern: NDArray[np.uint8], module_px: int) -> Marker:
    """Put a pattern on paper with the quiet zone of its class."""
    margin = _QUIET_MODULES[class_name] * module_px
    image = cv2.copyMakeBorder(pattern, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=_PAPER)
    outline = _rectangle(margin, margin, pattern.shape[1], pattern.shape[0])
    return Marker(class_name, symbology, text, _gray(image), outline, module_px)


def _caption(text: str, width_px: int, module_px: int) -> NDArray[np.uint8]:
    """Render a strip of paper ``width_px`` wide with ``text`` centred in it."""
    height_px = 11 * module_px
    strip = np.full((height_px, width_px), _PAPER, np.uint8)
    font, thickness = cv2.FONT_HERSHEY_SIMPLEX, max(1, round(module_px / 2.5))
    (unit_width, unit_height), _ = cv2.getTextSize(text, font, 1.0, thickness)
    scale = min(width_px * 0.96 / unit_width, height_px * 0.72 / unit_height)
    (text_width, _), _ = cv2.getTextSize(text, font, scale, thickness)
    origin = ((width_px - text_width) // 2, round(height_px * 0.94))
    cv2.putText(strip, text, origin, font, scale, 0, thickness, cv2.LINE_AA)
    return strip


def _rectangle(x: int, y: int, width: int, height: int) -> NDArray[np.float32]:
    return np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]], dtype=np.float32)


def _gray(image: object) -> NDArray[np.uint8]:
    """Return the same picture as a uint8 array, which the type checker cannot see from OpenCV's stubs."""
    return np.asarray(image, dtype=np.uint8)
