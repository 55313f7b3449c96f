"""A large picture from its file to its pyramid: one pass where one pass fits, every object once where it does not."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile

from heatcam.enums import Renorm
from heatcam.errors import SinkError, UsageError
from heatcam.frames import Frame
from heatcam.overlay import OverlayOptions
from heatcam.sources.demo.scene import DemoScene
from heatcam.tiling.large_picture import LargePicture, findings_of_large
from heatcam.tiling.painting import heat_scales
from heatcam.tiling.pyramid import level_sizes, write_pyramid
from tests.tiling.made import SquareExplainer, square_model


@pytest.fixture(scope="module")
def squares(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[int, int, int, int]]]:
    """A picture of 1500x1100 with squares of 40 pixels, many of them on tiles' edges."""
    picture = np.full((1100, 1500, 3), 30, np.uint8)
    where = [(x, y, x + 40, y + 40) for y in range(8, 1050, 93) for x in range(5, 1450, 97)]
    for n, (x1, y1, x2, y2) in enumerate(where):
        picture[y1:y2, x1:x2, 2] = 150 + n % 100
    path = tmp_path_factory.mktemp("squares") / "squares.tif"
    tifffile.imwrite(path, picture[..., ::-1], photometric="rgb", tile=(128, 128), compression="deflate")
    return path, where


def test_every_object_is_found_once_in_the_pixels_of_the_whole_picture(squares) -> None:
    path, where = squares
    with LargePicture(path, 320, 0.2) as picture:
        explained = picture.explain(SquareExplainer(), whole_px=64)
        found = findings_of_large(explained, path="x")
    assert sorted(tuple(map(int, one.box_xyxy)) for one in found.detections) == sorted(where)
    assert found.size_wh == (1500, 1100) and found.tiles.columns == 6 and found.tiles.rows == 5
    for one in found.detections:
        x1, y1, x2, y2 = one.box_xyxy
        assert x1 <= one.peak_xy[0] <= x2 and y1 <= one.peak_xy[1] <= y2
        left, top, right, bottom = one.tile_xyxy
        assert left <= x1 and top <= y1 and right >= x2 and bottom >= y2
    assert found.heat is not None and found.regions


@pytest.mark.parametrize("renorm", [Renorm.BOX, Renorm.FRAME])
def test_the_pyramid_halves_shows_heat_on_every_object_and_none_beside(
    squares, tmp_path: Path, renorm: Renorm
) -> None:
    path, where = squares
    with LargePicture(path, 320, 0.2) as picture:
        explained = picture.explain(SquareExplainer())
        picture.write(tmp_path / "out.tif", explained, OverlayOptions(renorm=renorm, boxes=False, hud=False))
    with tifffile.TiffFile(tmp_path / "out.tif") as file:
        (series,) = file.series
        assert [level.shape for level in series.levels] == [(1100, 1500, 3), (550, 750, 3), (275, 375, 3)]
        assert all(page.is_tiled for page in file.pages)
        assert [page.is_reduced for page in file.pages] == [False, True, True]
        drawn = series.levels[0].asarray().astype(int)
        small = series.levels[1].asarray().astype(int)
    for x1, y1, x2, y2 in where:
        middle = drawn[y1 + 15 : y2 - 15, x1 + 15 : x2 - 15]
        assert middle[..., 0].mean() > 120 and middle[..., 1:].max() > 20  # heat over red
    gap = drawn[where[0][3] + 20 : where[0][3] + 30]
    assert np.abs(gap - 30).max() < 12
    halved = cv2.resize(drawn.astype(np.uint8), (750, 550), interpolation=cv2.INTER_AREA)
    assert np.abs(halved - small).mean() < 3


