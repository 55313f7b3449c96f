import os

import numpy as np
import pytest
from PIL import Image

from heatcam.errors import UnreadableInputError
from heatcam.sources.images import ImageSource, list_pictures


def save(path, shade=0, size=(20, 10)):
    path.parent.mkdir(exist_ok=True)
    Image.new("RGB", size, (shade, shade, shade)).save(path)
    return path


def names(paths):
    return [path.name for path in paths]


def test_a_folder_gives_its_pictures_in_natural_order_and_nothing_else(tmp_path):
    for name in ("img10.png", "img2.png", "IMG1.PNG", "b.jpg", ".hidden.png"):
        save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("x")
    save(tmp_path / "sub.png" / "inner.png")
    assert names(list_pictures([tmp_path])) == ["b.jpg", "IMG1.PNG", "img2.png", "img10.png"]


def test_a_glob_gives_what_matches(tmp_path):
    for name in ("a1.png", "a2.png", "b.png", "a3.txt"):
        save(tmp_path / name) if name.endswith("png") else (tmp_path / name).write_text("x")
    assert names(list_pictures([f"{tmp_path}/a*"])) == ["a1.png", "a2.png"]


def test_a_file_whose_name_looks_like_a_glob_is_that_file(tmp_path):
    save(tmp_path / "a[1].png")
    save(tmp_path / "a1.png")
    assert names(list_pictures([str(tmp_path / "a[1].png")])) == ["a[1].png"]


def test_files_folders_and_globs_keep_the_order_given(tmp_path):
    for name in ("f/z.png", "f/y.png", "x.png"):
        save(tmp_path / name)
    assert names(list_pictures([tmp_path / "x.png", tmp_path / "f"])) == ["x.png", "y.png", "z.png"]


@pytest.mark.parametrize("spec", ["missing.png", "empty", "*.png"])
def test_nothing_there_is_one_line(tmp_path, spec):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnreadableInputError, match=r"there is no file|no pictures"):
        list_pictures([str(tmp_path / spec)])


def test_each_picture_keeps_its_own_size(tmp_path):
    save(tmp_path / "a.png", size=(20, 10))
    save(tmp_path / "b.png", size=(8, 30))
    with ImageSource([tmp_path]) as source:
        assert source.size_wh == (0, 0)
        assert [(f.size_wh, f.name, source.size_wh) for f in source] == [
            ((20, 10), "a.png", (20, 10)),
            ((8, 30), "b.png", (8, 30)),
        ]


def test_an_unreadable_picture_is_raised_or_handed_over_and_left_out(tmp_path):
    save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"")
    save(tmp_path / "c.png")
    with ImageSource([tmp_path]) as source, pytest.raises(UnreadableInputError, match=r"b\.png is empty"):
        list(source)
    complaints = []
    with ImageSource([tmp_path], on_unreadable=complaints.append) as source:
        assert [frame.frame_index for frame in source] == [0, 2]
        assert source.frames_read == 2
    assert len(complaints) == 1


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_one_line(tmp_path):
    save(tmp_path / "a.png").chmod(0)
    with pytest.raises(UnreadableInputError, match="cannot read"):
        list(ImageSource([tmp_path / "a.png"]))


def test_times_follow_the_rate(tmp_path):
    for i in range(3):
        save(tmp_path / f"{i}.png", shade=i)
    with ImageSource([tmp_path], fps=10) as source:
        np.testing.assert_allclose([frame.pts_s for frame in source], [0, 0.1, 0.2])
