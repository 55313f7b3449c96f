"""Training scenes: seeded, with labels that hold what they say, on surfaces that hold no marker."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import zxingcpp

from heatcam.sources.demo.markers import MARKER_CLASSES
from training import dataset, mining
from training import scenes as scenes_module
from training.measuring import read_labels
from training.scenes import MENDING, SMALLEST_PX, USUAL, Emphasis, negative_scene, render_scene
from training.surfaces import BACKGROUNDS, HARD_NEGATIVES, foliage

SIDE = 160


@pytest.fixture(scope="module")
def photographs():
    rng = np.random.default_rng(0)
    return [
        cv2.resize(rng.integers(0, 255, (9, 12, 3), np.uint8), (400, 300), interpolation=cv2.INTER_CUBIC)
        for _ in range(2)
    ]


@pytest.fixture(scope="module")
def scenes(photographs):
    return [render_scene(np.random.default_rng([5, index]), photographs, SIDE) for index in range(60)]


def test_a_scene_is_a_picture_of_the_size_asked_for(scenes):
    assert all(
        scene.image_bgr.shape == (SIDE, SIDE, 3) and scene.image_bgr.dtype == np.uint8 for scene in scenes
    )


def test_labels_lie_inside_the_picture_and_are_large_enough_to_be_seen(scenes):
    labels = [label for scene in scenes for label in scene.labels]
    assert len(labels) > 50
    for label in labels:
        x1, y1, x2, y2 = label.box_xyxy
        assert 0 <= x1 < x2 <= SIDE
        assert 0 <= y1 < y2 <= SIDE
        assert max(x2 - x1, y2 - y1) >= SMALLEST_PX[MARKER_CLASSES[label.class_id]] - 1e-6


def test_all_classes_appear_and_some_scenes_are_empty(scenes):
    counts = [len(scene.labels) for scene in scenes]
    assert {label.class_id for scene in scenes for label in scene.labels} == set(range(len(MARKER_CLASSES)))
    assert 0 in counts
    assert 3 <= max(counts) <= 6


def test_labelled_markers_do_not_cover_each_other(scenes):
    for scene in scenes:
        for i, first in enumerate(scene.labels):
            for second in scene.labels[i + 1 :]:
                a, b = np.array(first.box_xyxy), np.array(second.box_xyxy)
                assert (np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])).min() <= 1e-6


def test_boxes_hold_the_marker_that_their_label_names(photographs, monkeypatch):
    """Seen by a camera that adds nothing: through blur and noise a reader would read too few to judge by."""
    monkeypatch.setattr(scenes_module, "_photograph", lambda rng, canvas, side: canvas)
    read, tried = 0, 0
    for index in range(200):
        scene = render_scene(np.random.default_rng([6, index]), photographs, SIDE)
        for label in scene.labels:
            x1, y1, x2, y2 = (round(2 * v) for v in label.box_xyxy)  # the canvas is twice as large
            whole = min(x1, y1, 2 * SIDE - x2, 2 * SIDE - y2) > 8
            if label.class_id == 0 and whole and min(x2 - x1, y2 - y1) > 80:
                part = scene.image_bgr[max(0, y1 - 12) : y2 + 12, max(0, x1 - 12) : x2 + 12]
                found = zxingcpp.read_barcodes(
                    cv2.resize(part, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
                )
                tried += 1
                read += any(code.format == zxingcpp.BarcodeFormat.QRCode for code in found)
    assert tried >= 6
    assert read >= tried / 2


def test_the_same_seed_gives_the_same_scene_and_another_seed_another(photographs):
    first, again, other = (render_scene(np.random.default_rng(seed), photographs, SIDE) for seed in (3, 3, 4))
    assert np.array_equal(first.image_bgr, again.image_bgr)
    assert first.labels == again.labels
    assert not np.array_equal(first.image_bgr, other.image_bgr)


@pytest.mark.parametrize(
    "surface", dict.fromkeys((*BACKGROUNDS, *HARD_NEGATIVES)), ids=lambda surface: surface.__name__
)
def test_surfaces_have_the_size_asked_for_and_hold_no_code(surface):
    for seed in range(4):
        picture = surface(np.random.default_rng(seed), 240, 180)
        assert picture.shape == (180, 240, 3)
        assert picture.dtype == np.uint8
        matrix_codes = zxingcpp.read_barcodes(picture, zxingcpp.BarcodeFormat.AllMatrix)
        assert [code.text for code in matrix_codes] == []


def test_a_data_set_on_disk_is_what_was_rendered(tmp_path, monkeypatch, photographs):
    monkeypatch.setattr(dataset, "stock", lambda split: (photographs if split == "train" else [], []))
    for kind in ("images", "labels"):
        (tmp_path / kind / "train").mkdir(parents=True)
    assert dataset._render_chunk(tmp_path, "train", 7, SIDE, USUAL, range(2, 6)) == 5
    marked = 0
    for index in range(2, 6):
        scene = render_scene(np.random.default_rng([7, 1, index]), photographs, SIDE)
        picture = cv2.imread(str(tmp_path / "images" / "train" / f"{index:06d}.png"))
        assert np.array_equal(picture, scene.image_bgr)
        truth = read_labels((tmp_path / "labels" / "train" / f"{index:06d}.txt").read_text(), SIDE, SIDE)
        assert truth.class_ids.tolist() == [label.class_id for label in scene.labels]
        if scene.labels:
            marked += 1
            assert np.allclose(truth.xyxy, [label.box_xyxy for label in scene.labels], atol=1e-3)
    assert marked >= 2


def test_usual_scenes_are_as_before_whatever_is_emphasised_elsewhere(photographs):
    """Rounds are compared on the same held-out scenes: what mends the model changes none of them."""
    usual, same, mending = (
        render_scene(np.random.default_rng(3), photographs, SIDE, (), emphasis)
        for emphasis in (USUAL, Emphasis(), MENDING)
    )
    assert np.array_equal(usual.image_bgr, same.image_bgr)
    assert not np.array_equal(usual.image_bgr, mending.image_bgr)


def test_leaves_fill_the_picture_asked_for_and_hold_no_code():
    for seed in range(6):
        picture = foliage(np.random.default_rng(seed), 240, 180)
        assert picture.shape == (180, 240, 3)
        assert picture.std() > 3
        assert zxingcpp.read_barcodes(picture, zxingcpp.BarcodeFormat.AllMatrix) == []


def test_negative_scenes_are_of_the_size_asked_for_and_the_same_again(photographs):
    for seed in range(12):  # near, far away, before leaves
        one, again = (negative_scene(np.random.default_rng(seed), photographs, SIDE) for _ in range(2))
        assert one.shape == (SIDE, SIDE, 3)
        assert np.array_equal(one, again)


def test_mining_keeps_the_scenes_in_which_the_model_fires_and_no_other(tmp_path, monkeypatch, photographs):
    monkeypatch.setattr(mining, "stock", lambda _split: (photographs, []))
    bright = lambda image, with_map: SimpleNamespace(detections=[1] * int(image.mean() > 100))  # noqa: E731
    monkeypatch.setattr(
        mining.heatcam, "load", lambda *_, **__: SimpleNamespace(explainer=SimpleNamespace(explain=bright))
    )
    for kind in ("images", "labels"):
        (tmp_path / kind / "train").mkdir(parents=True)
    count = mining.mine(tmp_path, 20, 0, SIDE)
    kept = sorted((tmp_path / "images" / "train").iterdir())
    assert 0 < count == len(kept) < 20
    assert all(cv2.imread(str(path)).mean() > 99 for path in kept)
    assert [p.stem for p in sorted((tmp_path / "labels" / "train").iterdir())] == [p.stem for p in kept]
    assert all(p.read_text() == "" for p in (tmp_path / "labels" / "train").iterdir())
