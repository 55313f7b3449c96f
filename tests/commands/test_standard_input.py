"""Other programs' frames through a real pipe into the program."""

import subprocess
import sys

from tests.commands.programs import probe
from tests.system_tools import requires


def record_from(film, *options):
    program = [sys.executable, "-m", "heatcam", "record", "-", "--backend", "torch", *options]
    writer = subprocess.Popen(film, stdout=subprocess.PIPE)
    result = subprocess.run(
        program, stdin=writer.stdout, capture_output=True, text=True, check=False, timeout=180
    )
    writer.stdout.close()
    writer.wait(10)
    return result


@requires("ffmpeg")
def test_raw_frames_through_a_pipe_become_a_film_and_a_cut_one_is_said(tmp_path):
    film = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=s=160x96:r=12:d=1"]
    film += ["-f", "rawvideo", "-pix_fmt", "bgr24", "-"]
    out = tmp_path / "out.mp4"
    result = record_from(
        ["sh", "-c", f"{' '.join(film)} | head -c {160 * 96 * 3 * 8 + 100}"],
        *("--size", "160x96", "--fps", "12", "-o", str(out)),
    )
    assert result.returncode == 1, result.stderr
    assert "standard input ended in the middle of a frame; 8 frames could be decoded" in result.stderr
    shown = probe(out)
    assert (shown["width"], shown["height"], shown["nb_read_frames"], shown["r_frame_rate"]) == (
        160,
        96,
        "8",
        "12/1",
    )
