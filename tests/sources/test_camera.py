from pathlib import Path

import cv2
import pytest

from heatcam.errors import SourceError
from heatcam.sources import camera as camera_module
from heatcam.sources.camera import CameraDevice, camera_advice
from heatcam.sources.live import LiveSource
from heatcam.sources.options import CaptureOptions
from tests.sources.fake_captures import FakeCapture


class Usb:
    """Cameras that are plugged in: index and name, and the device files that Linux would have."""

    def __init__(self, folder, **names):
        self.folder = folder
        self.names: dict[int, str] = {}
        self.opened: list[int] = []
        self.captures: list[FakeCapture] = []
        self.plug({int(key[1:]): name for key, name in names.items()})

    def plug(self, names):
        for file in self.folder.glob("video*"):
            file.unlink()
        for index in names:
            (self.folder / f"video{index}").touch()
        self.names = names

    def open(self, index):
        self.opened.append(index)
        self.captures.append(FakeCapture(opened=index in self.names))
        return self.captures[-1]

    def device(self, index, options=None):
        return CameraDevice(
            index, options, open_capture=self.open, list_names=lambda: self.names, devices=self.folder
        )


def test_it_asks_for_mjpg_before_the_size(tmp_path):
    usb = Usb(tmp_path, _0="Webcam")
    usb.device(0, CaptureOptions((1280, 720), 30)).connect()
    asked = usb.captures[0].asked
    assert asked[0] == (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
    assert asked[1:] == [
        (cv2.CAP_PROP_FRAME_WIDTH, 1280),
        (cv2.CAP_PROP_FRAME_HEIGHT, 720),
        (cv2.CAP_PROP_FPS, 30),
    ]


def test_a_camera_plugged_into_another_place_is_found_by_its_name(tmp_path):
    usb = Usb(tmp_path, _0="Logitech C920", _2="HD Webcam")
    device = usb.device(0)
    device.connect()
    usb.plug({2: "HD Webcam", 4: "Logitech C920"})
    device.connect()
    usb.plug({0: "HD Webcam", 1: "Logitech C920"})
    device.connect()
    assert usb.opened == [0, 4, 1]
    assert device.name == "camera 0"


def test_another_camera_is_not_taken_for_the_one_that_went(tmp_path):
    usb = Usb(tmp_path, _0="Logitech C920")
    device = usb.device(0)
    device.connect()
    usb.plug({0: "HD Webcam"})
    assert not device.look().ready
    with pytest.raises(SourceError, match="cannot open camera 0"):
        device.connect()
    assert usb.opened == [0]


def test_a_look_tells_whether_it_is_plugged_in_and_readable(tmp_path, monkeypatch):
    usb = Usb(tmp_path, _0="Webcam")
    device = usb.device(0)
    assert device.look().ready
    monkeypatch.setattr(camera_module.os, "access", lambda *_: False)
    assert "you may not read" in device.look().reason
    usb.plug({})
    answer = device.look()
    assert not answer.ready
    assert answer.reason == "camera 0 is not plugged in"


def test_where_device_files_tell_nothing_every_look_says_ready(tmp_path):
    assert CameraDevice(0, list_names=dict, devices=None).look().ready


def test_a_missing_real_camera_prints_nothing(capfd):
    with pytest.raises(SourceError, match="camera 97"), LiveSource(CameraDevice(97)):
        pytest.fail("entered")
    assert capfd.readouterr() == ("", "")


def test_advice_names_the_video_group_where_the_device_may_not_be_read(tmp_path, monkeypatch):
    (tmp_path / "video0").touch()
    monkeypatch.setattr(camera_module.os, "access", lambda *_: False)
    assert "usermod -aG video" in camera_advice(0, tmp_path)


def test_advice_names_the_cameras_that_are_there(tmp_path: Path):
    (tmp_path / "video2").touch()
    (tmp_path / "video10").touch()
    assert "try 2, 10" in camera_advice(0, tmp_path)
    assert "close other programs" in camera_advice(2, tmp_path)


def test_advice_elsewhere_names_the_command_that_lists_cameras():
    assert "heatcam cameras" in camera_advice(0, None)
