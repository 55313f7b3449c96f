"""What files, folders and globs stand for: told by content, each picture once, with its place; what is passed over is known."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from heatcam.errors import UnreadableInputError
from heatcam.sources.picture_files import find_pictures, left_out_words


def save(path: Path, kind: str = "PNG") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (20, 10)).save(path, kind)
    return path


@pytest.fixture
def holiday(tmp_path: Path) -> Path:
    """Two pictures, two in sub-folders, one of them deep; and what is none."""
    folder = tmp_path / "holiday"
    for name in ("img10.png", "img2.png", "day/a.png", "day/night/b.png", ".git/c.png", "day/.thumbs/d.png"):
        save(folder / name)
    (folder / "notes.txt").write_text("x")
    (folder / ".hidden").write_text("x")
    return folder


def places(found: object) -> list[str]:
    return [str(file.below) for file in found.files]  # type: ignore[attr-defined]


def test_a_folder_gives_its_own_pictures_and_counts_those_below(holiday: Path) -> None:
    found = find_pictures([holiday])
    assert places(found) == ["img2.png", "img10.png"]
    assert (found.deeper, found.deeper_folders) == (2, 2)
    assert [path.name for path in found.left_out] == ["notes.txt"]
    assert found.many


def test_recursive_keeps_each_pictures_place_and_skips_hidden_folders(holiday: Path) -> None:
    found = find_pictures([holiday], recursive=True)
    assert places(found) == ["img2.png", "img10.png", "day/a.png", "day/night/b.png"]
    assert found.deeper == 0
    assert found.paths[-1] == holiday / "day" / "night" / "b.png"


def test_the_folder_of_results_is_never_gone_into(holiday: Path) -> None:
    save(holiday / "heat" / "img2.png")
    assert len(find_pictures([holiday], recursive=True, exclude=holiday / "heat").files) == 4
    assert find_pictures([holiday], exclude=holiday / "heat").deeper == 2


def test_what_is_a_picture_the_content_says(tmp_path: Path) -> None:
    for name, kind in {
        "a": "JPEG",
        "b.txt": "PNG",
        "c.heic": "WEBP",
        "d.jfif": "JPEG",
        "e.avif": "AVIF",
    }.items():
        save(tmp_path / "in" / name, kind)
    (tmp_path / "in" / "film.mp4").write_bytes(b"\0\0\0\x20ftypisom" + bytes(40))
    found = find_pictures([tmp_path / "in"])
    assert places(found) == ["a", "b.txt", "c.heic", "d.jfif", "e.avif"]
    assert [path.name for path in found.left_out] == ["film.mp4"]


def test_what_is_named_like_a_picture_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    """Who reads it says what is wrong with it."""
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.png").write_text("no picture")
    assert len(find_pictures([tmp_path]).files) == 2


def test_several_folders_keep_their_names(tmp_path: Path) -> None:
    for name in ("a/1.png", "b/1.png"):
        save(tmp_path / name)
    assert places(find_pictures([tmp_path / "a", tmp_path / "b"])) == ["a/1.png", "b/1.png"]
    assert places(find_pictures([f"{tmp_path}/*"])) == ["a/1.png", "b/1.png"]
    assert places(find_pictures([tmp_path / "a"])) == ["1.png"]


def test_one_folder_without_pictures_beside_others_is_told_and_ends_nothing(tmp_path: Path) -> None:
    save(tmp_path / "a" / "1.png")
    (tmp_path / "empty").mkdir()
    found = find_pictures([tmp_path / "empty", tmp_path / "a", f"{tmp_path}/no*"])
    assert len(found.files) == 1
    assert [problem.split(str(tmp_path))[0] for problem in found.empty] == [
        "no pictures in the folder ",
        "no pictures match ",
    ]


@pytest.mark.parametrize("spec", ["empty", "notes", "n*.txt", "zz*"])
def test_nothing_at_all_is_one_line_that_says_what_was_there_instead(tmp_path: Path, spec: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes").mkdir()
    for path in (tmp_path / "notes" / "a.txt", tmp_path / "notes.txt"):
        path.write_text("x")
    with pytest.raises(UnreadableInputError, match=r"no pictures (in the folder|match).*; pictures are JPEG"):
        find_pictures([f"{tmp_path}/{spec}"])


def test_pictures_only_in_sub_folders_are_pointed_out(tmp_path: Path) -> None:
    save(tmp_path / "a" / "1.png")
    with pytest.raises(UnreadableInputError, match="no pictures here, but 1 in 1 sub-folder; add -r"):
        find_pictures([tmp_path])


def test_two_stars_go_into_folders_and_keep_places(holiday: Path) -> None:
    found = find_pictures([f"{holiday}/**/*.png"])
    assert places(found) == ["img2.png", "img10.png", "day/a.png", "day/night/b.png"]
    assert places(find_pictures([f"{holiday}/**"])) == places(found)


def test_what_exists_by_name_goes_before_what_it_matches(tmp_path: Path) -> None:
    for name in ("trip [1]/a[1].png", "trip [1]/a1.png", "trip 1/a1.png", "star*.png", "starfish.png"):
        save(tmp_path / name)
    assert places(find_pictures([f"{tmp_path}/trip [1]/*.png"])) == ["a1.png", "a[1].png"]
    assert places(find_pictures([f"{tmp_path}/trip [1]"])) == ["a1.png", "a[1].png"]
    assert places(find_pictures([f"{tmp_path}/trip [1]/a[1].png"])) == ["a[1].png"]
    assert places(find_pictures([f"{tmp_path}/star*.png"])) == ["star*.png"]


def test_each_picture_is_taken_once(holiday: Path) -> None:
    found = find_pictures([holiday / "img2.png", holiday, f"{holiday}/*.png"])
    assert places(found) == ["img2.png", "img10.png"]


def test_a_missing_file_is_refused_whatever_else_there_is(holiday: Path) -> None:
    with pytest.raises(UnreadableInputError, match=r"there is no file .*gone\.jpg"):
        find_pictures([holiday, holiday / "gone.jpg"])


def test_names_that_are_not_utf8_and_the_longest_ones_are_found(tmp_path: Path) -> None:
    names = {"caf\udce9.png", "n" * 250 + ".png"}
    for name in names:
        save(tmp_path / name)
    assert {path.name for path in find_pictures([tmp_path]).paths} == names


def test_links_to_folders_do_not_go_round_in_circles(holiday: Path) -> None:
    (holiday / "day" / "round").symlink_to(holiday)
    assert len(find_pictures([holiday], recursive=True).files) == 4


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may list everything")
def test_a_folder_that_cannot_be_listed_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "shut").mkdir(mode=0)
    with pytest.raises(UnreadableInputError, match="cannot look into the folder"):
        find_pictures([tmp_path / "shut"])


def test_what_is_left_out_is_counted_and_some_of_it_named() -> None:
    assert left_out_words([Path("x/a.txt")]) == "1 file is no picture: a.txt"
    many = [Path(f"{n}.txt") for n in range(5)]
    assert left_out_words(many) == "5 files are no pictures: 0.txt, 1.txt, 2.txt, ..."
