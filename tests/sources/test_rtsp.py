"""RTSP through OpenCV's FFmpeg from a small real server."""

import time

import numpy as np
import pytest

from heatcam.errors import SourceError
from heatcam.sources.opening import open_source
from heatcam.sources.state import Phase
from tests.sources.numbered import number_in
from tests.sources.rtsp_server import rtsp_server
from tests.sources.test_stream import take, until


def test_it_is_read_with_its_password_and_by_its_own_clock():
    with rtsp_server("admin:geheim") as server, open_source(server.url) as source:
        frames = take(source, 20)
        assert source.size_wh == (160, 96)
        assert "admin" not in source.negotiated_format
    numbers = [number_in(frame.image_bgr) for frame in frames]
    assert numbers == sorted(set(numbers))
    steps = np.diff([frame.pts_s for frame in frames]) / np.diff([frame.frame_index for frame in frames])
    np.testing.assert_allclose(steps[2:], 0.04, atol=0.002)


STALLED = pytest.param("stalled", "no frame", marks=pytest.mark.soak)


@pytest.mark.parametrize(("fault", "reason"), [("unplugged", "nothing listens"), STALLED])
def test_it_is_shown_when_it_is_lost_and_comes_back_within_5_s(fault, reason):
    with rtsp_server("admin:geheim") as server, open_source(server.url) as source:
        before = take(source, 3)[-1]
        if fault == "unplugged":
            server.close()
        server.stalled = fault == "stalled"
        until(lambda: source.state.phase is not Phase.PLAYING, within_s=3)
        until(lambda: reason in source.state.reason, within_s=5)
        until(lambda: source.state.phase is Phase.RECONNECTING, within_s=5)
        time.sleep(0.5)
        assert "login" not in source.state.reason
        if fault == "unplugged":
            server.open()
        server.stalled, back_s = False, time.monotonic()
        after = next(frame for frame in source if frame.captured_at_s > back_s)
        assert after.captured_at_s - back_s < 5
        assert after.pts_s > before.pts_s
        assert after.frame_index > before.frame_index


def test_a_wrong_password_is_said():
    with (
        rtsp_server("admin:geheim") as server,
        pytest.raises(
            SourceError, match=r"the password is refused \(401\)\); check the user and password"
        ) as caught,
        open_source(server.url.replace("geheim", "falsch")),
    ):
        pytest.fail("entered")
    assert "falsch" not in str(caught.value)
