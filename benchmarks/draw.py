"""How long the overlay takes, per stage and in all: ``python benchmarks/draw.py``.

Six objects whose boxes cover half of the picture, a stride-8 map, box scaling, boxes, labels, colour bar and top line.
Median and interquartile range after a warm-up, and the minimum, which is the figure to compare on a busy machine. The
picture is touched between two runs, as a new frame would be: the stages do not find it in the cache by themselves.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from rich.console import Console
from rich.table import Table

from heatcam.commands.options import MotionOptions
from heatcam.enums import Colormap, Renorm
from heatcam.frames import Detections, Explanation, Frame, SaliencyMap
from heatcam.geometry import Letterbox
from heatcam.measures.scales import scales_of
from heatcam.overlay import OverlayOptions, Status, draw
from heatcam.overlay.blend import blend
from heatcam.overlay.drawing import draw_marks
from heatcam.overlay.heat import heat_of
from heatcam.overlay.legend import legend_of
from heatcam.smoothing.smoother import Smoother

SIZES = ((640, 480), (1280, 720), (3840, 2160))
WARM_UP, RUNS = 5, 60
BOXES = (
    (0.02, 0.12, 0.26, 0.92),
    (0.22, 0.33, 0.40, 0.95),
    (0.45, 0.08, 0.92, 0.55),
    (0.60, 0.66, 0.68, 0.80),
    (0.76, 0.62, 0.95, 0.86),
    (0.31, 0.06, 0.40, 0.24),
)
NAMES = ("person", "person", "bus", "dog", "bicycle", "traffic light")
STATUS = Status("HEATMAP", 23.4, 31.0, 4.0, message="recording")


def scene(size_wh: tuple[int, int]) -> Explanation:
    """Seeded: noise as picture, and in each box a few soft spots of evidence over weak noise as the map."""
    rng = np.random.default_rng(0)
    width, height = size_wh
    letterbox = Letterbox.fit(size_wh, 640)
    boxes = np.array(BOXES, np.float32) * np.array([width, height, width, height], np.float32)
    rows, columns = np.mgrid[0 : letterbox.model_wh[1] : 8, 0 : letterbox.model_wh[0] : 8]
    values = rng.normal(0, 0.05, rows.shape)
    for x1, y1, x2, y2 in letterbox.boxes_to_model(boxes):
        for _ in range(5):
            x, y, reach = rng.uniform(x1, x2), rng.uniform(y1, y2), (x2 - x1 + y2 - y1) / 12
            values += rng.uniform(0.3, 1) * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * reach**2))
    detections = Detections(
        boxes, np.linspace(0.9, 0.3, 6, dtype=np.float32), np.array([0, 0, 5, 16, 1, 9]), np.arange(6), NAMES
    )
    picture = rng.integers(0, 256, (height, width, 3), np.uint8)
    saliency = SaliencyMap(values.astype(np.float32), letterbox, "live", "15:C2f")
    return Explanation(Frame(picture, 0, 0.0, 0.0), detections, saliency)


def milliseconds(stage: Callable[[], object], between: Callable[[], object]) -> tuple[float, float, float]:
    """Minimum, median and interquartile range of one stage, in milliseconds."""
    taken = []
    for _ in range(WARM_UP + RUNS):
        between()
        start = time.perf_counter()
        stage()
        taken.append(1e3 * (time.perf_counter() - start))
    low, middle, high = np.percentile(taken[WARM_UP:], [25, 50, 75])
    return min(taken[WARM_UP:]), float(middle), float(high - low)


def stages_of(seen: Explanation, saliency: SaliencyMap) -> dict[str, Callable[[], object]]:
    """The three stages and the whole, and what steadies the heat in video before them, ready to run."""
    options, canvas = OverlayOptions(), seen.frame.image_bgr.copy()
    boxes = seen.detections.boxes_xyxy
    heat = heat_of(saliency, boxes, Renorm.BOX)
    legend = legend_of(saliency, Renorm.BOX, scales_of(saliency, boxes, Renorm.BOX))
    smoother = Smoother(MotionOptions().smooth, Renorm.BOX)
    return {
        "steady": lambda: smoother.smooth(seen),
        "tone": lambda: heat_of(saliency, boxes, Renorm.BOX),
        "blend": lambda: blend(canvas, heat, Colormap.TURBO, options.alpha),
        "marks": lambda: draw_marks(canvas, seen, options, STATUS, legend),
        "draw": lambda: draw(seen, options, STATUS),
    }


def main() -> None:
    """Measure and print the table."""
    table = Table("picture", "stage", title="the overlay, six objects, milliseconds")
    for heading in ("median", "IQR", "minimum"):
        table.add_column(heading, justify="right")
    for size in SIZES:
        seen = scene(size)
        if seen.saliency is None:
            raise SystemExit("the scene has no map")
        for name, stage in stages_of(seen, seen.saliency).items():
            least, middle, spread = milliseconds(stage, seen.frame.image_bgr.sum)
            table.add_row(f"{size[0]}x{size[1]}", name, *(f"{ms:.2f}" for ms in (middle, spread, least)))
        table.add_section()
    Console().print(table)


if __name__ == "__main__":
    main()
