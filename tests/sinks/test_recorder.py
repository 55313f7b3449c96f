import json
import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from heatcam.errors import SinkError, UsageError
from heatcam.sinks.recorder import Recorder, check_recording_path
from heatcam.sinks.recording.formats import FORMATS
from heatcam.sinks.recording.output_path import part_path
from heatcam.sinks.recording.rates import exact_rate
from heatcam.sources.video import VideoSource
from tests.sources.numbered import encode_numbered, number_in, numbered_picture
from tests.system_tools import requires

SIZE_WH = (160, 96)
posix_only = pytest.mark.skipif(os.name != "posix", reason="signals and limits of POSIX")


def record(path, pts_s, size_wh=SIZE_WH, fps=25.0, **options):
    with Recorder(path, size_wh, fps, **options) as recorder:
        for number, at_s in enumerate(pts_s):
            recorder.write(numbered_picture(number, size_wh), at_s)
    return path


def frames_in(path):
    with VideoSource(path) as source:
        return list(source)


def numbers_in(path):
    return [number_in(frame.image_bgr) for frame in frames_in(path)]


def probe(path, *entries, count=False):
    command = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-of", "json"]
    command += ["-count_frames"] * count + ["-show_entries", ":".join(entries), str(path)]
    return json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)


@pytest.mark.parametrize("suffix", [suffix for form in FORMATS if form.is_video for suffix in form.suffixes])
def test_every_frame_is_in_the_file_once_and_in_order(tmp_path, suffix):
    path = record(tmp_path / f"a{suffix}", [i / 25 for i in range(60)])
    assert numbers_in(path) == list(range(60))
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


RATES = [(25, 1), (30000, 1001), (24000, 1001), (30, 1), (60, 1), (12, 1), (1, 1)]


@requires("ffprobe")
@pytest.mark.parametrize("rate", RATES, ids=lambda rate: f"{rate[0]}-{rate[1]}")
def test_rate_and_length_and_times_are_the_sources(tmp_path, rate):
    count = 40
    interval = Fraction(rate[1], rate[0])
    source = encode_numbered(tmp_path / "in.mp4", [float(i * interval) for i in range(count)], fps=rate)
    with (
        VideoSource(source) as video,
        Recorder(tmp_path / "out.mp4", video.size_wh, video.fps) as recorder,
    ):
        for frame in video:
            recorder.write(frame.image_bgr, frame.pts_s)
    entries = ("stream=r_frame_rate,avg_frame_rate,duration,nb_read_frames", "format=duration")
    made = probe(tmp_path / "out.mp4", *entries, count=True)
    given = probe(source, *entries, count=True)
    exact = f"{rate[0]}/{rate[1]}"
    assert made["streams"][0]["r_frame_rate"] == made["streams"][0]["avg_frame_rate"] == exact
    assert made["streams"][0]["nb_read_frames"] == given["streams"][0]["nb_read_frames"] == str(count)
    for of in (made["streams"][0], made["format"]):
        assert float(of["duration"]) == pytest.approx(float(count * interval), abs=0.001)
    assert float(given["streams"][0]["duration"]) == pytest.approx(float(count * interval), abs=0.001)


@requires("ffprobe")
def test_times_rounded_to_milliseconds_give_back_the_exact_rate(tmp_path):
    pts_s = [round(i * 1001 / 30000, 3) for i in range(40)]
    stream = probe(record(tmp_path / "a.mp4", pts_s, fps=29.97), "stream=avg_frame_rate")["streams"][0]
    assert stream["avg_frame_rate"] == "30000/1001"


@pytest.mark.parametrize(
    ("fps", "rate"),
    [
        (25.0, (25, 1)),
        (29.97002997, (30000, 1001)),
        (29.97, (30000, 1001)),
        (23.97599, (24000, 1001)),
        (59.94, (60000, 1001)),
        (12.5, (25, 2)),
        (12.78688524590164, (780, 61)),
        (0.5, (1, 2)),
    ],
)
def test_a_rate_is_taken_for_what_it_stands_for(fps, rate):
    assert exact_rate(fps) == Fraction(*rate)


def test_a_time_that_is_no_number_is_a_clear_error(tmp_path):
    with (
        Recorder(tmp_path / "a.mp4", SIZE_WH, 25) as recorder,
        pytest.raises(ValueError, match="the time nan"),
    ):
        recorder.write(numbered_picture(0), float("nan"))


