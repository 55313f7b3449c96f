"""Every rendered marker is what it says: it reads back, and its outline is where the ink is."""

import cv2
import numpy as np
import pytest
import zxingcpp

from heatcam.sources.demo.markers import (
    ARUCO_DICTIONARIES,
    BARCODE_SYMBOLOGIES,
    MARKER_CLASSES,
    random_marker,
    render_aruco,
    render_barcode,
    render_chessboard,
    render_data_matrix,
    render_qr_code,
)
from tests.sources.marker_readers import read


@pytest.mark.parametrize("class_name", MARKER_CLASSES)
def test_every_random_marker_reads_back_its_own_text(class_name):
    rng = np.random.default_rng(3)
    for _ in range(25):
        marker = random_marker(class_name, rng)
        assert read(marker, marker.image) == marker.text
        assert MARKER_CLASSES[marker.class_id] == class_name


@pytest.mark.parametrize("class_name", MARKER_CLASSES)
def test_nothing_is_read_once_the_pattern_is_painted_over(class_name):
    marker = random_marker(class_name, np.random.default_rng(4))
    blank = marker.image.copy()
    (x1, y1), (x2, y2) = marker.outline_xy[0].astype(int), marker.outline_xy[2].astype(int)
    blank[y1:y2, x1:x2] = 255
    assert read(marker, blank) is None


@pytest.mark.parametrize("class_name", MARKER_CLASSES)
def test_the_outline_is_exactly_where_the_ink_is(class_name):
    marker = random_marker(class_name, np.random.default_rng(7))
    (x1, y1), (x2, y2) = marker.outline_xy[0], marker.outline_xy[2]
    ys, xs = np.nonzero(marker.image < 128)
    below = ys < y2  # a barcode's digits stand below its bars
    assert (xs[below].min(), xs[below].max() + 1) == (x1, x2)
    assert ys.min() == y1
    assert ys[below].max() + 1 == y2


@pytest.mark.parametrize("symbology", BARCODE_SYMBOLOGIES)
@pytest.mark.parametrize("with_text", [False, True])
def test_barcodes_of_every_symbology_read_back_with_their_check_digit(symbology, with_text):
    text = {"EAN-13": "400638133393", "EAN-8": "9638507"}.get(symbology, "HEATCAM-42")
    marker = render_barcode(text, symbology, with_text=with_text)
    (code,) = zxingcpp.read_barcodes(marker.image)
    assert str(code.format) == marker.symbology == symbology
    assert code.text == marker.text
    assert marker.text.startswith(text)


@pytest.mark.parametrize("dictionary", ARUCO_DICTIONARIES)
def test_aruco_and_apriltag_markers_of_every_dictionary_read_back(dictionary):
    marker = render_aruco(17, dictionary)
    assert read(marker, marker.image) == "17"


@pytest.mark.parametrize("module_px", [1, 3, 8])
def test_a_module_is_as_wide_as_asked(module_px):
    sizes = [render_qr_code("heatcam", module_px=px).pattern_size_wh[0] for px in (1, module_px)]
    assert sizes[1] == sizes[0] * module_px


def test_the_quiet_zone_is_white_all_around():
    for marker in (render_qr_code("a"), render_data_matrix("a"), render_aruco(1), render_chessboard()):
        edge = np.concatenate([marker.image[0], marker.image[-1], marker.image[:, 0], marker.image[:, -1]])
        assert edge.min() == 255
        assert marker.image.dtype == np.uint8
        assert marker.image.ndim == 2


def test_a_chessboard_starts_with_the_colour_asked_for():
    black, white = (render_chessboard(5, 4, module_px=10, first_black=first) for first in (True, False))
    x, y = (int(v) for v in black.outline_xy[0])
    assert black.image[y, x] == 0
    assert white.image[y, x] == 255


def test_equal_generators_give_equal_markers():
    first, second = (random_marker("qr-code", np.random.default_rng(5)) for _ in range(2))
    assert first.text == second.text
    assert np.array_equal(first.image, second.image)


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda: render_barcode("1", "Codabar"), "Codabar"),
        (lambda: render_aruco(1, "9X9"), "9X9"),
        (lambda: render_aruco(50, "4X4_50"), "0..49"),
        (lambda: render_chessboard(2, 5), "3 x 3"),
        (lambda: random_marker("aztec", np.random.default_rng(0)), "aztec"),
    ],
)
def test_what_cannot_be_rendered_is_refused_by_name(make, word):
    with pytest.raises(ValueError, match=word):
        make()


def test_markers_survive_being_printed_small():
    marker = render_qr_code("https://heatcam.example/7", module_px=8)
    small = cv2.resize(marker.image, None, fx=0.3, fy=0.3, interpolation=cv2.INTER_AREA)
    assert read(marker, small) == marker.text
