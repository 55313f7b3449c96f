"""SIGKILL at moments nobody chose, and a disk that is really full: what was handed over is in a file that plays."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time

import pytest

from heatcam.sinks.recording.recovery import interrupted_recording, recover
from tests.sinks.test_recorder import frames_in, numbers_in, posix_only, wait_until_gone

pytestmark = posix_only

# Hands over frames at a pace, and notes each that ``write`` has returned for; the number goes round at 256.
RECORDS = """
import sys, time
from pathlib import Path
from heatcam.errors import SinkError
from heatcam.sinks.recorder import Recorder
from tests.sources.numbered import numbered_picture
path, fps, pause_s = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
try:
    with open(path + ".log", "wb", buffering=0) as log, Recorder(path, (160, 96), fps) as recorder:
        print(recorder._child.pid, flush=True)
        for number in range(100_000):
            recorder.write(numbered_picture(number % 256), number / fps)
            log.write(b"x")
            time.sleep(pause_s)
except SinkError as error:
    sys.stderr.write(f"{error}\\n")
    sys.exit(error.exit_code)
"""


def start(path, fps=25.0, pause_s=0.002):
    process = subprocess.Popen(
        [sys.executable, "-c", RECORDS, str(path), str(fps), str(pause_s)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    return process, int(process.stdout.readline())


def handed_over(path):
    return path.with_name(path.name + ".log").stat().st_size


def kill_heatcam_and_check(path, after_s):
    process, encoder = start(path)
    with process:
        time.sleep(after_s)
        process.kill()
    wait_until_gone(encoder)
    said = handed_over(path)
    if not said:
        return 0
    kept = numbers_in(path.with_name(f"{path.stem}.part{path.suffix}"))
    assert kept == [n % 256 for n in range(len(kept))]
    assert said <= len(kept) <= said + 1
    return said


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
def test_sigkill_of_heatcam_at_any_moment_keeps_every_frame(tmp_path, suffix):
    assert kill_heatcam_and_check(tmp_path / f"a{suffix}", random.uniform(0.5, 1.5)) > 5


@pytest.mark.soak
def test_sigkill_of_heatcam_at_fifty_moments_keeps_every_frame(tmp_path):
    counts = [
        kill_heatcam_and_check(tmp_path / f"{n}{suffix}", random.uniform(0, 2))
        for n, suffix in enumerate([".mp4", ".mkv"] * 25)
    ]
    assert sum(counts) > 1000


def kill_encoder_and_check(path, fps, seconds):
    """At the pace of a camera: what is lost is counted in the recording's own time."""
    process, encoder = start(path, fps, 1 / fps)
    with process:
        time.sleep(seconds)
        said = handed_over(path)
        os.kill(encoder, 9)
        complaints = process.stderr.read()
    assert process.returncode == 1
    assert len(complaints.splitlines()) == 1
    assert f"killed by signal 9); what was recorded so far plays: {path.stem}.part" in complaints.replace(
        f"{path.parent}/", ""
    )
    made = recover(interrupted_recording(path.with_name(f"{path.stem}.part{path.suffix}")))
    kept = numbers_in(made.path)
    assert kept == [n % 256 for n in range(len(kept))]
    assert said - len(kept) <= fps + 1
    return said - len(kept)


@pytest.mark.parametrize(("suffix", "fps"), [(".mp4", 25.0), (".mkv", 60.0), (".mp4", 8.0)])
def test_sigkill_of_the_encoder_loses_at_most_a_second(tmp_path, suffix, fps):
    kill_encoder_and_check(tmp_path / f"a{suffix}", fps, random.uniform(2, 3))


@pytest.mark.soak
def test_sigkill_of_the_encoder_at_twenty_moments_loses_at_most_a_second(tmp_path):
    for n in range(20):
        kill_encoder_and_check(tmp_path / f"{n}.mp4", 25.0, random.uniform(1.5, 4))


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a disk of 1 MB can be mounted by root only")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_disk_of_1_mb_that_fills_up_ends_it_within_a_second_and_the_file_plays(small_disk, suffix):
    path = small_disk / f"a{suffix}"
    process = subprocess.Popen(
        [sys.executable, "-c", FILLS, str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with process:
        deadline = time.monotonic() + 60
        while os.statvfs(small_disk).f_bavail and time.monotonic() < deadline:
            time.sleep(0.01)
        full_s = time.monotonic()
        complaints = process.communicate(timeout=30)[1]
    assert time.monotonic() - full_s < 3  # a second, and room for a slow machine
    assert process.returncode == 1
    assert len(complaints.splitlines()) == 1
    assert "No space left on device); what was recorded so far plays" in complaints
    assert len(frames_in(small_disk / f"a.part{suffix}")) > 3


FILLS = (
    RECORDS.replace("(160, 96)", "(320, 240)")
    .replace("numbered_picture(number % 256)", "noise.integers(0, 255, (240, 320, 3), np.uint8)")
    .replace("import sys, time", "import sys, time\nimport numpy as np\nnoise = np.random.default_rng(0)")
    .replace('path + ".log"', '"/dev/null"')
    .replace("float(sys.argv[2]), float(sys.argv[3])", "25.0, 0.005")
)