@requires("ffprobe")
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_variable_rate_keeps_its_times_to_the_millisecond(tmp_path, suffix):
    pts_s = [0.0, 0.0417, 0.05, 0.123, 0.5, 0.5334, 1.9, 1.901, 3.2]
    path = record(tmp_path / f"a{suffix}", pts_s)
    shown = [float(f["pts_time"]) for f in probe(path, "frame=pts_time")["frames"]]
    np.testing.assert_allclose(shown, pts_s, atol=0.001)
    assert numbers_in(path) == list(range(9))
    assert float(probe(path, "format=duration")["format"]["duration"]) == pytest.approx(3.24, abs=0.002)


@requires("ffprobe")
def test_times_count_from_the_first_frame_and_are_mended_where_they_do_not_rise(tmp_path):
    path = record(tmp_path / "a.mp4", [7.0, 7.04, 7.04, 7.02, 7.2])
    shown = [float(f["pts_time"]) for f in probe(path, "frame=pts_time")["frames"]]
    assert shown == sorted(set(shown))
    np.testing.assert_allclose(shown, [0, 0.04, 0.04, 0.04, 0.2], atol=0.001)
    assert numbers_in(path) == list(range(5))


@requires("ffprobe")
@pytest.mark.parametrize(
    ("size_wh", "pix_fmt"), [((161, 97), "yuv444p"), ((160, 97), "yuv444p"), ((160, 96), "yuv420p")]
)
def test_odd_sizes_are_kept(tmp_path, size_wh, pix_fmt):
    path = record(tmp_path / "a.mp4", [0, 0.04, 0.08], size_wh)
    stream = probe(path, "stream=width,height,pix_fmt")["streams"][0]
    assert (stream["width"], stream["height"], stream["pix_fmt"]) == (*size_wh, pix_fmt)
    assert numbers_in(path) == [0, 1, 2]


def test_odd_sizes_are_kept_in_webm_too(tmp_path):
    path = record(tmp_path / "a.webm", [0, 0.04], (161, 97))
    assert [frame.size_wh for frame in frames_in(path)] == [(161, 97)] * 2


@requires("ffprobe")
@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_colours_are_bt709_and_come_back(tmp_path, suffix):
    colours = [(30, 30, 220), (220, 40, 30), (64, 192, 16), (128, 128, 128), (255, 255, 255), (0, 0, 0)]
    with Recorder(tmp_path / f"a{suffix}", SIZE_WH, 25) as recorder:
        for i, colour in enumerate(colours):
            recorder.write(np.full((96, 160, 3), colour, np.uint8), i / 25)
    wanted = ("color_space", "color_range", "color_primaries", "color_transfer")
    stream = probe(recorder.path, f"stream={','.join(wanted)}")["streams"][0]
    assert [stream.get(name) for name in wanted] == ["bt709", "tv", "bt709", "bt709"]
    for frame, colour in zip(frames_in(recorder.path), colours, strict=True):
        np.testing.assert_allclose(frame.image_bgr[48, 80].astype(int), colour, atol=5)


def test_a_fast_sender_waits_and_nothing_is_dropped(tmp_path):
    size_wh, count = (1280, 720), 80  # 221 MB of frames: more than pipe and queue hold
    with Recorder(tmp_path / "a.mp4", size_wh, 25) as recorder:
        for number in range(count):
            recorder.write(numbered_picture(number, size_wh), number / 25)
        assert recorder.frames_written == count
    assert numbers_in(tmp_path / "a.mp4") == list(range(count))


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((96, 161, 3), np.uint8),
        np.zeros((96, 160), np.uint8),
        np.zeros((160, 96, 3), np.uint8),
        np.zeros((96, 160, 3), np.float32),
    ],
)
def test_a_frame_of_another_size_is_a_clear_error_and_the_file_goes_on(tmp_path, image):
    with Recorder(tmp_path / "a.mp4", SIZE_WH, 25) as recorder:
        recorder.write(numbered_picture(0), 0)
        with pytest.raises(ValueError, match=r"frame of .* given to a recording of 96x160x3 uint8"):
            recorder.write(image, 0.04)
        recorder.write(numbered_picture(1), 0.04)
    assert numbers_in(tmp_path / "a.mp4") == [0, 1]


