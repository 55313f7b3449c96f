"""Streams that ffmpeg serves, not our own server: MPEG-TS over HTTP, and HLS with its files."""

import subprocess
import time

import numpy as np
import pytest

from heatcam.sources.live import LiveSource
from heatcam.sources.opening import open_source
from heatcam.sources.state import Phase
from heatcam.sources.stream import StreamDevice
from tests.sources.file_server import file_server
from tests.sources.test_stream import take, until
from tests.system_tools import requires

pytestmark = requires("ffmpeg")
_PICTURE = ["-re", "-f", "lavfi", "-i", "testsrc=s=160x96:r=25"]
_H264 = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "10"]


def serve_mpegts(port):
    """ffmpeg serves one client and ends with it, which makes it the worst of servers."""
    where = ["-f", "mpegts", "-listen", "1", f"http://127.0.0.1:{port}/live"]
    return subprocess.Popen(
        ["ffmpeg", "-v", "error", *_PICTURE, *_H264, *where],
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
    )


def end(server):
    server.kill()
    server.wait(10)


def test_mpeg_ts_over_http_is_read_lost_and_read_again(unused_port):
    server = serve_mpegts(unused_port)
    device = StreamDevice(f"http://127.0.0.1:{unused_port}/live", look=lambda _: _listening(unused_port))
    time.sleep(1)
    with LiveSource(device) as source:
        frames = take(source, 20)
        assert source.negotiated_format.endswith("gives 160x96 at 25 as h264")
        steps = np.diff([frame.pts_s for frame in frames]) / np.diff([f.frame_index for f in frames])
        np.testing.assert_allclose(steps, 0.04, atol=0.002)  # the stream's own times, arrival is uneven
        end(server)
        until(lambda: source.state.phase is Phase.RECONNECTING, within_s=3)
        server = serve_mpegts(unused_port)
        began_s = time.monotonic()
        after = next(frame for frame in source if frame.captured_at_s > began_s)
        assert after.captured_at_s - began_s < 15  # of which ffmpeg's own start is the most
        assert after.frame_index > frames[-1].frame_index
        assert after.pts_s > frames[-1].pts_s
    end(server)


def _listening(port):
    """A look that connects to nobody: this server would take the look for its one client, and end."""
    from heatcam.sources.device import ProbeResult

    sockets = subprocess.run(["cat", "/proc/net/tcp"], capture_output=True, text=True, check=False).stdout
    there = any(f":{port:04X} 00000000:0000 0A" in line for line in sockets.splitlines())
    return ProbeResult(there, "" if there else "nothing listens at that address")


@pytest.fixture
def unused_port():
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def write_hls(folder, *more, seconds=3):
    source = ["-f", "lavfi", "-i", f"testsrc=s=160x96:r=25:d={seconds}"]
    hls = ["-f", "hls", "-hls_time", "1", "-hls_list_size", "0", *more]
    subprocess.run(
        ["ffmpeg", "-v", "error", *source, *_H264, "-g", "25", *hls, folder / "a.m3u8"], check=True
    )


def test_hls_plays_at_its_own_speed_although_its_files_come_at_once(tmp_path):
    write_hls(tmp_path, "-hls_flags", "omit_endlist")
    with file_server(tmp_path) as address, open_source(f"{address}/a.m3u8") as source:
        frames = take(source, 25)
    arrived = np.array([frame.captured_at_s for frame in frames])
    np.testing.assert_allclose(arrived - arrived[0], [f.pts_s - frames[0].pts_s for f in frames], atol=0.25)


def test_a_playlist_with_an_end_is_read_to_it(tmp_path):
    write_hls(tmp_path, seconds=1)
    with file_server(tmp_path) as address, open_source(f"{address}/a.m3u8") as source:
        frames = list(source)
    assert frames[-1].frame_index == 24
