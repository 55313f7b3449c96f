"""``heatcam record`` and ``recover``: interrupted, gone on with, frame for frame; and what is refused."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from heatcam.commands.options import (
    Extent,
    FilmChoice,
    FindingsChoice,
    LookOptions,
    ModelChoice,
    MotionOptions,
    RecordingOptions,
    RecordingOutput,
    RecordOptions,
)
from heatcam.commands.record import run_record
from heatcam.commands.resume import manifest_of
from heatcam.commands.terminal import Terminal
from heatcam.errors import UsageError
from heatcam.sinks.recording.output_path import output_path_of
from heatcam.sources.base import SourceBase
from heatcam.sources.options import CaptureOptions
from tests.commands.fake_explainer import take_the_models_place
from tests.commands.programs import heatcam, probe, with_markers
from tests.sinks.test_recorder import posix_only
from tests.sources.numbered import encode_numbered, number_in
from tests.system_tools import requires

pytestmark = requires("ffmpeg", "ffprobe")
PLAIN = ("--no-hud", "--no-boxes", "--alpha", "0")
LOSSLESS = ("--no-hud", "--codec", "ffv1")


@pytest.fixture(autouse=True)
def _quick_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is recorded matters here, not what a model sees in it."""
    take_the_models_place(monkeypatch)


def pictures_in(path: Path) -> list[np.ndarray]:
    capture, pictures = cv2.VideoCapture(str(path)), []
    while (read := capture.read())[0]:
        pictures.append(read[1])
    return pictures


def times_in(path: Path, kind: str = "v") -> list[float]:
    command = [
        "ffprobe",
        "-v",
        "error",
        "-select_streams",
        kind,
        "-show_entries",
        "packet=pts_time",
        "-of",
        "csv=p=0",
    ]
    lines = subprocess.run([*command, str(path)], capture_output=True, text=True, check=True).stdout.split()
    return [float(line.rstrip(",")) for line in lines]


def sound_in(path: Path) -> bytes:
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-map", "0:a", "-c", "copy", "-f", "data", "-"]
    return subprocess.run(command, capture_output=True, check=True).stdout


