"""Reads markers off pictures with the tools people use: zxing-cpp and OpenCV. The tests' own eyes."""

from __future__ import annotations

import cv2
import numpy as np
import zxingcpp

from heatcam.sources.demo.markers import Marker

_FORMATS = {
    "qr-code": {"QR Code"},
    "barcode": {"EAN-13", "EAN-8", "Code 128"},
    "data-matrix": {"Data Matrix"},
}


def read(marker_or_class: Marker | str, gray: np.ndarray, symbology: str = "", size: str = "") -> str | None:
    """The text that is read from ``gray`` for a marker's class, or None."""
    if isinstance(marker_or_class, Marker):
        marker = marker_or_class
        return read(marker.class_name, gray, marker.symbology, marker.text)
    if marker_or_class == "aruco":
        return read_aruco(gray, symbology)
    if marker_or_class == "chessboard":
        inner = tuple(int(n) for n in size.split("x"))
        return size if cv2.findChessboardCornersSB(gray, inner)[0] else None
    found = zxingcpp.read_barcodes(np.ascontiguousarray(gray))
    texts = [code.text for code in found if str(code.format) in _FORMATS[marker_or_class]]
    return texts[0] if len(texts) == 1 else None


def read_aruco(gray: np.ndarray, dictionary: str) -> str | None:
    table = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, f"DICT_{dictionary}"))
    padded = cv2.copyMakeBorder(gray, 30, 30, 30, 30, cv2.BORDER_REPLICATE)
    _, ids, _ = cv2.aruco.ArucoDetector(table).detectMarkers(padded)
    return None if ids is None else str(np.ravel(ids)[0])
