"""The demo scene: a pure function of seed and index whose boxes hold what they say."""

import itertools
import subprocess
import sys

import cv2
import numpy as np
import pytest

from heatcam.sources.demo import MARKER_CLASSES, DemoScene
from heatcam.sources.demo import backdrop as backdrop_module
from heatcam.sources.demo.__main__ import SAMPLE_FRAMES, write_samples
from heatcam.sources.demo.backdrop import SECONDS_EACH, Backdrop, photograph_paths, render_desk
from heatcam.sources.demo.cards import print_card
from heatcam.sources.demo.choreography import FLIP_EVERY_S, card_moment
from heatcam.sources.demo.perspective import Pose, box_around, card_homography, map_points
from tests.sources.marker_readers import read, read_aruco

MOMENTS = (0, 97, 400, 777, 1300, 54_321)


@pytest.fixture(scope="module")
def scene():
    return DemoScene(seed=0)


def crop(gray, box, margin=0.18):
    """The box with some quiet zone, twice as large."""
    x1, y1, x2, y2 = box
    dx, dy = margin * (x2 - x1), margin * (y2 - y1)
    part = gray[max(0, int(y1 - dy)) : int(y2 + dy), max(0, int(x1 - dx)) : int(x2 + dx)]
    return cv2.resize(part, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)


def read_any(class_name, gray):
    """Whatever of that class is in the picture."""
    if class_name == "aruco":
        families = ("4X4_50", "5X5_100", "6X6_250", "APRILTAG_25H9", "APRILTAG_36H11")
        return next((text for family in families if (text := read_aruco(gray, family))), None)
    if class_name == "chessboard":
        sizes = [f"{columns}x{rows}" for columns in range(9, 5, -1) for rows in range(6, 3, -1)]
        return next((text for size in sizes if (text := read("chessboard", gray, size=size))), None)
    return read(class_name, gray)


@pytest.mark.parametrize("frame_index", MOMENTS)
def test_every_box_holds_a_marker_of_its_class_that_can_be_read(scene, frame_index):
    rendered = scene.render(frame_index)
    gray = cv2.cvtColor(rendered.image_bgr, cv2.COLOR_BGR2GRAY)
    assert len(rendered.boxes) >= 4
    unread = [
        box.class_name for box in rendered.boxes if read_any(box.class_name, crop(gray, box.box_xyxy)) is None
    ]
    assert unread == []


def test_what_reads_the_boxes_reads_nothing_on_the_backdrop():
    gray = cv2.cvtColor(Backdrop((1280, 720)).render(3.0), cv2.COLOR_BGR2GRAY)
    assert [name for name in ("qr-code", "barcode", "data-matrix", "aruco") if read_any(name, gray)] == []


def test_a_box_is_as_tight_as_the_code_in_it(scene):
    zxingcpp = pytest.importorskip("zxingcpp")
    rendered = scene.render(150)
    truth = next(box.box_xyxy for box in rendered.boxes if box.class_name == "qr-code")
    (code,) = zxingcpp.read_barcodes(rendered.image_bgr, zxingcpp.BarcodeFormat.QRCode)
    corners = [
        code.position.top_left,
        code.position.top_right,
        code.position.bottom_right,
        code.position.bottom_left,
    ]
    found = box_around(np.array([[corner.x, corner.y] for corner in corners], np.float32))
    assert np.abs(np.subtract(found, truth)).max() <= 4


def test_all_five_classes_are_shown(scene):
    shown = {box.class_name for frame_index in range(0, 120, 30) for box in scene.boxes(frame_index)}
    assert shown == set(MARKER_CLASSES)


@pytest.mark.parametrize("size_wh", [(1280, 720), (640, 480), (320, 180), (720, 1280)])
def test_boxes_lie_inside_the_picture_and_have_room(size_wh):
    scene = DemoScene(size_wh, seed=4)
    checked = 0
    for frame_index in range(0, 3000, 41):
        for box in scene.boxes(frame_index):
            x1, y1, x2, y2 = box.box_xyxy
            assert 0 <= x1 < x2 <= size_wh[0]
            assert 0 <= y1 < y2 <= size_wh[1]
            checked += 1
    assert checked > 200
    assert scene.render(5).image_bgr.shape == (size_wh[1], size_wh[0], 3)


def test_cards_do_not_cover_each_others_markers(scene):
    worst = 0.0
    for frame_index in range(0, 6000, 37):
        boxes = [np.array(box.box_xyxy) for box in scene.boxes(frame_index)]
        for i, a in enumerate(boxes):
            for b in boxes[i + 1 :]:
                shared = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
                worst = max(
                    worst,
                    float(shared.clip(0).prod()) / float(min((a[2:] - a[:2]).prod(), (b[2:] - b[:2]).prod())),
                )
    assert worst < 0.05


def test_the_same_seed_and_index_give_the_same_picture_in_any_order(scene):
    other = DemoScene(seed=0)
    other.render(999)
    first, second = scene.render(321), other.render(321)
    assert np.array_equal(first.image_bgr, second.image_bgr)
    assert first.boxes == second.boxes == other.boxes(321)


