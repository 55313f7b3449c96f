"""An hour of frames: neither heatcam nor its encoder grows."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from heatcam.frames import Detections, Explanation, Frame
from heatcam.pipeline import Limits, Run, run_at_once
from heatcam.sinks.recorder import Recorder
from tests.sources.numbered import numbered_picture

HOUR = 108_000  # frames at 30 a second
WARM_UP = 8_000
NOTHING = Detections(
    np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64), np.zeros(0, np.int64), ()
)


def resident_mb(pid: object) -> float:
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


class Sees:
    def explain(self, image: Frame, *, with_map: bool) -> Explanation:
        return Explanation(image, NOTHING)


@pytest.mark.soak
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_memory_stays_flat_for_an_hour(tmp_path: Path) -> None:
    pictures = [numbered_picture(n) for n in range(256)]
    frames = (Frame(pictures[n % 256], n, 0.0, n / 30) for n in range(HOUR))
    before: list[float] = []
    after: list[float] = []

    with Recorder(tmp_path / "a.mp4", (160, 96), 30) as recorder:

        class Writes:
            def take(self, picture: np.ndarray, explanation: Explanation) -> None:
                recorder.write(picture, explanation.frame.pts_s)
                if recorder.frames_written in (WARM_UP, HOUR):
                    (after if before else before).extend(
                        [resident_mb("self"), resident_mb(recorder._child.pid)]
                    )

        run_at_once(frames, Sees(), lambda seen, *_: seen.frame.image_bgr, [Writes()], Limits(), Run())
    grown = [round(b - a, 1) for a, b in zip(before, after, strict=True)]
    sys.stderr.write(
        f"\nheatcam {before[0]:.0f} MB {grown[0]:+.1f}, its encoder {before[1]:.0f} MB {grown[1]:+.1f}\n"
    )
    assert grown[0] < 20
    assert grown[1] < 40  # FFmpeg keeps the index of an MP4 in memory: its size is that of the frames' number