def test_a_view_into_a_larger_picture_is_recorded_as_it_looks(tmp_path):
    large = np.dstack([numbered_picture(5, (320, 192))] * 1)
    with Recorder(tmp_path / "a.mp4", SIZE_WH, 25) as recorder:
        recorder.write(large[:96, :160], 0)
    assert numbers_in(tmp_path / "a.mp4") == [5]


def test_a_closed_recorder_takes_no_frames_and_closes_twice(tmp_path):
    recorder = Recorder(tmp_path / "a.mp4", SIZE_WH, 25)
    recorder.write(numbered_picture(0), 0)
    recorder.close()
    recorder.close()
    with pytest.raises(ValueError, match="is closed"):
        recorder.write(numbered_picture(1), 0.04)


def test_a_recording_without_frames_leaves_no_file(tmp_path):
    with Recorder(tmp_path / "a.mp4", SIZE_WH, 25):
        pass
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_is_refused_and_replaced_only_at_the_end(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"precious")
    with pytest.raises(UsageError, match=r"exists already.*--overwrite"):
        Recorder(path, SIZE_WH, 25)
    with Recorder(path, SIZE_WH, 25, overwrite=True) as recorder:
        recorder.write(numbered_picture(3), 0)
        assert path.read_bytes() == b"precious"
    assert numbers_in(path) == [3]


def test_the_leftover_of_a_killed_run_is_not_written_over(tmp_path):
    (tmp_path / "a.part.mp4").write_bytes(b"precious")
    with pytest.raises(UsageError, match=r"a\.part\.mp4 is left from a recording that was interrupted"):
        Recorder(tmp_path / "a.mp4", SIZE_WH, 25)
    assert (tmp_path / "a.part.mp4").read_bytes() == b"precious"


def test_a_name_taken_meanwhile_is_not_written_over(tmp_path):
    recorder = Recorder(tmp_path / "a.mp4", SIZE_WH, 25)
    recorder.write(numbered_picture(2), 0)
    (tmp_path / "a.mp4").write_bytes(b"precious")
    with pytest.raises(SinkError, match=r"made by another program.*a\.part\.mp4"):
        recorder.close()
    assert (tmp_path / "a.mp4").read_bytes() == b"precious"
    assert numbers_in(tmp_path / "a.part.mp4") == [2]


@pytest.mark.parametrize(
    ("name", "error", "says"),
    [
        ("a.avi", UsageError, r"name it with one of \.mp4"),
        ("a", UsageError, r"name it with one of \.mp4"),
        ("no/a.mp4", UsageError, "there is no folder"),
        ("folder.mp4", UsageError, "is a folder"),
    ],
)
def test_what_cannot_be_recorded_to_is_told_before_anything_starts(tmp_path, name, error, says):
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(error, match=says):
        check_recording_path(tmp_path / name)


def test_an_error_in_the_block_leaves_a_finished_file_and_goes_on_up(tmp_path):
    with pytest.raises(ZeroDivisionError), Recorder(tmp_path / "a.mp4", SIZE_WH, 25) as recorder:
        for number in range(30):
            recorder.write(numbered_picture(number), number / 25)
        _ = 1 / 0
    assert numbers_in(tmp_path / "a.mp4") == list(range(30))


@posix_only
def test_a_killed_encoder_is_one_line_and_its_file_plays(tmp_path):
    recorder = Recorder(tmp_path / "a.mp4", SIZE_WH, 25)
    for number in range(100):
        recorder.write(numbered_picture(number), number / 25)
    wait_for_growth(recorder.part)
    recorder._child.kill()
    before_s = time.monotonic()
    with pytest.raises(
        SinkError, match=r"killed by signal 9.*what was recorded so far plays: .*a\.part\.mp4"
    ) as caught:
        for number in range(100, 250):
            recorder.write(numbered_picture(number), number / 25)
    assert time.monotonic() - before_s < 2
    assert "\n" not in str(caught.value)
    recorder.close()
    kept = numbers_in(tmp_path / "a.part.mp4")
    assert kept == list(range(len(kept)))
    assert kept


def wait_for_growth(path: Path, beyond=3000):
    deadline_s = time.monotonic() + 20
    while path.stat().st_size < beyond and time.monotonic() < deadline_s:
        time.sleep(0.05)


