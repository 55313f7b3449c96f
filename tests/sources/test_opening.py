import pytest
from PIL import Image

from heatcam.errors import HeatcamError, UnreadableInputError, UsageError
from heatcam.sources import opening
from heatcam.sources.camera import CameraDevice
from heatcam.sources.images import ImageSource
from heatcam.sources.live import LiveSource
from heatcam.sources.opening import open_source
from heatcam.sources.options import CaptureOptions, parse_size
from heatcam.sources.screen import ScreenDevice
from heatcam.sources.sequence import SequenceSource
from heatcam.sources.standard_input import StandardInputSource
from heatcam.sources.stream import StreamDevice
from heatcam.sources.video import VideoSource


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    monkeypatch.setattr(
        opening, "names_by_index", lambda: {0: "HD Webcam", 3: "Logitech C920", 5: "HD Webcam"}
    )
    for name in ("photos/1.png", "photos/2.png", "c.jpg"):
        Image.new("RGB", (8, 8)).save(tmp_path / name)
    (tmp_path / "picture-without-suffix").write_bytes((tmp_path / "c.jpg").read_bytes())
    (tmp_path / "clip.MP4").write_bytes(b"\0\0\0\x18ftypmp42")
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "film-without-suffix").write_bytes(b"\x1a\x45\xdf\xa3\x93\x42\x82\x88matroska")
    (tmp_path / "run[1]").mkdir()
    for name in ("run[1]/001.png", "run[1]/x[2].png"):
        Image.new("RGB", (8, 8)).save(tmp_path / name)
    return tmp_path


@pytest.mark.parametrize(
    ("spec", "kind", "name"),
    [
        ("0", CameraDevice, "camera 0"),
        ("2", CameraDevice, "camera 2"),
        ("/dev/video7", CameraDevice, "camera 7"),
        ("c920", CameraDevice, "camera 3"),
        ("Logitech C920", CameraDevice, "camera 3"),
        ("c.jpg", ImageSource, "c.jpg"),
        ("picture-without-suffix", ImageSource, "picture-without-suffix"),
        ("photos", ImageSource, "2 pictures"),
        ("photos/", ImageSource, "2 pictures"),
        ("photos/*.png", ImageSource, "2 pictures"),
        ("clip.MP4", VideoSource, "clip.MP4"),
        ("*.MP4", VideoSource, "clip.MP4"),
        ("rtsp://u:p@host/live", StreamDevice, "rtsp://host/live"),
        ("http://host:8080/stream?x=1", StreamDevice, "http://host:8080/stream"),
        ("http://host/live.m3u8", StreamDevice, "http://host/live.m3u8"),
        ("udp://@:1234", StreamDevice, "udp://:1234"),
        ("screen", ScreenDevice, "screen"),
        ("screen:2", ScreenDevice, "screen 2"),
        ("photos/%d.png", SequenceSource, "%d.png"),
        ("film-without-suffix", VideoSource, "film-without-suffix"),
        ("run[1]/*.png", ImageSource, "2 pictures"),
        ("run[1]/%03d.png", SequenceSource, "%03d.png"),
        ("run[1]/x[2].png", ImageSource, "x[2].png"),
        ("run[1]/?[2].png", ImageSource, "x[2].png"),
        ("photos/[12].png", ImageSource, "2 pictures"),
        ("-", StandardInputSource, "standard input"),
        ("https://host/film.mp4?x=1", VideoSource, "https://host/film.mp4"),
    ],
)
def test_what_was_typed_finds_its_source(folder, spec, kind, name):
    source = open_source(spec)
    assert isinstance(source.device if isinstance(source, LiveSource) else source, kind)
    assert source.name == name


def test_a_file_called_0_goes_before_the_camera(folder):
    (folder / "0").write_bytes((folder / "c.jpg").read_bytes())
    assert isinstance(open_source("0"), ImageSource)


@pytest.mark.parametrize(
    ("spec", "error", "says"),
    [
        ("missing.mp4", UnreadableInputError, "there is no file missing.mp4; .*demo"),
        ("notes.txt", UnreadableInputError, "notes.txt holds text: it is neither a picture nor a video"),
        ("*.gif", UnreadableInputError, r"no pictures match \*\.gif"),
        ("", UsageError, "no name"),
        ("-1", UnreadableInputError, r"there is no file -1, .*cameras: 0: HD Webcam.*camera's index"),
        ("nosuchcamera", UnreadableInputError, "no file nosuchcamera, nor a camera .*3: Logitech C920"),
        ("webcam", UsageError, "webcam names 2 cameras .0: HD Webcam, 5: HD Webcam.; give an index"),
        ("photos/%d.gif", UnreadableInputError, "no pictures are called"),
        ("screen:x", UsageError, "screen:x is not a part of a screen; say screen"),
        ("screen:1:0,0,0,5", UsageError, "is not a part of a screen"),
        ("rtps://admin:geheim@host/live", UsageError, "rtps://host/live is of no kind .*rtsp"),
        ("rtsp://", UsageError, r"rtsp://\.\.\. names no server"),
        ("rtsp://admin:ge[heim@host/live", UsageError, r"rtsp://\.\.\. is malformed"),
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


def test_what_was_asked_for_reaches_its_source(folder):
    options = CaptureOptions((1280, 720), 15)
    assert open_source("0", options).device.asked() == "1280x720 at 15"
    assert open_source("photos/%d.png", options).fps == 15
    assert open_source("-", options).size_wh == (1280, 720)


@pytest.mark.parametrize(("text", "size_wh"), [("1280x720", (1280, 720)), (" 8X9", (8, 9)), ("", None)])
def test_sizes_are_read(text, size_wh):
    assert parse_size(text) == size_wh


@pytest.mark.parametrize("text", ["1280", "1280*720", "0x5", "-4x4", "12x", "x", "999999x4", "1280x720x3"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(UsageError, match="--size 1280x720"):
        parse_size(text)


def test_a_mistyped_file_says_which_lies_beside_it(tmp_path):
    from heatcam.sources.images import list_pictures

    (tmp_path / "holiday.mp4").touch()
    (tmp_path / "photo.jpg").touch()
    with pytest.raises(UnreadableInputError, match=r"did you mean '.*holiday\.mp4'\?"):
        open_source(str(tmp_path / "holday.mp4"))
    with pytest.raises(UnreadableInputError, match=r"did you mean '.*photo\.jpg'\?"):
        list_pictures([tmp_path / "photo.jpeg"])
