import errno
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatcam.errors import SinkError, UsageError
from heatcam.sinks.picture_names import WRITABLE_SUFFIXES
from heatcam.sinks.pictures import next_output, output_paths, view_paths, write_picture
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
def test_several_inputs_go_to_a_folder(tmp_path, output):
    targets = output_paths(["x/a.jpg", "y/b.gif", "c.PNG", "camera 0"], f"{tmp_path}/{output}")
    assert [t.name for t in targets] == ["a.jpg", "b.png", "c.PNG", "camera 0.png"]
    assert {t.parent for t in targets} == {tmp_path / "dir"}
    assert list(tmp_path.iterdir()) == []


def test_one_input_and_a_slash_means_a_folder(tmp_path):
    assert output_paths(["a.jpg"], f"{tmp_path}/new/") == (tmp_path / "new" / "a.jpg",)


def test_one_picture_of_a_folder_goes_to_a_folder_too(tmp_path):
    assert output_paths(["in/a.jpg"], tmp_path / "new", into_folder=True) == (tmp_path / "new" / "a.jpg",)


def test_places_below_an_input_folder_are_kept(tmp_path):
    targets = output_paths(["in/a.jpg", "in/b/a.jpg"], f"{tmp_path}/", below=[Path("a.jpg"), Path("b/a.jpg")])
    assert targets == (tmp_path / "a.jpg", tmp_path / "b" / "a.jpg")


def test_several_inputs_do_not_fit_into_one_file(tmp_path):
    with pytest.raises(UsageError, match=r"2 pictures do not fit.*-o out/"):
        output_paths(["a.png", "b.png"], tmp_path / "out.png")


def test_an_unknown_suffix_is_refused(tmp_path):
    with pytest.raises(UsageError, match="cannot tell the format"):
        output_paths(["a.png"], tmp_path / "new" / "out.xyz")


def test_an_input_is_never_the_target(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), picture())
    (tmp_path / "link.png").symlink_to(tmp_path / "a.png")
    for target in (tmp_path / "a.png", tmp_path / "." / "a.png", tmp_path / "link.png", tmp_path):
        with pytest.raises(UsageError, match="is an input"):
            output_paths([tmp_path / "a.png"], target)


def test_the_next_free_output_is_numbered_as_ultralytics_does_it(tmp_path):
    assert next_output(f"{tmp_path}/heat/") == f"{tmp_path}/heat/"
    for expected in ("heat2", "heat3"):
        (tmp_path / "heat").mkdir(exist_ok=True)
        assert next_output(f"{tmp_path}/heat/") == f"{tmp_path}/{expected}/"
        assert next_output(f"{tmp_path}/heat") == f"{tmp_path}/{expected}/"
        (tmp_path / expected).mkdir()
    (tmp_path / "out.png").touch()
    assert next_output(f"{tmp_path}/out.png") == f"{tmp_path}/out2.png"


def test_a_page_has_its_picture_at_print_resolution(tmp_path):
    write_picture(tmp_path / "a.pdf", np.full((3508, 2480, 3), 200, np.uint8))
    data = (tmp_path / "a.pdf").read_bytes()
    assert data.startswith(b"%PDF")
    (box,) = re.findall(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", data)
    assert [round(float(side) / 72 * 25.4) for side in box] == [210, 297]  # A4 in millimetres
    assert data.count(b"/DCTDecode") == 1


def test_views_get_their_name_behind_their_pictures(tmp_path):
    paths = view_paths(["x/a.jpg", "x/a.png", "b.gif"], f"{tmp_path}/new/", ["overlay", "map"])
    assert [[path.name for path in own] for own in paths] == [
        ["a.jpg-overlay.png", "a.jpg-map.png"],
        ["a-overlay.png", "a-map.png"],
        ["b-overlay.png", "b-map.png"],
    ]
    assert view_paths(["a.jpg"], tmp_path / "new", ["grid"]) == ((tmp_path / "new" / "a-grid.png",),)


def test_several_views_do_not_fit_into_one_file_and_no_input_is_replaced(tmp_path):
    with pytest.raises(UsageError, match=r"2 views do not fit into one file out.png; use a folder: -o out/"):
        view_paths(["a.jpg"], "out.png", ["overlay", "grid"])
    with pytest.raises(UsageError, match="is an input"):
        view_paths([tmp_path / "a.png", tmp_path / "a-grid.png"], tmp_path, ["overlay", "grid"])


@given(
    names=st.lists(
        st.sampled_from(["a.jpg", "a.png", "A.PNG", "a.jpg.png", "a-grid.png", "x" * 250]), min_size=1
    )
)
def test_no_two_views_get_one_name(names):
    paths = view_paths([f"{n}/{name}" for n, name in enumerate(names)], "out/", ["overlay", "grid", "map"])
    flat = [str(path).casefold() for own in paths for path in own]
    assert len(set(flat)) == len(flat)
    assert max(len(path.name) for own in paths for path in own) <= 255