def test_another_seed_is_another_scene(scene):
    other = DemoScene(seed=1)
    assert other.boxes(50) != scene.boxes(50)
    assert not np.array_equal(other.render(50).image_bgr, scene.render(50).image_bgr)


def test_frames_follow_each_other_smoothly_except_for_a_card_that_turns_over(scene):
    for frame_index in range(0, 300, 7):
        before, after = (
            {box.class_name: np.array(box.box_xyxy) for box in scene.boxes(i)}
            for i in (frame_index, frame_index + 1)
        )
        moves = [np.abs(after[name] - before[name]).max() for name in before.keys() & after.keys()]
        assert max(moves) < 14
        assert max(moves) > 0


def test_the_scene_goes_on_after_an_hour_with_new_markers(scene):
    start, later = scene.render(0), scene.render(30 * 3600)
    assert len(later.boxes) >= 4
    assert not np.array_equal(start.image_bgr, later.image_bgr)


def test_a_card_shows_its_next_print_only_when_it_is_seen_edge_on():
    times = np.arange(0, 3 * FLIP_EVERY_S, 1 / 120)
    moments = [card_moment(0, 5, float(t), (1280, 720), 0) for t in times]
    changes = [(a, b) for a, b in itertools.pairwise(moments) if a.edition != b.edition]
    assert len(changes) == 3
    for before, after in changes:
        assert abs(np.cos(before.pose.yaw)) < 0.5
        assert abs(np.cos(after.pose.yaw)) < 0.5


def test_the_backdrop_changes_by_crossfade_and_never_in_one_step():
    backdrop = Backdrop((320, 180))
    cut = SECONDS_EACH
    for early, late in ((cut - 1.0, cut - 0.97), (cut - 0.42, cut - 0.39), (cut - 0.017, cut + 0.017)):
        step = cv2.absdiff(backdrop.render(early), backdrop.render(late))
        assert step.mean() < 8
    assert cv2.absdiff(backdrop.render(cut - 1), backdrop.render(cut + 0.1)).mean() > 20


def test_without_photographs_the_cards_lie_on_the_desk(monkeypatch):
    monkeypatch.setattr(backdrop_module, "photograph_paths", lambda: ())
    picture = DemoScene((640, 360)).render(0)
    desk = render_desk()
    assert len(picture.boxes) >= 4
    assert np.abs(picture.image_bgr.mean(axis=(0, 1)) - desk.mean(axis=(0, 1))).max() < 45


def test_photographs_are_found_without_importing_ultralytics():
    code = """if True:
        import sys
        from heatcam.sources.demo import DemoScene
        DemoScene((320, 180)).render(0)
        print(sorted({"ultralytics", "torch"} & set(sys.modules)))
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert [path.name for path in photograph_paths()] == ["bus.jpg", "zidane.jpg"]


@pytest.mark.parametrize("class_name", MARKER_CLASSES)
def test_a_printed_card_reads_from_above_and_is_opaque_paper_in_a_transparent_margin(class_name):
    card = print_card(class_name, seed=8)
    gray = cv2.cvtColor(card.image_bgra[..., :3], cv2.COLOR_BGR2GRAY)
    gray[card.image_bgra[..., 3] < 255] = 240
    assert read(card.marker, gray) == card.marker.text
    assert card.image_bgra[0].max() == 0
    x, y = card.outline_xy.mean(axis=0).astype(int)
    assert card.image_bgra[y, x, 3] == 255


def test_a_card_that_faces_the_camera_is_only_moved_and_scaled():
    matrix = card_homography((200, 100), Pose((300.0, 250.0), 2.0))
    corners = map_points(matrix, np.array([[0, 0], [200, 100], [100, 50]], np.float32))
    assert np.allclose(corners, [[100, 150], [500, 350], [300, 250]], atol=1e-3)


def test_the_nearer_edge_of_a_tilted_card_is_longer():
    matrix = card_homography((200, 200), Pose((0.0, 0.0), 1.0, yaw=0.6, focal_px=600.0))
    left, right = (
        float(np.linalg.norm(np.subtract(*map_points(matrix, np.array([[x, 0], [x, 200]], np.float32)))))
        for x in (0, 200)
    )
    assert abs(left - right) > 20


@pytest.mark.parametrize("wrong", [{"size_wh": (100, 720)}, {"fps": 0.0}, {"seed": -1}])
def test_a_scene_that_makes_no_picture_is_refused(wrong):
    with pytest.raises(ValueError, match="at least"):
        DemoScene(**wrong)


def test_the_sample_pictures_show_markers_and_are_named_in_order(tmp_path, scene):
    paths = write_samples(tmp_path / "new")
    assert [path.name for path in paths] == [f"demo-{i}.jpg" for i in range(1, len(SAMPLE_FRAMES) + 1)]
    for path, frame_index in zip(paths, SAMPLE_FRAMES, strict=True):
        picture = cv2.imread(str(path))
        assert picture.shape == (720, 1280, 3)
        assert len(scene.boxes(frame_index)) >= 4
