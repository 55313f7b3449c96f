"""Names of results: each another one, at its place, none too long."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatcam.sinks.picture_names import WRITABLE_SUFFIXES, fitting_name, names_below_folder


def names(*inputs: str, below: list[str] | None = None) -> list[str]:
    places = [Path(name) for name in below] if below else [Path(name).name for name in inputs]
    found = names_below_folder([Path(name) for name in inputs], [Path(p) for p in places], WRITABLE_SUFFIXES)
    return [str(name) for name in found]


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("a.jpg", "a.jpg"),
        ("A.PNG", "A.PNG"),
        ("a.gif", "a.png"),
        ("phone.HEIC", "phone.jpg"),
        ("a.avif", "a.jpg"),
        ("a.jfif", "a.jpg"),
        ("no suffix", "no suffix.png"),
        ("2024.11.26", "2024.11.26.png"),
        ("caf\udce9.jpg", "caf\udce9.jpg"),
    ],
)
def test_a_result_is_called_as_its_picture(source: str, result: str) -> None:
    assert names(source) == [result]


def test_names_that_meet_get_the_folders_in_which_they_differ() -> None:
    assert names("x/a.png", "y/a.png", "b.png") == ["x/a.png", "y/a.png", "b.png"]
    assert names("t/x/in/a.png", "t/y/in/A.PNG") == ["x/in/a.png", "y/in/A.PNG"]
    assert names("t/a.png", "t/y/a.png") == ["a.png", "y/a.png"]


def test_names_that_meet_in_one_folder_keep_their_suffixes() -> None:
    assert names("a.gif", "a.png") == ["a.gif.png", "a.png"]
    assert names("a.gif", "a.ico", "a.jpg") == ["a.gif.png", "a.ico.png", "a.jpg"]


def test_what_still_meets_is_numbered_also_where_letters_cases_are_one() -> None:
    assert names("a.png", "A.PNG") == ["a.png", "A-2.PNG"]
    assert names("a.png", "A.png", "a-2.png") == ["a.png", "A-3.png", "a-2.png"]


def test_places_below_folders_are_kept() -> None:
    assert names("in/b/a.gif", "in/a.gif", below=["b/a.gif", "a.gif"]) == ["b/a.png", "a.png"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", "x/", "x/y/"]),
            st.sampled_from(["a", "A", "a-2", "b.gif"]),
            st.sampled_from([".png", ".PNG", ".gif", ".heic", ".jpg", ""]),
        ),
        unique=True,
        max_size=12,
    )
)
def test_no_two_results_ever_meet(pieces: list[tuple[str, str, str]]) -> None:
    inputs = ["".join(piece) for piece in pieces]
    found = names(*inputs) if inputs else []
    assert len({name.casefold() for name in found}) == len(inputs)
    assert all(Path(name).suffix.lower() in WRITABLE_SUFFIXES for name in found)


@pytest.mark.parametrize("stem", ["n" * 300, "\u732b" * 100, "caf\udce9" * 80])
def test_names_are_cut_where_they_are_too_long_and_stay_apart(stem: str) -> None:
    one, other = fitting_name(stem, ".png.npz"), fitting_name(f"{stem}x", ".png.npz")
    assert len(os.fsencode(one)) <= 255
    assert one != other
    assert one.endswith(".png.npz")
    assert len(os.fsencode(fitting_name(stem, ".png", spare=20))) <= 235
    assert fitting_name("n" * 251, ".png") == "n" * 251 + ".png"