def test_an_encoder_that_cannot_start_says_why(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    (tmp_path / "av.py").write_text("raise ImportError('libx264 is missing here')")
    with (
        pytest.raises(
            SinkError, match=r"exit code 1: ImportError: libx264 is missing here.*nothing was recorded"
        ),
        Recorder(tmp_path / "a.mp4", SIZE_WH, 25) as recorder,
    ):
        for number in range(100):
            recorder.write(numbered_picture(number), number / 25)
    assert not list(tmp_path.glob("*.mp4"))


# A program that records for ever, slowly; it says each frame that ``write`` has returned for.
ENDLESS = """
import sys, time
from heatcam.sinks.recorder import Recorder
from tests.sources.numbered import numbered_picture
try:
    with Recorder(sys.argv[1], (160, 96), 25) as recorder:
        print(recorder._child.pid, flush=True)
        for number in range(250):
            recorder.write(numbered_picture(number), number / 25)
            print(number, flush=True)
            time.sleep(0.01)
except KeyboardInterrupt:
    sys.exit(130)
"""


def start_endless(path):
    return subprocess.Popen(
        [sys.executable, "-c", ENDLESS, str(path)], stdout=subprocess.PIPE, text=True, start_new_session=True
    )


def read_until(process, number):
    """Until the program has said that it handed over frame ``number``; gives the encoder's process number."""
    encoder = int(process.stdout.readline())
    for line in process.stdout:
        if int(line) == number:
            return encoder
    return pytest.fail("it ended too early")


def wait_until_gone(pid: int):
    """The encoder finishes its file after its parent has gone; as an orphan it may stay a zombie."""
    deadline_s = time.monotonic() + 20
    while time.monotonic() < deadline_s:
        state = subprocess.run(
            ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        if state.stdout.strip()[:1] in ("", "Z"):
            return
        time.sleep(0.1)
    pytest.fail("the encoder does not end")


@posix_only
def test_ctrl_c_to_the_whole_process_group_leaves_a_finished_file(tmp_path):
    with start_endless(tmp_path / "a.mp4") as process:
        read_until(process, 40)
        os.killpg(process.pid, signal.SIGINT)
        said = [int(line) for line in process.stdout]
        assert process.wait(20) == 130
    last = said[-1] if said else 40
    kept = numbers_in(tmp_path / "a.mp4")
    assert kept == list(range(len(kept)))
    assert len(kept) in (last + 1, last + 2)
    assert not part_path(tmp_path / "a.mp4").exists()


@posix_only
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_sigkill_of_the_recording_program_keeps_every_frame_handed_over(tmp_path, suffix):
    with start_endless(tmp_path / f"a{suffix}") as process:
        encoder = read_until(process, 60)
        process.kill()
        said = [int(line) for line in process.stdout]
    wait_until_gone(encoder)
    kept = numbers_in(tmp_path / f"a.part{suffix}")
    last = said[-1] if said else 60
    assert kept == list(range(len(kept)))
    assert len(kept) >= last + 1


LIMITED = """
import resource, sys
from heatcam.errors import SinkError
from heatcam.sinks.recorder import Recorder
import numpy as np
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
noise = np.random.default_rng(0)
try:
    with Recorder(sys.argv[1], (320, 240), 25) as recorder:
        for number in range(2000):
            recorder.write(noise.integers(0, 255, (240, 320, 3), np.uint8), number / 25)
except SinkError as error:
    sys.stderr.write(f"{error}\\n")
    sys.exit(error.exit_code)
"""


@posix_only
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_full_disk_is_one_line_and_the_file_plays(tmp_path, suffix):
    """A limit on the size of files stands in for the disk: the encoder's writes fail the same way."""
    command = [sys.executable, "-c", LIMITED, str(tmp_path / f"a{suffix}")]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 1
    assert len(run.stderr.splitlines()) == 1
    assert f"what was recorded so far plays: {tmp_path}/a.part{suffix}" in run.stderr
    assert len(frames_in(tmp_path / f"a.part{suffix}")) > 3
    assert not (tmp_path / f"a{suffix}").exists()


def test_av_is_never_imported_beside_opencv(tmp_path):
    """``import av`` before the first ``cv2.imshow`` makes that hang for ever."""
    script = (
        "import sys; from tests.sinks.test_recorder import record; "
        f"record({str(tmp_path / 'a.mp4')!r}, [0, 0.04]); sys.exit('av' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], timeout=60, check=False).returncode == 0
    assert numbers_in(tmp_path / "a.mp4") == [0, 1]


def make_sound_video(path, audio, seconds=3, delay_s=0.0):
    """Video that is black but for a white flash at 1 s, with a beep at the same moment."""
    flash = f"color=black:s=160x96:r=25:d={seconds},drawbox=color=white:t=fill:enable='between(t,1,1.2)'"
    beep = f"sine=1000:r=48000:d={seconds},volume='between(t,1,1.2)':eval=frame"
    command = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", flash, "-f", "lavfi", "-i", beep]
    command += [
        "-c:v",
        "libx264",
        "-pix_fmt",
        "yuv420p",
        "-c:a",
        audio,
        "-output_ts_offset",
        str(delay_s),
        str(path),
    ]
    subprocess.run(command, check=True, timeout=60)
    return path


def beep_starts_at_s(path):
    command = [
        "ffmpeg",
        "-v",
        "error",
        "-i",
        str(path),
        "-map",
        "a:0",
        "-af",
        "aresample=async=1:first_pts=0",
    ]
    command += ["-f", "s16le", "-ac", "1", "-ar", "48000", "-"]
    samples = np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, np.int16)
    return float(np.argmax(np.abs(samples) > 1000)) / 48000


def flash_starts_at_s(path):
    return next(frame.pts_s for frame in frames_in(path) if frame.image_bgr.mean() > 128)


def copy_with_sound(source, target):
    with (
        VideoSource(source) as video,
        Recorder(target, video.size_wh, video.fps, audio_from=source) as recorder,
    ):
        for frame in video:
            recorder.write(frame.image_bgr, frame.pts_s)
    return recorder


@requires("ffmpeg", "ffprobe")
@pytest.mark.parametrize(
    ("audio", "source", "target"),
    [
        ("aac", "in.mp4", "out.mp4"),
        ("aac", "in.mkv", "out.mp4"),
        ("libopus", "in.mkv", "out.webm"),
        ("aac", "in.mp4", "out.mkv"),
    ],
)
@pytest.mark.parametrize("delay_s", [0.0, 5.0])
def test_sound_is_carried_over_in_step_with_the_picture(tmp_path, audio, source, target, delay_s):
    path = make_sound_video(tmp_path / source, audio, delay_s=delay_s)
    recorder = copy_with_sound(path, tmp_path / target)
    assert recorder.note == ""
    codec = subprocess.run(
        [
            "ffprobe",
            "-v",
            "error",
            "-select_streams",
            "a",
            "-show_entries",
            "stream=codec_name",
            "-of",
            "csv=p=0",
            recorder.path,
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert codec == audio.removeprefix("lib")
    assert len(frames_in(recorder.path)) == 75
    assert flash_starts_at_s(recorder.path) == pytest.approx(1.0, abs=0.002)
    assert beep_starts_at_s(recorder.path) == pytest.approx(1.0, abs=0.02)


@requires("ffmpeg")
def test_sound_that_the_container_cannot_hold_is_left_out_and_said(tmp_path):
    path = make_sound_video(tmp_path / "in.mkv", "aac")
    recorder = copy_with_sound(path, tmp_path / "out.webm")
    assert "no sound" in recorder.note
    assert len(frames_in(recorder.path)) == 75


@requires("ffprobe")
def test_sound_stops_where_the_frames_stop(tmp_path):
    path = make_sound_video(tmp_path / "in.mp4", "aac", seconds=6)
    with Recorder(tmp_path / "out.mp4", SIZE_WH, 25, audio_from=path) as recorder:
        for number in range(25):
            recorder.write(numbered_picture(number), number / 25)
    assert float(probe(recorder.path, "format=duration")["format"]["duration"]) == pytest.approx(1, abs=0.03)


def test_a_source_without_sound_is_no_error(tmp_path):
    silent = encode_numbered(tmp_path / "in.mp4", [0, 0.04, 0.08])
    recorder = copy_with_sound(silent, tmp_path / "out.mp4")
    assert recorder.note == ""
    assert cv2.VideoCapture(str(recorder.path)).isOpened()
