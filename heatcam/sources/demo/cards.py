"""Printed cards with one marker each: a poster's QR code, a price label, a part label, a tag, a calibration board."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from heatcam.sources.demo.markers import (
    BARCODE_SYMBOLOGIES,
    Marker,
    render_aruco,
    render_barcode,
    render_chessboard,
    render_data_matrix,
    render_qr_code,
)

PATTERN_PX = 212  # approximate longer side of the pattern on the card: a module is a whole number of pixels
MARGIN_PX = 3  # transparent pixels around the card, so that its edges blend when it is turned
_CORNER_PX = 13
_INK = (44, 40, 38)
_FAINT = (128, 122, 118)
_ACCENTS = ((70, 84, 224), (186, 120, 32), (82, 148, 38), (44, 138, 232), (150, 72, 128))
_TAG_FAMILIES = ("4X4_50", "5X5_100", "6X6_250", "APRILTAG_25H9", "APRILTAG_36H11")
_GOODS = ("DARK CHOCOLATE 70%", "OAT BISCUITS", "OLIVE OIL 500 ml", "GREEN TEA", "ESPRESSO BEANS", "SEA SALT")
_PLACES = (
    "Scan for the menu",
    "Guest Wi-Fi",
    "Plan your visit",
    "Get the app",
    "Timetable",
    "Read the manual",
)


@dataclass(frozen=True)
class Card:
    """A printed card, seen from above.

    ``image_bgra`` is uint8 ``[H x W x 4]``, premultiplied by its opacity, ``MARGIN_PX`` transparent pixels around it;
    read-only by convention. ``outline_xy`` is the marker's pattern in card pixels, float32 ``[4 x 2]``.
    """

    marker: Marker
    image_bgra: NDArray[np.uint8]
    outline_xy: NDArray[np.float32]

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height in card pixels, transparent margin included."""
        return self.image_bgra.shape[1], self.image_bgra.shape[0]

    @property
    def paper_xy(self) -> NDArray[np.float32]:
        """Corners of the paper in card pixels, float32 ``[4 x 2]``."""
        (width, height), m = self.size_wh, MARGIN_PX
        return np.array([[m, m], [width - m, m], [width - m, height - m], [m, height - m]], np.float32)


@dataclass(frozen=True)
class _Print:
    """Content of a card: a marker between two lines of text."""

    marker: Marker
    title: str
    caption: str


def print_card(class_name: str, seed: int) -> Card:
    """Return a card of one class, random by ``seed``; equal arguments give equal pixels."""
    rng = np.random.default_rng([seed, sum(class_name.encode())])
    printed = _DESIGNS[class_name](rng)
    accent = _ACCENTS[int(rng.integers(len(_ACCENTS)))]
    paper, outline = _lay_out(printed, accent)
    return Card(printed.marker, _cut(_grain(paper, rng)), outline + np.float32(MARGIN_PX))


def _qr_card(rng: np.random.Generator) -> _Print:
    text = f"https://heatcam.example/{rng.integers(1000, 9999)}"
    return _Print(_fitted(lambda px: render_qr_code(text, module_px=px)), str(rng.choice(_PLACES)), text[8:])


def _barcode_card(rng: np.random.Generator) -> _Print:
    symbology = str(rng.choice(BARCODE_SYMBOLOGIES))
    digits = {"EAN-13": 12, "EAN-8": 7}.get(symbology)
    number = "".join(map(str, rng.integers(0, 10, 11)))
    text = f"HC-{number[:6]}" if digits is None else f"4{number}"[:digits]
    modules = {"EAN-13": 46, "EAN-8": 36}.get(symbology, 50)
    price = f"{rng.integers(1, 15)}.{rng.choice([29, 49, 79, 90, 99])} EUR"

    def bars(module_px: int) -> Marker:
        return render_barcode(text, symbology, module_px=module_px, height_modules=modules, with_text=True)

    return _Print(_fitted(bars), str(rng.choice(_GOODS)), price)


def _data_matrix_card(rng: np.random.Generator) -> _Print:
    part, lot = f"PCB-{rng.integers(1000, 9999)}", f"LOT {rng.integers(10**5, 10**6)}"
    return _Print(_fitted(lambda px: render_data_matrix(f"{part} {lot}", module_px=px)), part, lot)


def _aruco_card(rng: np.random.Generator) -> _Print:
    dictionary, number = str(rng.choice(_TAG_FAMILIES)), int(rng.integers(1, 30))
    marker = _fitted(lambda px: render_aruco(number, dictionary, module_px=px))
    return _Print(marker, f"Tag {number}", dictionary.replace("_", " "))


