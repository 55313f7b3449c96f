"""Photographs are split by file: what the model is judged on, it never saw."""

from pathlib import Path

import pytest

from training import photographs

ROOT = Path(photographs.__file__).parents[1]


@pytest.fixture
def everything_installed(tmp_path, monkeypatch):
    """Every package and folder that is ever looked into, with every file name that the split knows."""
    for package, (folder, names) in photographs.TRAINING_PACKAGES.items():
        fill(tmp_path / package / folder, names)
    fill(tmp_path / "ultralytics" / "assets", photographs.ULTRALYTICS_PHOTOGRAPHS)
    fill(tmp_path / "skimage" / "data", photographs.SKIMAGE_PHOTOGRAPHS)
    for place in ("data", "text", "nature"):
        fill(
            tmp_path / place,
            (*photographs.HELD_OUT_FILES, "fruits.jpg", "left01.jpg", "chessboard.png", "notes.txt"),
        )
    folders = tuple((tmp_path / place, "*") for place in ("data", "text", "nature"))
    monkeypatch.setattr(photographs, "TRAINING_FOLDERS", folders)
    monkeypatch.setattr(photographs, "package_folder", lambda name: tmp_path / name)


def fill(folder, names):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()


@pytest.mark.usefixtures("everything_installed")
def test_no_photograph_is_both_trained_on_and_judged_on():
    trained = photographs.training_photographs()
    judged = photographs.held_out_photographs()
    assert trained
    assert judged
    assert not set(trained) & set(judged)
    assert not {path.name for path in trained} & {path.name for path in judged}


@pytest.mark.usefixtures("everything_installed")
def test_ultralytics_and_scikit_image_photographs_are_judged_on_and_never_trained_on():
    owners = {path.parents[1].name for path in photographs.training_photographs()}
    assert not owners & {"ultralytics", "skimage"}
    judged = {path.name for path in photographs.judged_photographs()}
    assert {
        "bus.jpg",
        "zidane.jpg",
        "astronaut.png",
        "chelsea.png",
        "coffee.png",
        "camera.png",
        "rocket.jpg",
    } <= judged
    assert judged <= {path.name for path in photographs.held_out_photographs()}


@pytest.mark.usefixtures("everything_installed")
def test_pictures_of_chessboards_and_other_files_are_left_out():
    names = {path.name for path in photographs.training_photographs()}
    assert "fruits.jpg" in names
    assert not names & {"left01.jpg", "chessboard.png", "notes.txt"}


@pytest.mark.usefixtures("everything_installed")
def test_what_is_not_installed_is_left_out_but_a_missing_package_is_named(monkeypatch, tmp_path):
    (tmp_path / "imgaug" / "quokka.jpg").unlink()
    assert "quokka.jpg" not in {path.name for path in photographs.training_photographs()}
    monkeypatch.undo()
    with pytest.raises(ModuleNotFoundError, match="training/requirements"):
        photographs.package_folder("no_such_package_here")


def test_the_photographs_that_are_always_judged_are_installed_with_the_test_tools():
    judged = photographs.judged_photographs()
    assert len(judged) == len(photographs.ULTRALYTICS_PHOTOGRAPHS) + len(photographs.SKIMAGE_PHOTOGRAPHS)
    image = photographs.read_photograph(judged[0])
    assert image.ndim == 3
    assert max(image.shape) <= 1280


def test_no_photograph_of_the_training_is_part_of_the_project():
    known = {name for _, names in photographs.TRAINING_PACKAGES.values() for name in names}
    known |= {
        *photographs.HELD_OUT_FILES,
        *photographs.SKIMAGE_PHOTOGRAPHS,
        *photographs.ULTRALYTICS_PHOTOGRAPHS,
    }
    kept = {
        path.name
        for folder in ("heatcam", "training")
        for path in (ROOT / folder).rglob("*")
        if "out" not in path.parts
    }
    assert not known & kept


def test_a_file_that_is_no_picture_is_refused(tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"nothing")
    with pytest.raises(OSError, match=r"broken\.jpg"):
        photographs.read_photograph(tmp_path / "broken.jpg")
