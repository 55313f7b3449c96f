import errno
from pathlib import Path

import cv2
import numpy as np
import pytest

from heatcam.errors import SinkError, UsageError
from heatcam.sinks.pictures import WRITABLE_SUFFIXES, output_paths, write_picture
from heatcam.sources.decoding import read_picture


def picture():
    image = np.zeros((40, 60, 3), np.uint8)
    image[:, :30], image[:, 30:] = (200, 30, 60), (20, 180, 90)
    return image


@pytest.mark.parametrize("suffix", [*WRITABLE_SUFFIXES, ".PNG", ".JPG"])
def test_what_is_written_reads_back(tmp_path, suffix):
    write_picture(tmp_path / f"a{suffix}", picture())
    read = read_picture(tmp_path / f"a{suffix}").astype(int)
    tolerance = 8 if suffix.lower() in (".jpg", ".jpeg", ".webp") else 0
    np.testing.assert_allclose(read[:, 5:25], picture()[:, 5:25].astype(int), atol=tolerance)
    np.testing.assert_allclose(read[:, 35:], picture()[:, 35:].astype(int), atol=tolerance)


def test_names_outside_ascii_are_written(tmp_path):
    write_picture(tmp_path / "Grüße 猫.png", picture())
    np.testing.assert_array_equal(read_picture(tmp_path / "Grüße 猫.png"), picture())


@pytest.mark.parametrize("name", ["a.gif", "a.xyz", "a"])
def test_an_unknown_suffix_lists_those_there_are(tmp_path, name):
    with pytest.raises(UsageError, match=r"\.png, \.jpg.*\.tiff"):
        write_picture(tmp_path / name, picture())


def test_nothing_is_written_over_without_being_asked(tmp_path):
    (tmp_path / "a.png").write_bytes(b"precious")
    with pytest.raises(UsageError, match="--overwrite"):
        write_picture(tmp_path / "a.png", picture())
    assert (tmp_path / "a.png").read_bytes() == b"precious"
    write_picture(tmp_path / "a.png", picture(), overwrite=True)
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png"), picture())


@pytest.mark.parametrize("broken", ["write_bytes", "replace"])
def test_a_full_disk_leaves_the_old_file_and_no_other(tmp_path, monkeypatch, broken):
    (tmp_path / "a.png").write_bytes(b"old")

    def full(self, data=None):
        self.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, broken, full)
    with pytest.raises(SinkError, match=r"No space left on device.*make space") as caught:
        write_picture(tmp_path / "a.png", picture(), overwrite=True)
    monkeypatch.undo()
    assert "\n" not in str(caught.value)
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]
    assert (tmp_path / "a.png").read_bytes() == b"old"


def test_ctrl_c_while_writing_leaves_nothing_behind(tmp_path, monkeypatch):
    def interrupted(self, data):
        self.touch()
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_bytes", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_picture(tmp_path / "a.png", picture())
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_one_line(tmp_path):
    with pytest.raises(SinkError, match="No such file or directory"):
        write_picture(tmp_path / "no" / "a.png", picture())


def test_a_picture_too_large_for_its_format_is_one_line(tmp_path):
    with pytest.raises(SinkError, match=r"20000x1 cannot be written as \.webp; name it \.png"):
        write_picture(tmp_path / "a.webp", np.zeros((1, 20_000, 3), np.uint8))
    assert list(tmp_path.iterdir()) == []


def test_one_input_goes_to_the_file_named(tmp_path):
    assert output_paths(["in.jpg"], tmp_path / "out.png") == (tmp_path / "out.png",)


@pytest.mark.parametrize("output", ["dir/", "dir"])
def test_several_inputs_go_to_a_folder_that_is_made(tmp_path, output):
    targets = output_paths(["x/a.jpg", "y/b.gif", "c.PNG", "camera 0"], f"{tmp_path}/{output}")
    assert [t.name for t in targets] == ["a.jpg", "b.png", "c.PNG", "camera 0.png"]
    assert {t.parent for t in targets} == {tmp_path / "dir"}
    assert (tmp_path / "dir").is_dir()


def test_one_input_and_a_slash_means_a_folder(tmp_path):
    assert output_paths(["a.jpg"], f"{tmp_path}/new/") == (tmp_path / "new" / "a.jpg",)


def test_names_that_meet_are_made_unique_in_the_order_given(tmp_path):
    inputs = ["x/a.png", "y/a.png", "z/A.PNG", "a-2.png"]
    names = [t.name for t in output_paths(inputs, tmp_path)]
    assert names == ["a.png", "a-2.png", "A-3.PNG", "a-2-2.png"]
    assert names == [t.name for t in output_paths(inputs, tmp_path)]
    assert len({name.casefold() for name in names}) == 4


def test_several_inputs_do_not_fit_into_one_file(tmp_path):
    with pytest.raises(UsageError, match=r"2 pictures do not fit.*-o out/"):
        output_paths(["a.png", "b.png"], tmp_path / "out.png")


def test_an_unknown_suffix_is_refused_before_anything_is_made(tmp_path):
    with pytest.raises(UsageError, match="cannot tell the format"):
        output_paths(["a.png"], tmp_path / "new" / "out.xyz")
    assert list(tmp_path.iterdir()) == []


def test_what_exists_is_refused_before_anything_is_computed(tmp_path):
    (tmp_path / "a.png").touch()
    (tmp_path / "b.png").touch()
    with pytest.raises(UsageError, match=r"a\.png and 1 more exist already.*--overwrite"):
        output_paths(["x/a.png", "x/b.png"], tmp_path)
    assert len(output_paths(["x/a.png", "x/b.png"], tmp_path, overwrite=True)) == 2


def test_an_input_is_never_the_target_even_with_overwrite(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), picture())
    (tmp_path / "link.png").symlink_to(tmp_path / "a.png")
    for target in (tmp_path / "a.png", tmp_path / "." / "a.png", tmp_path / "link.png", tmp_path):
        with pytest.raises(UsageError, match="is an input"):
            output_paths([tmp_path / "a.png"], target, overwrite=True)


def test_a_missing_folder_for_one_file_is_refused(tmp_path):
    with pytest.raises(UsageError, match="there is no folder"):
        output_paths(["a.png"], tmp_path / "no" / "out.png")


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SinkError, match="cannot make the folder"):
        output_paths(["a.png", "b.png"], f"{tmp_path}/file/sub/")
