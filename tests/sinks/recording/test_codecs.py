from pathlib import Path

import pytest

from heatcam.errors import UsageError
from heatcam.sinks.recording.codecs import CODECS, codec_of, encoder_options, held_frames
from heatcam.sinks.recording.process import codecs_here


@pytest.mark.parametrize(
    ("name", "codec", "takes"),
    [
        ("a.mp4", "", "h264"),
        ("a.webm", "", "vp9"),
        ("a.mkv", "H265", "hevc"),
        ("a.webm", "av1", "av1"),
        ("a.gif", "", ""),
    ],
)
def test_the_codec_is_what_was_asked_for_or_the_containers_own(name, codec, takes):
    assert codec_of(Path(name), codec) == takes


@pytest.mark.parametrize(
    ("name", "codec", "crf", "says"),
    [
        ("a.mp4", "theora", None, "take one of h264, hevc"),
        ("a.mp4", "ffv1", None, r"\.mp4 cannot hold ffv1; name the file with \.mkv"),
        ("a.webm", "h264", None, r"name the file with \.mp4 or"),
        ("a.mp4", "", 52, "0 .best. to 51"),
        ("a.mkv", "ffv1", 20, "ffv1 has no --crf"),
        ("a.gif", "h264", None, "are for videos"),
        ("a-%03d.png", "", 20, "are for videos"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(name, codec, crf, says):
    with pytest.raises(UsageError, match=says):
        codec_of(Path(name), codec, crf)


def test_pyav_here_has_every_codec_that_heatcam_offers():
    assert codecs_here() == list(CODECS)


@pytest.mark.parametrize("rate", [5, 10, 12, 14, 15, 16, 24, 25, 30, 60, 120])
def test_what_may_be_lost_is_less_than_a_second(rate):
    """Fragment, encoder's lookahead and threads, queue, and the frame in the pipe."""
    options = encoder_options("h264", 20, rate)
    held = 0 if "tune" in options else int(options["rc-lookahead"]) + 4
    fragment = 0.25 * rate
    assert held + fragment + held_frames(rate) + 1 < rate
