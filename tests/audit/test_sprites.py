"""Sprite sheets give back what was put into them."""

from __future__ import annotations

import io
import zlib

import cv2
import numpy as np
import polars
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from heatcam.audit.objects import MAP_CELLS, THUMB_PX
from heatcam.audit.sprites import SHEET_CELLS, draw_sheet, pack_maps, with_places
from tests.audit.page.made_up import KINDS, made_up_objects, table_of

COLOURS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (200, 200, 0)]


def jpeg_of(colour: tuple[int, int, int], side: int = THUMB_PX) -> bytes:
    picture = np.full((side, side, 3), colour[::-1], np.uint8)
    return bytes(cv2.imencode(".jpg", picture)[1])


def unpacked(data: bytes, count: int) -> tuple[np.ndarray, np.ndarray]:
    """As the page does it: sums along each row modulo 256, then both scales."""
    steps = np.frombuffer(zlib.decompress(data), np.uint8).reshape(2, count, MAP_CELLS, MAP_CELLS)
    levels = np.cumsum(steps, axis=3, dtype=np.uint8)
    return levels[0] * (255 / 63), (levels[1].astype(float) - 32) * (127 / 31)


def test_a_thumbnail_lies_where_its_cell_says() -> None:
    sheet = np.asarray(Image.open(io.BytesIO(draw_sheet([jpeg_of(COLOURS[n % 4]) for n in range(23)]))))
    assert sheet.shape == (3 * THUMB_PX, 10 * THUMB_PX, 3)
    for cell in range(23):
        top, left = (THUMB_PX * at + THUMB_PX // 2 for at in divmod(cell, 10))
        assert np.abs(sheet[top, left].astype(int) - COLOURS[cell % 4]).max() < 24, cell
    assert sheet[-THUMB_PX // 2, -THUMB_PX // 2].max() < 12  # (beyond the last one: black)


def test_a_thumbnail_that_cannot_be_read_leaves_the_others_in_their_places() -> None:
    sheet = np.asarray(Image.open(io.BytesIO(draw_sheet([b"", b"no picture", jpeg_of((255, 255, 255), 50)]))))
    assert sheet[48, 48].max() < 12
    assert sheet[48, 2 * THUMB_PX + 48].min() > 240  # (of another size: it fits)


MAPS = arrays.arrays(np.uint8, (3, MAP_CELLS, MAP_CELLS))


@given(MAPS, arrays.arrays(np.int8, (3, MAP_CELLS, MAP_CELLS), elements=st.integers(-127, 127)))
def test_maps_come_back_but_for_a_level_and_zero_stays_zero(own: np.ndarray, signed: np.ndarray) -> None:
    back = unpacked(pack_maps(own, signed), 3)
    for original, found in zip((own, signed), back, strict=True):
        assert np.abs(found - original).max() <= 4.2
        assert (found[original == 0] == 0).all()
    assert (np.sign(back[1]) * np.sign(signed) >= 0).all()


def test_the_strongest_cell_of_a_map_stays_full_heat() -> None:
    own, signed = np.full((1, 24, 24), 255, np.uint8), np.full((1, 24, 24), -127, np.int8)
    back = unpacked(pack_maps(own, signed), 1)
    assert back[0].min() == 255
    assert back[1].max() == -127


def test_mistakes_have_the_first_places_those_with_the_least_evidence_before_others() -> None:
    table = table_of(made_up_objects(250))
    placed = with_places(table)
    assert placed["number"].to_list() == table["number"].to_list()  # the rows keep their order
    assert placed.columns == table.columns
    order = placed.sort("sheet", "cell")
    wrong = order["kind"].is_in(["class", "location", "both", "duplicate", "background", "missed"]).to_list()
    assert wrong == sorted(wrong, reverse=True)
    assert set(order["kind"]) == set(KINDS)
    evidence = order["evidence"].to_list()
    count = sum(wrong)
    assert evidence[:count] == sorted(evidence[:count])
    assert evidence[count:] == sorted(evidence[count:])


def test_each_place_is_taken_once_and_no_sheet_has_holes() -> None:
    placed = with_places(table_of(made_up_objects(250))).with_columns(polars.lit(1).alias("one"))
    assert placed.select("sheet", "cell").n_unique() == 250
    assert dict(placed.group_by("sheet").agg(polars.col("one").sum()).rows()) == {
        **{0: SHEET_CELLS, 1: SHEET_CELLS, 2: 50}
    }


def test_objects_without_evidence_come_last_of_their_kind() -> None:
    table = table_of(made_up_objects(20)).with_columns(
        polars.when(polars.col("number") == 3).then(None).otherwise(polars.col("evidence")).alias("evidence"),
        polars.lit("background").alias("kind"),
    )
    placed = with_places(table)
    assert placed.sort("sheet", "cell")["number"].to_list()[-1] == 3
