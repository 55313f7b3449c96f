"""How steady the heat is in video: ``python benchmarks/flicker.py demo clip.mp4 --model yolov8n.pt``.

Flicker (``heatcam.evaluation.flicker``) of each object's heat: scaled from its least to its most in every frame, as is usual
(min-max); by heatcam's percentile (raw); and smoothed with ``--smooth``. The demo scene is seen by its own model, through a noisy
camera. Then every object's left half is covered from one frame to the next, and it is counted how many frames that needs to show.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from rich.console import Console
from rich.table import Table

from heatcam.commands.options import MotionOptions
from heatcam.enums import Renorm
from heatcam.evaluation.flicker import (
    HeatFrame,
    Motion,
    flicker_of,
    frames_until_shown,
    motion_between,
)
from heatcam.frames import Explanation, Frame
from heatcam.geometry import Uint8Array
from heatcam.measures.matching import OverlapTracks
from heatcam.options import ExplainOptions
from heatcam.overlay.heat import heat_of
from heatcam.saliency.explainer import Explainer
from heatcam.saliency.factory import build_explainer
from heatcam.smoothing.smoother import Smoother
from heatcam.sources.opening import open_source

NOISE_SIGMA = 6.0  # of 255, added to the demo scene: a cheap camera in the evening
COVERED_AFTER, WATCHED = 10, 8  # frames before the cover comes, and from then on
COVER_GREY = 114

#: From one explanation after another to the heat that is shown.
Show = Callable[[Explanation], Uint8Array]


def min_max(seen: Explanation) -> Uint8Array:
    """Each box from its least to its most evidence, in every frame anew; where boxes overlap the larger heat."""
    heat = np.zeros(seen.frame.image_bgr.shape[:2], np.uint8)
    if seen.saliency is None:
        return heat
    values = np.maximum(seen.saliency.values, 0)
    height, width = values.shape
    model_wh = seen.saliency.letterbox.model_wh
    cells = seen.saliency.letterbox.boxes_to_model(seen.detections.boxes_xyxy)
    cells = cells / (np.array([*model_wh, *model_wh]) / (width, height, width, height))
    for box, (x1, y1, x2, y2) in zip(seen.detections.boxes_xyxy, cells, strict=True):
        inside = values[int(y1) : int(np.ceil(y2)), int(x1) : int(np.ceil(x2))]
        if inside.size and np.ptp(inside) > 0:
            risen = replace(seen.saliency, values=values - inside.min())
            np.maximum(heat, heat_of(risen, box[None], Renorm.BOX, scales=[float(np.ptp(inside))]), out=heat)
    return heat


def smoothed(smooth: float) -> Show:
    """What ``--smooth`` shows of one stream; 0 is raw."""
    smoother = Smoother(smooth, Renorm.BOX)

    def show(seen: Explanation) -> Uint8Array:
        shown = smoother.smooth(seen)
        if shown.explanation.saliency is None:
            return np.zeros(seen.frame.image_bgr.shape[:2], np.uint8)
        boxes = seen.detections.boxes_xyxy
        return heat_of(shown.explanation.saliency, boxes, Renorm.BOX, (), shown.scales)

    return show


def ways(smooth: float) -> dict[str, Callable[[], Show]]:
    """What is compared, by name; each makes a fresh start."""
    shares = sorted({0.5, smooth})
    return {"min-max": lambda: min_max, "raw": lambda: smoothed(0)} | {
        f"--smooth {share:g}": lambda share=share: smoothed(share) for share in shares
    }


def seen_of(spec: str, explainer: Explainer, first: int, count: int) -> list[Explanation]:
    """Some of a stream's frames, explained; the demo's are noisy."""
    rng, seen = np.random.default_rng(0), []
    with open_source(spec) as source:
        for frame in itertools.islice(source, first, first + count):
            noise = rng.normal(0, NOISE_SIGMA, frame.image_bgr.shape) if spec == "demo" else 0
            picture = np.clip(frame.image_bgr + noise, 0, 255).round().astype(np.uint8)
            seen.append(explainer.explain(replace(frame, image_bgr=picture)))
    return seen


def motions_of(seen: Sequence[Explanation]) -> list[Motion]:
    """The motion between each two frames."""
    pictures = [one.frame.image_bgr for one in seen]
    return [motion_between(before, now) for before, now in itertools.pairwise(pictures)]


def flicker_with(show: Show, seen: Sequence[Explanation], motions: Sequence[Motion]) -> dict[int, float]:
    """The flicker of each object, shown in one way."""
    tracks, frames = OverlapTracks(), []
    for one in seen:
        numbers = tracks.ids_of(one.detections)
        frames.append(HeatFrame(show(one), dict(zip(numbers, one.detections.boxes_xyxy, strict=True))))
    return flicker_of(frames, motions)


def covered(seen: Sequence[Explanation], explainer: Explainer) -> list[Explanation]:
    """A still of the first frame whose objects have their left halves covered after ``COVERED_AFTER`` frames."""
    still = seen[0].frame.image_bgr
    cover = still.copy()
    for x1, y1, x2, y2 in seen[0].detections.boxes_xyxy.astype(int):
        cover[y1:y2, x1 : (x1 + x2) // 2] = COVER_GREY
    rng, found = np.random.default_rng(1), []
    for n in range(COVERED_AFTER + WATCHED):
        picture = cover if n >= COVERED_AFTER else still
        noisy = np.clip(picture + rng.normal(0, NOISE_SIGMA / 2, picture.shape), 0, 255).round()
        found.append(explainer.explain(Frame(noisy.astype(np.uint8), n, n / 30, n / 30)))
    return found


def steps_with(make: Callable[[], Show], seen: Sequence[Explanation]) -> int | None:
    """How many frames the cover needs to show."""
    show, raw = make(), make()
    heats = [show(one).astype(np.float32) for one in seen]
    was = np.mean(heats[COVERED_AFTER - 5 : COVERED_AFTER], axis=0)
    fresh = [raw(one).astype(np.float32) for one in seen[COVERED_AFTER:]]  # begun after it: what it leads to
    return frames_until_shown(heats[COVERED_AFTER:], was, np.mean(fresh, axis=0))


def main() -> None:
    """Measure and print the table."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("sources", nargs="+", help="'demo' or a video")
    asked.add_argument("--model", default="markers", help="for videos")
    asked.add_argument("--first", type=int, default=0, help="frame to begin with")
    asked.add_argument("--frames", type=int, default=60)
    asked.add_argument("--smooth", type=float, default=MotionOptions().smooth)
    given = asked.parse_args()
    table = Table("source", "objects", "heat", "flicker", "of min-max", "frames to a change")
    for spec in given.sources:
        model = "markers" if spec == "demo" else given.model
        explainer = build_explainer(model, None, ExplainOptions(backend="torch"))
        seen = seen_of(spec, explainer, given.first, given.frames)
        motions, changed, usual = motions_of(seen), covered(seen, explainer), 0.0
        for name, make in ways(given.smooth).items():
            each = flicker_with(make(), seen, motions)
            mean = float(np.mean(list(each.values())))
            usual = usual or mean
            steps = steps_with(make, changed)
            table.add_row(spec, str(len(each)), name, f"{mean:.3f}", f"{mean / usual:.2f}", str(steps or "-"))
        table.add_section()
    Console().print(table)


if __name__ == "__main__":
    main()