def _chessboard_card(rng: np.random.Generator) -> _Print:
    columns, rows = int(rng.integers(7, 11)), int(rng.integers(5, 8))
    marker = _fitted(lambda px: render_chessboard(columns, rows, module_px=px))
    return _Print(marker, "Camera calibration", f"{columns - 1} x {rows - 1} corners, 25 mm")


_DESIGNS: dict[str, Callable[[np.random.Generator], _Print]] = {
    "qr-code": _qr_card,
    "barcode": _barcode_card,
    "data-matrix": _data_matrix_card,
    "aruco": _aruco_card,
    "chessboard": _chessboard_card,
}


def _fitted(render: Callable[[int], Marker]) -> Marker:
    """Return the marker whose pattern's longer side is as near to ``PATTERN_PX`` as whole pixels per module allow."""
    modules = max(render(1).pattern_size_wh)
    return render(max(1, round(PATTERN_PX / modules)))


def _lay_out(
    printed: _Print, accent: tuple[int, int, int]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Print text and marker on paper; return it, ``[H x W x 3]``, and the pattern's outline on it."""
    height, width = printed.marker.image.shape
    side, head, foot = 12, 44, 36
    paper_w = max(width + 2 * side, 236)
    paper = np.full((head + height + foot, paper_w, 3), (243, 247, 248), np.float32)
    cv2.rectangle(paper, (0, 0), (paper_w, 7), accent, -1)
    left = (paper_w - width) // 2
    ink = printed.marker.image.astype(np.float32)[..., None] / 255
    region = paper[head : head + height, left : left + width]
    region[:] = region * ink + np.array(_INK, np.float32) * 0.7 * (1 - ink)
    _write(paper, printed.title, 34, 0.62, _INK)
    _write(paper, printed.caption, head + height + 20, 0.5, _FAINT)
    return paper, printed.marker.outline_xy + np.array([left, head], np.float32)


def _write(
    paper: NDArray[np.float32], text: str, baseline: int, scale: float, ink: tuple[int, int, int]
) -> None:
    """Print one centred line in place, smaller if it would not fit."""
    (width, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, scale, 1)
    scale *= min(1.0, (paper.shape[1] - 22) / width)
    (width, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, scale, 1)
    # putText antialiases on 8-bit pictures only: draw the line on its own, then blend it over the paper
    strip = paper[baseline - 28 : baseline + 12]
    line = np.zeros(strip.shape[:2], np.uint8)
    origin = (paper.shape[1] - width) // 2, 28
    cv2.putText(line, text, origin, cv2.FONT_HERSHEY_DUPLEX, scale, 255, 1, cv2.LINE_AA)
    share = line.astype(np.float32)[..., None] / 255
    strip[:] = strip * (1 - share) + np.array(ink, np.float32) * share


def _grain(paper: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Add fibres and a soft sheen, which make it look like paper rather than a drawing."""
    height, width = paper.shape[:2]
    fibres = cv2.GaussianBlur(rng.normal(0, 5.0, (height, width)).astype(np.float32), (0, 0), 0.8)
    ys, xs = np.mgrid[:height, :width].astype(np.float32)
    sheen = 1.03 - 0.09 * (0.6 * xs / width + 0.8 * ys / height)
    return np.asarray((paper * sheen[..., None] + fibres[..., None]).clip(0, 255), dtype=np.uint8)


def _cut(paper: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Round the corners and add the transparent margin: uint8 BGRA, premultiplied."""
    height, width = paper.shape[:2]
    fine = np.zeros((4 * height, 4 * width), np.uint8)
    radius, right, bottom = 4 * _CORNER_PX, 4 * width - 1, 4 * height - 1
    cv2.rectangle(fine, (radius, 0), (right - radius, bottom), 255, -1)
    cv2.rectangle(fine, (0, radius), (right, bottom - radius), 255, -1)
    for x in (radius, right - radius):
        for y in (radius, bottom - radius):
            cv2.circle(fine, (x, y), radius, 255, -1)
    opacity = cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA)
    colour = (paper * (opacity[..., None] / 255.0)).astype(np.uint8)
    sheet, m = np.dstack([colour, opacity]), MARGIN_PX
    card = cv2.copyMakeBorder(sheet, m, m, m, m, cv2.BORDER_CONSTANT, value=(0, 0, 0, 0))
    return np.asarray(card, dtype=np.uint8)
