"""Results of an earlier run: whole ones are told from those that were cut off."""

import numpy as np
import pytest
from PIL import Image

from heatcam.sinks import is_whole, write_picture


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".bmp"])
def test_a_picture_that_was_cut_off_is_not_whole(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    write_picture(path, np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8))
    assert is_whole(path)
    path.write_bytes(path.read_bytes()[:-40])
    assert not is_whole(path)


def test_archives_and_pages_that_were_cut_off_are_not_whole(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", values=np.arange(1000))
    Image.new("RGB", (60, 80)).save(tmp_path / "a.pdf")
    for name in ("a.npz", "a.pdf"):
        path = tmp_path / name
        assert is_whole(path)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        assert not is_whole(path)


def test_nothing_is_not_whole(tmp_path):
    (tmp_path / "a.png").touch()
    (tmp_path / "a.tif").touch()
    assert not is_whole(tmp_path / "a.png")
    assert not is_whole(tmp_path / "a.tif")
    assert not is_whole(tmp_path / "missing.png")