def test_boxes_and_labels_are_drawn_on_each_level_in_its_own_pixels(squares, tmp_path: Path) -> None:
    path, where = squares
    with LargePicture(path, 320, 0.2) as picture:
        picture.write(tmp_path / "out.tif", picture.explain(SquareExplainer()), OverlayOptions())
    with tifffile.TiffFile(tmp_path / "out.tif") as file:
        for level, factor in zip(file.series[0].levels[:2], (1, 2), strict=True):
            drawn, (x1, y1, x2, _) = level.asarray().astype(int), where[20]
            row = drawn[(y1 + 20) // factor, x1 // factor - 6 : x2 // factor + 6]
            assert (row.min(1) < 60).any() and (
                row[:, 2] > 180
            ).any()  # a dark edge and the colour of the class


def test_a_picture_that_fits_one_tile_gives_what_one_pass_gives(tmp_path: Path) -> None:
    scene = DemoScene(size_wh=(600, 400)).render(30).image_bgr
    cv2.imwrite(str(tmp_path / "scene.png"), scene)
    tifffile.imwrite(tmp_path / "scene.tif", scene[..., ::-1], photometric="rgb")
    import heatcam

    model = heatcam.load("markers")
    once = model.explain(tmp_path / "scene.png")
    for name in ("scene.png", "scene.tif"):
        tiled = model.explain_tiles(tmp_path / name, tmp_path / f"{name}.out.tif", tile=640)
        np.testing.assert_array_equal(tiled.detections.boxes_xyxy, once.detections.boxes_xyxy)
        np.testing.assert_array_equal(tiled.detections.confidences, once.detections.confidences)
        np.testing.assert_array_equal(tiled.saliency.values, once.saliency.values)
        assert tiled.low_evidence == once.low_evidence
        before, after = once.to_dict()["images"][0], tiled.to_dict()["images"][0]
        assert after["tiles"]["columns"] == after["tiles"]["rows"] == 1
        for row in after["detections"]:
            assert row.pop("tile_xyxy") == [0, 0, 600, 400]
        for key in ("detections", "regions", "heat", "size_wh", "warnings"):
            assert after[key] == before[key]


def test_the_demo_scenes_markers_are_found_by_tiles_as_in_one_pass_over_each(tmp_path: Path) -> None:
    """A canvas of 1500x1100 with two scenes, one of which lies over tiles' edges."""
    scene = DemoScene(size_wh=(480, 270)).render(30).image_bgr
    canvas = np.full((1100, 1500, 3), 120, np.uint8)
    for left, top in ((20, 20), (700, 500)):
        canvas[top : top + 270, left : left + 480] = scene
    tifffile.imwrite(tmp_path / "canvas.tif", canvas[..., ::-1], photometric="rgb", tile=(256, 256))
    import heatcam

    tiled = heatcam.load("markers").explain_tiles(tmp_path / "canvas.tif", tile=320, overlap=0.4)
    found = [name for name in tiled.detections.class_names if name == "qr-code"]
    assert len(found) == 2


def test_the_scale_of_the_whole_picture_is_that_of_its_one_tile(tmp_path: Path) -> None:
    picture = np.zeros((200, 300, 3), np.uint8)
    picture[40:120, 60:200, 2] = np.arange(100, 240)
    tifffile.imwrite(tmp_path / "a.tif", picture[..., ::-1], photometric="rgb")
    from heatcam.measures import scales_of

    with LargePicture(tmp_path / "a.tif", 640) as large:
        explained = large.explain(SquareExplainer())
        once = SquareExplainer().explain(Frame(picture, 0, 0.0, 0.0))
        for renorm in (Renorm.FRAME, Renorm.BOX):
            boxes = once.detections.boxes_xyxy
            expected = scales_of(once.saliency, boxes, renorm, once.object_maps)
            assert list(heat_scales(explained, renorm)) == pytest.approx(expected)


def test_nothing_is_left_of_a_file_that_is_not_finished(tmp_path: Path) -> None:
    def rows(top: int, bottom: int) -> np.ndarray:
        if top:
            raise KeyboardInterrupt
        return np.zeros((bottom - top, 700, 3), np.uint8)

    with pytest.raises(KeyboardInterrupt):
        write_pyramid(tmp_path / "out.tif", (700, 1100), rows, lambda *_: None, {})
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(SinkError):
        write_pyramid(tmp_path / "no" / "out.tif", (700, 1100), rows, lambda *_: None, {})


def test_levels_halve_until_they_are_small() -> None:
    assert level_sizes((2001, 1500)) == ((2001, 1500), (1000, 750), (500, 375))
    assert level_sizes((300, 200)) == ((300, 200),)
    assert level_sizes((5000, 1))[-1] == (5000, 1)


def test_the_place_on_the_earth_is_kept(tmp_path: Path) -> None:
    scale = (33550, 12, 3, (0.5, 0.5, 0.0), True)
    tifffile.imwrite(
        tmp_path / "a.tif",
        np.zeros((64, 64, 3), np.uint8),
        photometric="rgb",
        tile=(64, 64),
        extratags=[scale],
    )
    cv2_safe = tmp_path / "out.tif"
    with LargePicture(tmp_path / "a.tif", 64) as picture:
        picture.write(cv2_safe, picture.explain(SquareExplainer()), OverlayOptions())
    with tifffile.TiffFile(cv2_safe) as file:
        assert file.pages[0].tags[33550].value == (0.5, 0.5, 0.0)


def test_python_refuses_what_the_command_line_refuses(tmp_path: Path) -> None:
    model, _ = square_model()
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((64, 64, 3), np.uint8), photometric="rgb")
    for asked in (
        {"tile": 0},
        {"overlap": 0.95},
        {"renorm": "region"},
        {"output": tmp_path / "a.png"},
        {"output": tmp_path / "a.tif"},
    ):
        with pytest.raises(UsageError):
            model.explain_tiles(tmp_path / "a.tif", **asked)
