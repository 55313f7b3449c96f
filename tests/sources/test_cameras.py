"""Listing cameras, from a made-up /sys and /dev and drivers that answer ioctls."""

import errno
import struct
from pathlib import Path

import pytest

from heatcam.errors import SourceError, UsageError
from heatcam.sources.cameras import cameras_of_linux, index_called, modes_of, no_camera_advice
from heatcam.sources.v4l2 import Mode, is_camera, modes

HD = Mode("MJPG", (1280, 720), (30.0, 15.0))


@pytest.fixture
def linux(tmp_path):
    """A camera with two devices, one that nobody may open, and one that is missing in /dev."""
    system, devices = tmp_path / "sys", tmp_path / "dev"
    devices.mkdir()
    for number, (name, index) in enumerate(
        [("HD Webcam", 0), ("HD Webcam", 1), ("Logitech C920", 0), ("Logitech C920", 1), ("Gone", 0)]
    ):
        folder = system / f"video{number}"
        folder.mkdir(parents=True)
        (folder / "name").write_text(f"{name}\n")
        (folder / "index").write_text(f"{index}\n")
        if name != "Gone":
            (devices / f"video{number}").touch()
    return system, devices


def probe(device):
    if not device.exists():
        raise FileNotFoundError(errno.ENOENT, "No such file or directory")
    if device.name in ("video2", "video3"):
        raise PermissionError(errno.EACCES, "Permission denied")
    return (HD,) if device.name == "video0" else None


def test_each_camera_is_listed_once_with_its_sizes_or_what_keeps_it(linux):
    first, second, third = cameras_of_linux(*linux, probe)
    assert (first.index, first.name, first.modes, first.problem) == (0, "HD Webcam", (HD,), "")
    assert (second.index, second.name) == (2, "Logitech C920")
    assert "sudo usermod -aG" in second.problem
    assert str(linux[1] / "video2") in second.problem
    assert (third.index, third.name) == (4, "Gone")
    assert "--device" in third.problem


def test_a_camera_that_is_busy_says_so(linux):
    def busy(device):
        raise OSError(errno.EBUSY, "Device or resource busy")

    assert "close other programs" in cameras_of_linux(*linux, busy)[0].problem


def test_no_video_devices_is_an_empty_list(tmp_path):
    assert cameras_of_linux(tmp_path / "nothing", tmp_path) == ()
    assert "--source demo" in no_camera_advice(tmp_path)


def test_a_file_that_is_no_video_device_may_not_crash_the_list(tmp_path):
    (tmp_path / "video0").write_bytes(b"")
    with pytest.raises(OSError, match="ioctl"):
        modes_of(tmp_path / "video0")
    assert tmp_path / "video0" not in [_target(descriptor) for descriptor in Path("/proc/self/fd").iterdir()]


def _target(descriptor):
    try:
        return descriptor.readlink()
    except OSError:  # the one that listed the folder
        return None


@pytest.mark.parametrize(
    ("name", "index"),
    [("c920", 2), ("Logitech C920", 2), ("hd webcam", 0), ("HD WEBCAM pro", 1), ("none", None)],
)
def test_cameras_are_found_by_a_part_of_their_name(name, index):
    names = {0: "HD Webcam", 1: "HD Webcam Pro", 2: "Logitech C920"}
    assert index_called(name, names) == index


def test_a_name_of_several_cameras_is_refused_with_their_list():
    with pytest.raises(UsageError, match=r"names 2 cameras .0: HD Webcam, 1: HD Webcam.; give an index"):
        index_called("webcam", {0: "HD Webcam", 1: "HD Webcam"})


class Driver:
    """Answers as a V4L2 driver does: MJPG in two sizes, YUYV in a range of sizes, two rates."""

    def __init__(self, capabilities=0x84200001, of_this=0x04200001, endless=False):
        self.capabilities = capabilities, of_this
        self.endless = endless
        self.calls = 0

    def __call__(self, request, data):
        self.calls += 1
        if request == 0x80685600:
            struct.pack_into("=II", data, 84, *self.capabilities)
            return
        index, pixel_format = struct.unpack_from("=II", data)
        number = request & 0xFF
        answer = {2: self.formats, 74: self.sizes, 75: self.rates}[number](index, pixel_format, data)
        if answer is None and not self.endless:
            raise OSError(errno.EINVAL, "Invalid argument")

    def formats(self, index, _kind, data):
        if index >= 2:
            return None
        data[44:48] = (b"MJPG", b"YUYV")[index]
        return True

    def sizes(self, index, pixel_format, data):
        if pixel_format == int.from_bytes(b"YUYV", "little"):
            struct.pack_into("=7I", data, 8, 3, 16, 1920, 16, 12, 1080, 12)
            return True
        if index >= 2:
            return None
        struct.pack_into("=3I", data, 8, 1, *[(1280, 720), (640, 480)][index])
        return True

    def rates(self, index, _kind, data):
        if index >= 2:
            return None
        struct.pack_into("=3I", data, 16, 1, *[(1, 30), (1001, 15000)][index])
        return True


def test_sizes_and_rates_are_read_from_the_driver():
    assert modes(Driver()) == (
        Mode("MJPG", (1280, 720), (30.0, 14.99)),
        Mode("MJPG", (640, 480), (30.0, 14.99)),
        Mode("YUYV", (1920, 1080), (30.0, 14.99)),
    )


def test_a_device_with_metadata_only_is_no_camera():
    assert is_camera(Driver())
    assert not is_camera(Driver(of_this=0x04A00000))
    assert is_camera(Driver(capabilities=0x1, of_this=0))  # old drivers speak for the whole hardware


def test_a_driver_that_never_says_no_more_does_not_hang_us():
    driver = Driver(endless=True)
    modes(driver)
    assert driver.calls < 200_000


def test_no_camera_is_an_error_with_the_next_step():
    from heatcam.commands.cameras import show_cameras
    from heatcam.commands.terminal import Terminal

    with pytest.raises(SourceError, match=r"there is no camera; .*--source demo"):
        show_cameras(None, Terminal(), lambda: ())
