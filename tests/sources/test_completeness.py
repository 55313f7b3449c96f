"""What is missing of a film, and what only looks so."""

import subprocess

import pytest

from heatcam.sources.mp4_duration import presentation_s
from heatcam.sources.opening import open_source
from tests.sources.numbered import encode_numbered
from tests.system_tools import requires


def read(path):
    source = open_source(str(path))
    with source:
        assert source.shortfall() == ""  # nobody knows before the end
        count = len(list(source))
    return source, count


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("films") / "film.mp4"
    return encode_numbered(path, [i / 25 for i in range(100)], options={"movflags": "faststart"})


def test_a_whole_film_misses_nothing(film):
    source, count = read(film)
    assert (count, source.missing, source.shortfall()) == (100, 0, "")
    assert presentation_s(film) == pytest.approx(4.0, abs=0.05)


@requires("ffmpeg")
@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_a_film_that_is_cut_off_says_how_many_of_how_many(film, tmp_path, suffix):
    whole = tmp_path / f"whole.{suffix}"
    flags = ["-movflags", "faststart"] if suffix == "mp4" else []
    subprocess.run(["ffmpeg", "-v", "error", "-i", film, "-c", "copy", *flags, whole], check=True)
    cut = tmp_path / f"cut.{suffix}"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    source, count = read(cut)
    assert 0 < count < 90
    assert source.missing == 100 - count
    assert source.shortfall() == (
        f"cut.{suffix}: {count} of 100 frames could be decoded, the rest is damaged or cut off"
    )


@requires("ffmpeg")
def test_frames_that_an_edit_list_leaves_out_are_not_missing(film, tmp_path):
    trimmed = tmp_path / "trimmed.mp4"
    subprocess.run(["ffmpeg", "-v", "error", "-ss", "1.1", "-i", film, "-c", "copy", trimmed], check=True)
    source, count = read(trimmed)
    assert source.frame_count > count  # what OpenCV counts
    assert source.missing == 0


def test_a_film_of_variable_rate_is_whole_although_its_rate_says_otherwise(tmp_path):
    pts_s = [i / 25 for i in range(30)] + [1.2 + i / 5 for i in range(15)]
    source, count = read(encode_numbered(tmp_path / "vfr.mkv", pts_s))
    assert count == 45
    assert source.missing == 0


@pytest.mark.parametrize(
    "content", [b"", b"\0\0\0\1moov", b"\0\0\0\x10moov\0\0\0\x08mvhd", b"\0\0\0\0moov" * 9]
)
def test_a_broken_header_has_no_length(tmp_path, content):
    (tmp_path / "a.mp4").write_bytes(content)
    assert presentation_s(tmp_path / "a.mp4") is None
    assert presentation_s(tmp_path / "missing.mp4") is None
