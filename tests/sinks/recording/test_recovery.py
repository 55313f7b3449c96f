"""What interrupted recordings leave is found, made whole, and not touched while somebody writes it."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from heatcam.errors import SinkError, UsageError
from heatcam.sinks.recorder import Recorder, RecorderOptions
from heatcam.sinks.recording.recovery import (
    frames_in,
    interrupted_recording,
    interrupted_recordings_in,
    recover,
)
from tests.sinks.test_recorder import SIZE_WH, numbers_in, posix_only, probe
from tests.sources.numbered import numbered_picture
from tests.system_tools import requires


def killed(path, numbers, fps=25.0, options=None):
    """What a recording leaves whose encoder was killed after it had written at least some."""
    whole = path.with_name(f"whole{path.suffix}")
    with Recorder(whole, SIZE_WH, fps, options=options) as recorder:
        for number in numbers:
            recorder.write(numbered_picture(number), number / fps)
    part = path.with_name(f"{path.stem}.part{path.suffix}")
    shutil.move(whole, part)
    part.with_name(f"{part.name}.json").write_text(json.dumps({"rate": [int(fps), 1]}))
    return part


@requires("ffprobe")
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm", ".mov", ".gif"])
def test_a_leftover_becomes_a_finished_file_with_every_frame(tmp_path, suffix):
    part = killed(tmp_path / f"a{suffix}", range(40))
    made = recover(interrupted_recording(part))
    assert made.path == tmp_path / f"a-recovered{suffix}"
    assert made.frames == 40
    assert made.seconds == pytest.approx(1.6, abs=0.02)
    assert [p.name for p in tmp_path.iterdir()] == [made.path.name]
    assert numbers_in(made.path) == list(range(40))
    shown = [float(f["pts_time"]) for f in probe(made.path, "frame=pts_time")["frames"]]
    np.testing.assert_allclose(shown, np.arange(40) / 25, atol=0.001)


@posix_only
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("missing", [1, 57, 301, 1111])
def test_a_torn_end_is_left_out(tmp_path, suffix, missing):
    """Fragments as the encoder leaves them when it is killed, cut off anywhere."""
    recorder = Recorder(tmp_path / f"a{suffix}", SIZE_WH, 25)
    for number in range(100):
        recorder.write(numbered_picture(number), number / 25)
    recorder._child.kill()
    recorder._child.wait()
    recorder._pipe.close()
    recorder._recording_lock.release()
    part = recorder.part
    if part.stat().st_size < 3000:
        pytest.skip("it was killed before it wrote enough")
    part.write_bytes(part.read_bytes()[:-missing])
    made = recover(interrupted_recording(part))
    kept = numbers_in(made.path)
    assert kept == list(range(made.frames))
    assert made.frames > 10


def test_pieces_are_put_together_at_their_times(tmp_path):
    for numbers, name in ((range(10), "a.part-1.mp4"), (range(10, 25), "a.part.mp4")):
        origin = RecorderOptions(resume_origin_s=0.0)
        with Recorder(tmp_path / f"piece{numbers[0]}.mp4", SIZE_WH, 25, options=origin) as recorder:
            for number in numbers:
                recorder.write(numbered_picture(number), number / 25 + (0.5 if number >= 20 else 0))
        shutil.move(recorder.path, tmp_path / name)
    made = recover(interrupted_recording(tmp_path / "a.part.mp4"))
    assert numbers_in(made.path) == list(range(25))
    shown = [float(f["pts_time"]) for f in probe(made.path, "frame=pts_time")["frames"]]
    np.testing.assert_allclose(shown, [n / 25 + (0.5 if n >= 20 else 0) for n in range(25)], atol=1e-5)


def test_what_is_there_under_that_name_is_not_replaced(tmp_path):
    (tmp_path / "a-recovered.mp4").write_bytes(b"precious")
    made = recover(interrupted_recording(killed(tmp_path / "a.mp4", range(5))))
    assert made.path.name == "a-recovered-2.mp4"
    assert (tmp_path / "a-recovered.mp4").read_bytes() == b"precious"


def test_what_is_still_being_written_is_not_touched(tmp_path):
    with Recorder(tmp_path / "a.mp4", SIZE_WH, 25) as recorder:
        recorder.write(numbered_picture(0), 0)
        with pytest.raises(UsageError, match="is being written by another heatcam"):
            recover(interrupted_recording(recorder.part))
        with pytest.raises(UsageError, match="is being written by another heatcam"):
            Recorder(tmp_path / "a.mp4", SIZE_WH, 25, overwrite=True)
    assert numbers_in(tmp_path / "a.mp4") == [0]


@pytest.mark.parametrize("content", [b"", b"nothing of a video", bytes(5000)])
def test_what_cannot_be_recovered_stays(tmp_path, content):
    (tmp_path / "a.part.mp4").write_bytes(content)
    with pytest.raises(SinkError, match="cannot be put together"):
        recover(interrupted_recording(tmp_path / "a.part.mp4"))
    assert [p.name for p in tmp_path.iterdir()] == ["a.part.mp4"]
    assert frames_in(interrupted_recording(tmp_path / "a.part.mp4")) == [0]


def test_leftovers_are_found_in_folders_and_by_name(tmp_path):
    for name in ("a.part.mp4", "b.part-1.mkv", "b.part-2.mkv", "c.mp4", "d.part.txt", "a.part.mp4.json"):
        (tmp_path / name).touch()
    found = interrupted_recordings_in([tmp_path, tmp_path / "b.part-1.mkv"])
    assert [one.part.name for one in found] == ["a.part.mp4", "b.part.mkv"]
    assert [segment.name for segment in found[1].segments] == ["b.part-1.mkv", "b.part-2.mkv"]
    for wrong, says in (
        ("c.mp4", "is not an interrupted recording"),
        ("no", "there is no file"),
    ):
        with pytest.raises(UsageError, match=says):
            interrupted_recordings_in([tmp_path / wrong])
