import pytest
from PIL import Image

from heatcam.errors import UnreadableInputError
from heatcam.sources.sequence import SequenceSource, is_pattern, numbered_paths


@pytest.fixture
def shots(tmp_path):
    for number in (1, 2, 10, 9, 100):
        Image.new("RGB", (8 + number, 8)).save(tmp_path / f"shot{number}.png")
        Image.new("RGB", (8, 8)).save(tmp_path / f"{number:05d} 50%.png")
    Image.new("RGB", (8, 8)).save(tmp_path / "shotx.png")
    return tmp_path


def test_pictures_play_in_the_order_of_their_numbers(shots):
    with SequenceSource(str(shots / "shot%d.png"), fps=10) as source:
        frames = list(source)
    assert [frame.size_wh[0] - 8 for frame in frames] == [1, 2, 9, 10, 100]
    assert [frame.pts_s for frame in frames] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
    assert source.frame_count == source.frames_read == 5
    assert source.shortfall() == ""


def test_zeros_and_per_cent_signs_are_as_in_ffmpeg(shots):
    assert len(numbered_paths(str(shots / "%05d 50%%.png"))) == 5
    assert [path.name for path in numbered_paths(str(shots / "shot%02d.png"))] == [
        "shot10.png",
        "shot100.png",
    ]


@pytest.mark.parametrize("spec", ["a%d.png", "b/%05d.jpg", "%3d.png"])
def test_patterns_are_known(spec):
    assert is_pattern(spec)


@pytest.mark.parametrize("spec", ["a.png", "100%.png", "%d/a.png", "%d%d.png", "%s.png"])
def test_what_is_no_pattern_is_none(spec):
    assert not is_pattern(spec)


def test_a_file_of_exactly_that_name_goes_first(tmp_path):
    (tmp_path / "a%d.png").touch()
    assert not is_pattern(str(tmp_path / "a%d.png"))


@pytest.mark.parametrize("pattern", ["none%d.png", "nowhere/%d.png"])
def test_a_pattern_without_pictures_is_one_clear_line(shots, pattern):
    with pytest.raises(UnreadableInputError, match="no pictures are called"):
        SequenceSource(str(shots / pattern))


def test_damaged_pictures_are_left_out_and_counted(shots):
    (shots / "shot2.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    with SequenceSource(str(shots / "shot%d.png")) as source:
        assert len(list(source)) == 4
    assert source.missing == 1
    assert source.shortfall().startswith("shot%d.png: 4 of 5 frames could be decoded")


def test_where_none_can_be_read_the_reason_is_said(tmp_path):
    (tmp_path / "1.png").write_bytes(b"nothing")
    with (
        pytest.raises(UnreadableInputError, match="is not a picture"),
        SequenceSource(str(tmp_path / "%d.png")) as s,
    ):
        list(s)
