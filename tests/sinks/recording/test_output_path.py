from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatcam.errors import UsageError
from heatcam.sinks.recording.formats import FILE_SUFFIXES
from heatcam.sinks.recording.output_path import (
    earlier_segments,
    finished_path,
    is_part,
    next_segment,
    output_path_of,
    part_path,
)
from heatcam.sinks.recording.recovery import interrupted_recording


@given(
    stem=st.text("ab.- %0d", min_size=1).filter(lambda s: s.strip(". ")),
    suffix=st.sampled_from(FILE_SUFFIXES),
)
def test_an_unfinished_name_leads_back_to_the_finished_one(stem, suffix):
    path = Path(f"x{stem}{suffix}")
    assert finished_path(part_path(path)) == path
    assert is_part(part_path(path))


@pytest.mark.parametrize(
    ("name", "muxer"), [("a.mp4", "mp4"), ("a.MKV", "matroska"), ("a.gif", "gif"), ("a-%05d.png", "")]
)
def test_the_suffix_says_what_is_made(tmp_path, name, muxer):
    form = output_path_of(tmp_path / name).form
    assert form.muxer == muxer
    assert form.has_part_file == bool(muxer)
    assert form.resumable == (muxer not in ("gif", ""))


@pytest.mark.parametrize("name", ["a.png", "a-%d-%d.png", "a-%s.png", "100%.jpg"])
def test_pictures_need_one_number_in_their_name(tmp_path, name):
    with pytest.raises(UsageError, match=r"number the pictures: .*%05d"):
        output_path_of(tmp_path / name)


def test_pictures_that_are_there_are_found_and_others_are_not(tmp_path):
    target = output_path_of(tmp_path / "out-%05d.png")
    for name in ("out-.png", "out-1.png.txt", "xout-00001.png"):
        (tmp_path / name).touch()
    assert target.existing() is None
    (tmp_path / "out-00007.png").touch()
    assert target.existing() == tmp_path / "out-00007.png"


def test_pieces_are_counted_on_in_order(tmp_path):
    part = tmp_path / "a.part.mp4"
    names = []
    for _ in range(11):
        names.append(next_segment(part))
        names[-1].touch()
    assert earlier_segments(part) == tuple(names)
    assert names[10].name == "a.part-11.mp4"
    assert earlier_segments(tmp_path / "b.part.mp4") == ()


@pytest.mark.parametrize("stem", ["n" * 250, "\u732b" * 83])
def test_the_longest_names_leave_room_for_what_stands_beside_a_recording(tmp_path: Path, stem: str) -> None:
    target = output_path_of(tmp_path / f"{stem}.mp4")
    for path in (target.path, target.part, target.lock_file, next_segment(target.part)):
        path.touch()
    assert is_part(target.part)
    assert interrupted_recording(target.part).segments == (*earlier_segments(target.part), target.part)
    assert target.part != output_path_of(tmp_path / f"x{stem[1:]}.mp4").part
