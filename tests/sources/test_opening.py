import pytest
from PIL import Image

from heatcam.errors import HeatcamError, UnreadableInputError, UsageError
from heatcam.sources.camera import CameraSource
from heatcam.sources.images import ImageSource
from heatcam.sources.opening import open_source
from heatcam.sources.video import VideoSource


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    for name in ("photos/a.png", "photos/b.png", "c.jpg"):
        Image.new("RGB", (8, 8)).save(tmp_path / name)
    (tmp_path / "picture-without-suffix").write_bytes((tmp_path / "c.jpg").read_bytes())
    (tmp_path / "clip.MP4").write_bytes(b"x")
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "model.pt").write_bytes(b"PK\x03\x04")
    return tmp_path


@pytest.mark.parametrize(
    ("spec", "kind", "name"),
    [
        ("0", CameraSource, "camera 0"),
        ("2", CameraSource, "camera 2"),
        ("c.jpg", ImageSource, "c.jpg"),
        ("picture-without-suffix", ImageSource, "picture-without-suffix"),
        ("photos", ImageSource, "2 pictures"),
        ("photos/", ImageSource, "2 pictures"),
        ("photos/*.png", ImageSource, "2 pictures"),
        ("clip.MP4", VideoSource, "clip.MP4"),
        ("*.MP4", VideoSource, "clip.MP4"),
        ("rtsp://u:p@host/live", CameraSource, "rtsp://host/live"),
        ("http://host:8080/stream?x=1", CameraSource, "http://host:8080/stream"),
        ("https://host/film.mp4?x=1", VideoSource, "https://host/film.mp4"),
    ],
)
def test_what_was_typed_finds_its_source(folder, spec, kind, name):
    source = open_source(spec)
    assert isinstance(source, kind)
    assert source.name == name


def test_a_file_called_0_goes_before_the_camera(folder):
    (folder / "0").write_bytes((folder / "c.jpg").read_bytes())
    assert isinstance(open_source("0"), ImageSource)


@pytest.mark.parametrize(
    ("spec", "error", "says"),
    [
        ("missing.mp4", UnreadableInputError, "there is no file missing.mp4; .*demo"),
        ("notes.txt", UnreadableInputError, "neither a picture .*png.* nor a video .*mp4"),
        ("model.pt", UnreadableInputError, "neither a picture"),
        ("*.gif", UnreadableInputError, r"no pictures match \*\.gif"),
        ("", UsageError, "no name"),
        ("-1", UnreadableInputError, "there is no file -1; .*camera index"),
    ],
)
def test_what_cannot_be_a_source_is_one_clear_line(folder, spec, error, says):
    with pytest.raises(error, match=says) as caught:
        open_source(spec)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_several_videos_at_once_are_refused(folder):
    (folder / "other.mp4").write_bytes(b"x")
    (folder / "film.mp4").write_bytes(b"x")
    with pytest.raises(HeatcamError, match="names 2 videos"):
        open_source("*.mp4")
