import subprocess

import cv2
import numpy as np
import pytest

from heatcam.errors import SourceError, UnreadableInputError
from heatcam.sources.video import VideoSource
from tests.sources.fake_captures import FakeCapture
from tests.sources.numbered import encode_numbered, number_in
from tests.system_tools import requires


def read_all(path):
    with VideoSource(path) as source:
        return list(source)


@pytest.fixture(scope="module")
def even_video(tmp_path_factory):
    """50 numbered frames at 30000/1001 a second."""
    path = tmp_path_factory.mktemp("video") / "even.mp4"
    return encode_numbered(path, [i * 1001 / 30000 for i in range(50)], fps=(30000, 1001))


def test_every_frame_comes_once_and_in_order(even_video):
    frames = read_all(even_video)
    assert [number_in(frame.image_bgr) for frame in frames] == list(range(50))
    assert [frame.frame_index for frame in frames] == list(range(50))


def test_size_rate_and_count_are_the_files(even_video):
    with VideoSource(even_video) as source:
        assert source.size_wh == (160, 96)
        assert source.fps == pytest.approx(30000 / 1001, abs=1e-6)
        assert source.frame_count == 50
        assert source.name == "even.mp4"
        assert sum(1 for _ in source) == source.frames_read == 50


def test_variable_rate_keeps_its_times(tmp_path):
    pts_s = [0.5, 0.54, 0.62, 0.66, 1.1, 1.5, 1.54, 2.0]
    frames = read_all(encode_numbered(tmp_path / "vfr.mp4", pts_s))
    np.testing.assert_allclose([f.pts_s for f in frames], np.subtract(pts_s, 0.5), atol=0.001)


@pytest.mark.parametrize("size_wh", [(161, 97), (160, 97), (161, 96)])
def test_odd_sizes_are_kept(tmp_path, size_wh):
    path = encode_numbered(tmp_path / "odd.mkv", [0, 0.04, 0.08], size_wh=size_wh, pix_fmt="yuv444p")
    frames = read_all(path)
    assert [f.size_wh for f in frames] == [size_wh] * 3
    assert [number_in(f.image_bgr) for f in frames] == [0, 1, 2]


@requires("ffmpeg")
def test_a_rotation_mark_is_honoured(tmp_path, even_video):
    turned = tmp_path / "turned.mp4"
    mark = ["-metadata:s:v", "rotate=90"]
    subprocess.run(["ffmpeg", "-v", "error", "-i", even_video, "-c", "copy", *mark, turned], check=True)
    with VideoSource(turned) as source:
        assert source.size_wh == (96, 160)
        frames = list(source)
    for quarter in (1, 3):
        if [number_in(np.rot90(f.image_bgr, quarter)) for f in frames] == list(range(50)):
            break
    else:
        pytest.fail("the picture is not upright after a quarter turn either way")
    assert {f.size_wh for f in frames} == {(96, 160)}


@requires("ffmpeg")
def test_colours_are_right_for_hd_and_for_old_video(tmp_path):
    for matrix in ("bt709", "bt601"):
        path = tmp_path / f"{matrix}.mp4"
        source = "color=c=0x10c040:s=160x96:r=25:d=0.2,format=gbrp"
        convert = f"scale=out_color_matrix={matrix}:out_range=tv,format=yuv420p"
        tag = ["-colorspace", "bt709"] if matrix == "bt709" else ["-colorspace", "smpte170m"]
        command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, "-vf", convert, *tag, path]
        subprocess.run(command, check=True)
        np.testing.assert_allclose(
            read_all(path)[0].image_bgr[50, 50].astype(int), (0x40, 0xC0, 0x10), atol=4
        )


def test_a_truncated_file_yields_what_it_has_and_knows_what_is_missing(tmp_path):
    pts_s = [i / 25 for i in range(100)]
    whole = encode_numbered(tmp_path / "whole.mp4", pts_s, options={"movflags": "faststart"})
    (tmp_path / "cut.mp4").write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    with VideoSource(tmp_path / "cut.mp4") as source:
        numbers = [number_in(frame.image_bgr) for frame in source]
        assert source.frame_count == 100
        assert 0 < source.frames_read < 100
    assert numbers == list(range(len(numbers)))


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.mp4", b"", "is empty"),
        ("a.mp4", b"this is no video at all " * 100, "is not a video"),
        ("a.mp4", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\0\x08free", "is not a video"),
        ("missing.mp4", None, "there is no file"),
    ],
)
def test_what_is_no_video_is_told_in_one_line(tmp_path, capfd, name, content, says):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UnreadableInputError, match=says) as caught:
        read_all(tmp_path / name)
    assert "\n" not in str(caught.value)
    assert "; " in str(caught.value)
    assert capfd.readouterr().err == ""


def test_a_folder_is_no_video(tmp_path):
    with pytest.raises(UnreadableInputError, match="not a plain file"):
        read_all(tmp_path)


def test_names_outside_ascii_are_read(tmp_path):
    assert len(read_all(encode_numbered(tmp_path / "Grüße 猫.mp4", [0, 0.04]))) == 2


@pytest.mark.parametrize("claimed", [0.0, -5.0, float("nan"), 90_000.0])
def test_an_unbelievable_rate_becomes_25_and_times_follow_it(tmp_path, claimed):
    (tmp_path / "a.avi").write_bytes(b"x")
    capture = FakeCapture(fps=claimed, frames=3)
    with VideoSource(tmp_path / "a.avi", open_capture=lambda _: capture) as source:
        assert source.fps == 25
        np.testing.assert_allclose([f.pts_s for f in source], [0, 0.04, 0.08])


def test_times_that_run_backwards_are_mended(tmp_path):
    class Backwards(FakeCapture):
        def get(self, propId):  # noqa: N803
            times_ms = [0, 0, 40, 80, 10, 10, 200]
            return times_ms[self.given] if propId == cv2.CAP_PROP_POS_MSEC else super().get(propId)

    (tmp_path / "a.avi").write_bytes(b"x")
    with VideoSource(tmp_path / "a.avi", open_capture=lambda _: Backwards(fps=25, frames=6)) as source:
        np.testing.assert_allclose([f.pts_s for f in source], [0, 0.04, 0.08, 0.12, 0.16, 0.2])


def test_a_dead_address_is_one_line_without_credentials(capfd):
    with pytest.raises(SourceError, match=r"http://127\.0\.0\.1:9/a\.mp4") as caught:
        read_all("http://user:geheim@127.0.0.1:9/a.mp4?key=geheim")
    assert "geheim" not in str(caught.value)
    assert capfd.readouterr().err == ""


def test_what_a_file_claims_is_still_known_after_it_is_closed(even_video):
    with VideoSource(even_video) as source:
        pass
    assert (source.size_wh, source.frame_count) == ((160, 96), 50)


def test_using_a_source_before_entering_it_is_a_programming_error(even_video):
    with pytest.raises(RuntimeError, match="enter the source"):
        _ = VideoSource(even_video).size_wh
    with pytest.raises(RuntimeError, match="enter the source"):
        list(VideoSource(even_video))
