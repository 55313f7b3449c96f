"""The CSV file and the names in loggers, by hand."""

from __future__ import annotations

from heatcam.watching.figures import csv_of, scalars_of
from heatcam.watching.probes import probes_of
from heatcam.watching.records import EpochNumbers
from tests.watching.runs import picture


def test_the_csv_file_has_a_row_for_each_epoch_and_picture() -> None:
    one = [EpochNumbers(0, 0, None, None, ()), EpochNumbers(5, 2, 0.5, 0.25, (1.0, 2.0))]
    assert csv_of({"b": one, "a": one[1:]}) == (
        "epoch,picture,objects,confidence,energy_in_box\n0,b,0,,\n5,b,2,0.5000,0.2500\n5,a,2,0.5000,0.2500\n"
    )


def test_loggers_get_the_energies_that_there_are_and_their_mean() -> None:
    numbers = {
        "a": EpochNumbers(1, 1, 0.5, 0.2, ()),
        "b": EpochNumbers(1, 2, 0.5, 0.6, ()),
        "c": EpochNumbers(1, 0, None, None, ()),
    }
    assert scalars_of(numbers) == {
        "heatcam/energy_in_box/a": 0.2,
        "heatcam/energy_in_box/b": 0.6,
        "heatcam/energy_in_box/mean": 0.4,
        "heatcam/objects/a": 1.0,
        "heatcam/objects/b": 2.0,
        "heatcam/objects/c": 0.0,
    }


def test_no_name_is_the_path_of_others() -> None:
    """DVCLive nests names at their slashes: one could not be a number and a folder."""
    names = list(scalars_of({"a": EpochNumbers(1, 1, 0.5, 0.2, ())}))
    assert not [name for name in names for other in names if other.startswith(f"{name}/")]


def test_pictures_are_named_by_their_files_each_once() -> None:
    named = ["a/dog.jpg", "b\\Dog.png", "mean.png", "", "../x y:z.jpg", "狗.jpg", "..."]
    frames = [picture()] * len(named)
    frames = [
        type(frame)(frame.image_bgr, 0, 0.0, 0.0, name) for frame, name in zip(frames, named, strict=True)
    ]
    assert [one.name for one in probes_of(frames)] == [
        "dog",
        "Dog-2",
        "mean-2",
        "picture",
        "x_y_z",
        "狗",
        "picture-2",
    ]
