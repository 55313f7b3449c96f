"""Cutouts: found by what they are, split by file, laid into scenes without becoming markers."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from training import cutouts
from training.cutouts import has_transparency, held_out_cutouts, read_cutout, training_cutouts
from training.scenes import Label, _can_be_seen, _lay, render_scene


def red_disc(side: int = 60) -> np.ndarray:
    """A red disc on nothing, uint8 BGRA."""
    picture = np.zeros((side, side, 4), np.uint8)
    cv2.circle(picture, (side // 2, side // 2), side // 3, (0, 0, 255, 255), -1)
    return picture


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for index in range(9):
        path = tmp_path / "food" / "fruit" / f"{index}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), red_disc())
    cv2.imwrite(str(tmp_path / "food" / "opaque.png"), red_disc()[..., :3])
    (tmp_path / "symbols" / "chess").mkdir(parents=True)
    cv2.imwrite(str(tmp_path / "symbols" / "chess" / "board.png"), red_disc())
    monkeypatch.setattr(cutouts, "FOLDER", tmp_path)
    return tmp_path


def test_only_pictures_with_transparency_of_harmless_things_are_taken(folder: Path) -> None:
    every = training_cutouts() + held_out_cutouts()
    assert {path.parent.name for path in every} == {"fruit"}
    assert len(every) == 9


def test_no_cutout_is_both_trained_on_and_judged_on(folder: Path) -> None:
    assert not set(training_cutouts()) & set(held_out_cutouts())
    assert len(held_out_cutouts()) == 2


def test_without_the_package_there_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutouts, "FOLDER", tmp_path / "missing")
    assert training_cutouts() == held_out_cutouts() == []


def test_a_cutout_keeps_its_transparency_and_is_shrunk(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "big.png"), red_disc(1000))
    picture = read_cutout(tmp_path / "big.png")
    assert picture.shape == (480, 480, 4)
    assert picture[0, 0, 3] == 0
    assert picture[240, 240].tolist() == [0, 0, 255, 255]


def test_what_is_no_transparent_png_is_refused(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "opaque.png"), red_disc()[..., :3])
    (tmp_path / "short.png").write_bytes(b"\x89PNG")
    assert not has_transparency(tmp_path / "opaque.png")
    assert not has_transparency(tmp_path / "short.png")
    with pytest.raises(OSError, match="no picture with transparency"):
        read_cutout(tmp_path / "opaque.png")


def test_a_cutout_covers_only_where_it_is_something() -> None:
    canvas = np.full((320, 320, 3), 200, np.uint8)
    shares = []
    for seed in range(20):
        laid = _lay(np.random.default_rng(seed), canvas, red_disc())
        changed = (laid != canvas).any(2)
        shares.append(changed.mean())
        assert (
            np.median(laid[changed][:, 2]) >= 199
        )  # red on grey; only the rim is mixed with the empty part's black
    assert max(shares) > 0.05
    assert max(shares) < 0.5


def test_scenes_with_cutouts_repeat_with_their_seed_and_differ_from_those_without() -> None:
    photograph = np.full((400, 400, 3), 128, np.uint8)

    def render(seed: int, things: list[np.ndarray]) -> np.ndarray:
        return render_scene(np.random.default_rng(seed), [photograph], 160, things).image_bgr

    assert np.array_equal(render(3, [red_disc()]), render(3, [red_disc()]))
    assert any(not np.array_equal(render(seed, [red_disc()]), render(seed, [])) for seed in range(6))


def test_a_marker_that_nobody_can_see_has_no_label() -> None:
    picture = np.full((100, 100, 3), 90, np.uint8)
    label = Label(0, (10.0, 10.0, 60.0, 60.0))
    assert not _can_be_seen(picture, label)
    picture[10:60:4, 10:60] = 160
    assert _can_be_seen(picture, label)