@pytest.fixture(scope="module")
def moving(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of the demo scene with a tone, small: objects that move, so that smoothing has something to remember."""
    folder = tmp_path_factory.mktemp("video")
    heatcam("record", "demo", "-o", folder / "raw.mp4", "--seconds", "2", *PLAIN)
    scale = [
        "-i",
        str(folder / "raw.mp4"),
        "-f",
        "lavfi",
        "-i",
        "sine=440:duration=2",
        "-vf",
        "scale=426:240",
    ]
    subprocess.run(["ffmpeg", "-v", "error", *scale, str(folder / "clip.mkv")], check=True)
    return folder / "clip.mkv"


def interrupted(moving: Path, out: Path, after: int) -> None:
    """A recording as Ctrl-C leaves it after some frames: finished, with its facts beside it."""
    done = 0

    def stops(*_: object) -> None:
        nonlocal done
        done += 1
        if done == after:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("heatcam.commands.terminal.ProgressSink.take", stops)
        heatcam("record", moving, "-o", out, *LOSSLESS, exit_code=130)


def test_a_resumed_recording_has_the_frames_times_and_sound_of_an_uninterrupted_one(
    moving: Path, tmp_path: Path
) -> None:
    """Lossless, so that equal means equal; interrupted twice."""
    heatcam("record", moving, "-o", tmp_path / "whole.mkv", *LOSSLESS)
    out = tmp_path / "out.mkv"
    interrupted(moving, out, 17)
    assert len(pictures_in(out)) == 17
    assert (tmp_path / "out.part.mkv.json").exists()
    out.rename(tmp_path / "out.part.mkv")  # as if it had been killed before it was given its name
    result = heatcam("record", moving, "-o", out, *LOSSLESS, "--max-frames", "40", "--resume")
    assert "resuming after frame 17" in result.stderr
    assert "40 frames" in result.stdout
    assert len(pictures_in(out)) == 40
    out.with_name("out.part.mkv.json").write_text(json.dumps(facts_of_run(moving, out)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("heatcam.commands.resume.WARM_UP_FRAMES", 36)
        report = heatcam("record", moving, "-o", out, *LOSSLESS, "--resume", "--json", "-").stdout
    assert json.loads(report)["frames_written"] == 60
    assert json.loads(report)["frames_resumed"] == 40
    whole, resumed = pictures_in(tmp_path / "whole.mkv"), pictures_in(out)
    assert len(whole) == len(resumed) == 60
    apart = [int(np.abs(a.astype(int) - b).max()) for a, b in zip(whole, resumed, strict=True)]
    assert max(apart[:40]) == 0
    assert max(apart) <= 2  # after 36 frames little of the heat before is left; with the usual 150, nothing
    assert times_in(out) == times_in(tmp_path / "whole.mkv")
    assert sound_in(out) == sound_in(tmp_path / "whole.mkv")
    assert sorted(p.name for p in tmp_path.glob("out*")) == ["out.mkv"]


@posix_only
def test_a_folder_that_vanishes_while_it_is_recorded_to_ends_it_with_one_line_and_exit_code_1(
    moving: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from heatcam.sinks.recording import vanishing

    (tmp_path / "out").mkdir()
    done = 0

    def vanishes(*_: object) -> None:
        nonlocal done
        done += 1
        if done == 10:
            shutil.rmtree(tmp_path / "out")
        time.sleep(0.02)

    monkeypatch.setattr(vanishing, "_EVERY_S", 0.05)
    monkeypatch.setattr("heatcam.commands.terminal.ProgressSink.take", vanishes)
    result = heatcam("record", moving, "-o", tmp_path / "out" / "a.mkv", *LOSSLESS, exit_code=1)
    (line,) = (line for line in result.stderr.splitlines() if line.startswith("heatcam:"))
    assert f"the folder {tmp_path / 'out'} was deleted" in line
    assert f"frames so far are in {tmp_path / 'a.mkv'}" in line
    assert 10 <= len(pictures_in(tmp_path / "a.mkv")) < 60


def facts_of_run(moving: Path, out: Path) -> dict[str, object]:
    return manifest_of(
        str(moving),
        ModelChoice(model="markers"),
        LookOptions(hud=False),
        MotionOptions(),
        RecordingOptions(codec="ffv1"),
        CaptureOptions(),
        output_path_of(out),
    )


@posix_only
def test_a_killed_recording_is_resumed_to_every_frame_in_order(tmp_path: Path) -> None:
    """The program, killed by SIGKILL while it records a variable rate with B-frames."""
    times = [n / 25 + (0.013 if n % 3 else 0) for n in range(200)]
    clip = encode_numbered(tmp_path / "clip.mkv", times)
    out = tmp_path / "out.mp4"
    command = [
        sys.executable,
        "-m",
        "tests.commands.fake_explainer",
        *with_markers(["record", clip, "-o", out, *PLAIN]),
    ]
    program = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    part = tmp_path / "out.part.mp4"
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and not (part.exists() and part.stat().st_size > 2000):
        time.sleep(0.01)
    program.kill()
    program.communicate()
    for _ in range(100):
        result = heatcam_any("record", clip, "-o", out, *PLAIN)
        if "is being written" not in result.stderr:
            break
        time.sleep(0.1)  # the encoder finishes its file
    assert result.exit_code == 2
    assert "--resume continues it" in result.stderr
    heatcam("record", clip, "-o", out, *PLAIN, "--resume")
    assert [number_in(picture) for picture in pictures_in(out)] == list(range(200))
    np.testing.assert_allclose(times_in(out), times, atol=0.001)


def heatcam_any(*words: object) -> object:
    from typer.testing import CliRunner

    from heatcam.cli.app import app

    return CliRunner().invoke(app, with_markers(words))


@pytest.mark.parametrize("codec", ["libx264", "libvpx-vp9"])
def test_every_frame_goes_in_once_in_order_and_at_its_time(tmp_path: Path, codec: str) -> None:
    times = [n / 25 + (0.013 if n % 3 else 0) for n in range(70)]
    clip = encode_numbered(tmp_path / "clip.mkv", times, codec=codec)
    heatcam("record", clip, "-o", tmp_path / "out.mp4", *PLAIN)
    assert [number_in(picture) for picture in pictures_in(tmp_path / "out.mp4")] == list(range(70))
    np.testing.assert_allclose(times_in(tmp_path / "out.mp4"), times, atol=0.001)


def test_a_constant_rate_is_constant_and_as_long_as_the_source(tmp_path: Path) -> None:
    clip = encode_numbered(tmp_path / "clip.mp4", [n / 25 for n in range(50)])
    heatcam("record", clip, "-o", tmp_path / "out.mp4", "--fps", "10", *PLAIN)
    written = probe(tmp_path / "out.mp4")
    assert (written["r_frame_rate"], written["nb_read_frames"]) == ("10/1", "20")
    np.testing.assert_allclose(times_in(tmp_path / "out.mp4"), np.arange(20) / 10, atol=1e-4)


def test_other_options_or_another_source_cannot_go_on(moving: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mkv"
    interrupted(moving, out, 3)
    before = out.read_bytes()
    refused = heatcam("record", moving, "-o", out, *LOSSLESS, "--conf", "0.4", "--resume", exit_code=2)
    assert "--conf was 0.25 in the interrupted recording, and is 0.4 now" in refused.stderr
    other = encode_numbered(tmp_path / "other.mp4", [0, 0.04])
    refused = heatcam("record", other, "-o", out, *LOSSLESS, "--resume", exit_code=2)
    assert "recorded from another source" in refused.stderr
    refused = heatcam("record", moving, "-o", out, *LOSSLESS, exit_code=2)
    assert "exists already" in refused.stderr
    assert out.read_bytes() == before


def test_nothing_to_go_on_with_begins_at_the_start_and_a_whole_file_is_left_alone(tmp_path: Path) -> None:
    clip = encode_numbered(tmp_path / "clip.mp4", [n / 25 for n in range(10)])
    result = heatcam("record", clip, "-o", tmp_path / "out.mp4", *PLAIN, "--resume")
    assert "recording from the start" in result.stderr
    refused = heatcam("record", clip, "-o", tmp_path / "out.mp4", *PLAIN, "--resume", exit_code=2)
    assert "is already complete" in refused.stderr


def test_a_leftover_with_all_frames_is_only_put_together(tmp_path: Path) -> None:
    clip = encode_numbered(tmp_path / "clip.mp4", [n / 25 for n in range(10)])
    out = tmp_path / "out.mp4"
    heatcam("record", clip, "-o", out, *PLAIN)
    out.rename(tmp_path / "out.part.mp4")
    look = LookOptions(hud=False, boxes=False, alpha=0.0)
    manifest = manifest_of(
        str(clip),
        ModelChoice(model="markers"),
        look,
        MotionOptions(),
        RecordingOptions(),
        CaptureOptions(),
        output_path_of(out),
    )
    (tmp_path / "out.part.mp4.json").write_text(json.dumps(manifest))
    assert "10 frames" in heatcam("record", clip, "-o", out, *PLAIN, "--resume").stdout
    assert [number_in(picture) for picture in pictures_in(out)] == list(range(10))
    assert sorted(p.name for p in tmp_path.glob("out*")) == ["out.mp4"]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (
            ("demo", "-o", "a.gif", "--resume", "--seconds", "1"),
            2,
            "--resume works for videos recorded from files",
        ),
        (("demo", "-o", "a.mp4", "--codec", "theora"), 2, "take one of h264, hevc, av1, vp9, ffv1, prores"),
        (("demo", "-o", "a.mp4", "--min-free", "900TB"), 1, "less than --min-free 900 TB; make space"),
        (("demo", "-o", "a.mp4", "--min-free", "much"), 2, "write it like 500MB"),
        (("demo", "-o", "a.png"), 2, "number the pictures: a-%05d.png"),
        (("demo", "-o", "a.mp4", "--resume", "--overwrite"), 2, "exclude each other"),
    ],
)
def test_what_cannot_be_is_one_line_before_anything_is_loaded(
    tmp_path, monkeypatch, words, code, says
) -> None:
    monkeypatch.chdir(tmp_path)
    result = heatcam("record", *words, exit_code=code)
    assert len(result.stderr.splitlines()) == 1
    assert says in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_gets_too_full_ends_it_with_a_finished_file_and_exit_code_1(
    tmp_path: Path, monkeypatch
) -> None:
    clip = encode_numbered(tmp_path / "clip.mp4", [n / 25 for n in range(40)])
    asked = 0

    def free(path: Path) -> tuple[int, int, int]:
        nonlocal asked
        asked += 1
        return type("Usage", (), {"free": 10**12 if asked < 12 else 1000})()

    monkeypatch.setattr("heatcam.sinks.recording.disk_space.shutil.disk_usage", free)
    monkeypatch.setattr("heatcam.sinks.recording.disk_space._EVERY_S", 0.0)
    result = heatcam("record", clip, "-o", tmp_path / "out.mp4", *PLAIN, exit_code=1)
    assert "only 1 kB are free" in result.stderr.splitlines()[-1]
    kept = [number_in(picture) for picture in pictures_in(tmp_path / "out.mp4")]
    assert kept == list(range(len(kept)))
    assert len(kept) >= 1
    monkeypatch.undo()
    heatcam("record", clip, "-o", tmp_path / "out.mp4", *PLAIN, "--resume")
    assert [number_in(picture) for picture in pictures_in(tmp_path / "out.mp4")] == list(range(40))


def leave_behind(folder: Path) -> Path:
    clip = encode_numbered(folder / "old.mp4", [n / 25 for n in range(12)])
    return clip.rename(folder / "out.part.mp4")


@pytest.mark.parametrize("answer", [True, False])
def test_a_leftover_is_offered_for_recovery_where_somebody_can_answer(tmp_path: Path, answer: bool) -> None:
    part = leave_behind(tmp_path)
    clip = encode_numbered(tmp_path / "clip.mp4", [0, 0.04])
    asked = []
    terminal = Terminal(confirm=lambda question: asked.append(question) or answer)

    def run() -> int:
        output = RecordingOutput(str(tmp_path / "out.mp4"))
        options = RecordOptions(
            LookOptions(),
            MotionOptions(),
            output,
            Extent(),
            RecordingOptions(),
            FindingsChoice(),
            FilmChoice(),
        )
        return run_record(str(clip), ModelChoice(model="markers"), options, terminal)

    if answer:
        assert run() == 0
        assert len(pictures_in(tmp_path / "out-recovered.mp4")) == 12
        assert len(pictures_in(tmp_path / "out.mp4")) == 2
        assert not part.exists()
    else:
        with pytest.raises(UsageError, match=r"`heatcam recover .*` makes a finished file of it"):
            run()
        assert part.exists()
    assert len(asked) == 1
    assert "(12 frames)" in asked[0]


def test_recover_finishes_what_is_left_and_says_what_it_cannot(tmp_path: Path) -> None:
    leave_behind(tmp_path)
    (tmp_path / "broken.part.mkv").write_bytes(b"nothing")
    result = heatcam("recover", tmp_path, "--json", "-", exit_code=1)
    said = json.loads(result.stdout)
    assert said["recovered"] == [{"path": str(tmp_path / "out-recovered.mp4"), "frames": 12, "seconds": 0.48}]
    assert "broken.part.mkv cannot be put together" in said["errors"][0]
    assert [number_in(picture) for picture in pictures_in(tmp_path / "out-recovered.mp4")] == list(range(12))
    (tmp_path / "broken.part.mkv").unlink()
    assert "there are no interrupted recordings" in heatcam("recover", tmp_path).stderr


class FakeCamera(SourceBase):
    """Something live: it does not wait."""

    name, size_wh, fps, frame_count, is_live, dropped = "camera 0", (160, 96), 25.0, None, True, 3

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def __iter__(self):
        from heatcam.frames import Frame
        from tests.sources.numbered import numbered_picture

        for n in range(30):
            yield Frame(numbered_picture(n), n, 0.0, n / 25)


def test_what_a_camera_loses_is_counted_and_said(tmp_path: Path, monkeypatch) -> None:
    from heatcam.sinks.live_recorder import LiveRecorder

    monkeypatch.setattr("heatcam.commands.record.open_source", lambda spec, options=None: FakeCamera())
    monkeypatch.setattr("heatcam.commands.record.size_to_come", lambda spec, options=None: (160, 96))
    offer = LiveRecorder.offer

    def busy(self, picture, pts_s):
        if 0.4 < pts_s < 0.6:
            self._waiting.dropped += 1  # as a full queue counts it
            return False
        return offer(self, picture, pts_s)

    monkeypatch.setattr(LiveRecorder, "offer", busy)
    result = heatcam("record", "0", "-o", tmp_path / "out.mp4", *PLAIN, "--json", tmp_path / "run.json")
    report = json.loads((tmp_path / "run.json").read_text())
    numbers = [number_in(picture) for picture in pictures_in(tmp_path / "out.mp4")]
    assert numbers == [n for n in range(30) if not 0.4 < n / 25 < 0.6]
    assert (report["frames_written"], report["dropped"], report["frames_read"]) == (26, 7, 33)
    assert "26 frames, 7 dropped" in result.stdout
    assert sorted(p.name for p in tmp_path.glob("out*")) == ["out.mp4"]


class DeadCamera(FakeCamera):
    """Gives five frames and then nothing, until it is closed."""

    def __init__(self):
        self.left = threading.Event()

    def close(self):
        super().close()
        self.left.set()

    def __iter__(self):
        yield from itertools.islice(super().__iter__(), 5)
        self.left.wait(60)


@posix_only
def test_a_folder_that_vanishes_while_a_camera_gives_nothing_ends_the_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from heatcam.sinks.live_recorder import LiveRecorder

    (tmp_path / "out").mkdir()
    monkeypatch.setattr("heatcam.commands.record.open_source", lambda spec, options=None: DeadCamera())
    monkeypatch.setattr("heatcam.commands.record.size_to_come", lambda spec, options=None: (160, 96))
    offered, offer = [], LiveRecorder.offer

    def then_vanish(self, picture, pts_s):
        offered.append(offer(self, picture, pts_s))
        if len(offered) == 5:
            shutil.rmtree(tmp_path / "out")
        return offered[-1]

    monkeypatch.setattr(LiveRecorder, "offer", then_vanish)
    begun = time.monotonic()
    result = heatcam("record", "0", "-o", tmp_path / "out" / "a.mp4", *PLAIN, exit_code=1)
    assert time.monotonic() - begun < 50, "the camera would have been waited for for a minute"
    assert f"the 5 frames so far are in {tmp_path / 'a.mp4'}" in result.stderr
    assert len(pictures_in(tmp_path / "a.mp4")) == 5


def test_a_recording_of_something_that_died_still_ends_after_its_seconds(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("heatcam.commands.record.open_source", lambda spec, options=None: DeadCamera())
    monkeypatch.setattr("heatcam.commands.record.size_to_come", lambda spec, options=None: (160, 96))
    begun = time.monotonic()
    result = heatcam("record", "0", "-o", tmp_path / "out.mp4", *PLAIN, "--seconds", "2")
    assert time.monotonic() - begun < 40
    assert "5 frames" in result.stdout
    assert len(pictures_in(tmp_path / "out.mp4")) == 5
