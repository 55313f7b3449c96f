"""Whether ``heatcam record`` is as fast as its slowest stage: ``python benchmarks/record.py CLIP MODEL.pt``.

Interleaved, round after round: decoding alone, explaining alone, painting alone, encoding alone, one after the other, and all at
once. Alone means that nothing else runs: each stage then has every core to itself, and torch, OpenVINO and x264 use them all. So
where the model keeps the cores busy, all at once cannot be as fast as the slowest stage alone: the others take their share of
the same cores. The last line says how busy they were.
"""

from __future__ import annotations

import argparse
import itertools
import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from heatcam.commands.options import LookOptions
from heatcam.commands.setup import caption_of, painter
from heatcam.enums import DEFAULT_SMOOTH, Backend
from heatcam.frames import Explanation
from heatcam.geometry import Uint8Array
from heatcam.options import ExplainOptions
from heatcam.pipeline import Limits, Run, run_at_once, run_pipeline
from heatcam.saliency.explainer import Explainer
from heatcam.saliency.factory import build_explainer
from heatcam.sinks.recorder import Recorder
from heatcam.sources.opening import open_source

KEPT = 32  # frames, explanations and pictures that the stages alone go through again and again


class Writes:
    """A sink that records."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def take(self, picture: Uint8Array, explanation: Explanation) -> None:
        self._recorder.write(picture, explanation.frame.frame_index / 30)


class Bench:
    """The stages of one clip with one model, each alone and together.

    Args:
        clip: the video.
        explainer: the model.
        count: frames a round.
        folder: for what is recorded.
    """

    def __init__(self, clip: str, explainer: Explainer, count: int, folder: Path) -> None:
        self._clip, self._explainer, self._count, self._folder = clip, explainer, count, folder
        with open_source(clip) as source:
            self._frames = list(itertools.islice(source, min(KEPT, count)))
        self._seen = [explainer.explain(frame) for frame in self._frames]
        paint = self._painter()
        self._pictures = [paint(seen) for seen in self._seen]
        self._size_wh = self._frames[0].size_wh

    def decode(self) -> None:
        """Reading alone."""
        with open_source(self._clip) as source:
            assert sum(1 for _ in itertools.islice(source, self._count)) == self._count

    def explain(self) -> None:
        """The model alone."""
        for frame in itertools.islice(itertools.cycle(self._frames), self._count):
            self._explainer.explain(frame)

    def paint(self) -> None:
        """Steadying and drawing alone."""
        paint = self._painter()
        for seen in itertools.islice(itertools.cycle(self._seen), self._count):
            paint(seen)

    def encode(self) -> None:
        """The recorder alone, its start and end included."""
        with self._recorder() as recorder:
            for n, picture in enumerate(itertools.islice(itertools.cycle(self._pictures), self._count)):
                recorder.write(picture, n / 30)

    def together(self, go: Callable[..., None]) -> None:
        """The whole of ``heatcam record``, without its start."""
        with self._recorder() as recorder, open_source(self._clip) as source:
            paint = painter(LookOptions(), caption_of(self._explainer), DEFAULT_SMOOTH)
            go(source, self._explainer, paint, [Writes(recorder)], Limits(self._count), Run())

    def _painter(self) -> Callable[[Explanation], Uint8Array]:
        paint, run = painter(LookOptions(), caption_of(self._explainer), DEFAULT_SMOOTH), Run()
        return lambda seen: paint(seen, run)

    def _recorder(self) -> Recorder:
        return Recorder(self._folder / "out.mp4", self._size_wh, 30, overwrite=True)


def cpu_s() -> float:
    """Processor time of this process and the children that have ended, in seconds."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def timed(stage: Callable[[], None]) -> tuple[float, float]:
    """Wall clock and processor time of one round, in seconds."""
    began_s, began_cpu_s = time.perf_counter(), cpu_s()
    stage()
    return time.perf_counter() - began_s, cpu_s() - began_cpu_s


def main() -> None:
    """Measure and print the table."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("clip")
    asked.add_argument("model", nargs="?", default="markers")
    asked.add_argument("--backend", default="auto", choices=[b.value for b in Backend])
    asked.add_argument("--frames", type=int, default=100, help="a round; the clip has to hold so many")
    asked.add_argument("--rounds", type=int, default=5)
    given = asked.parse_args()
    explainer = build_explainer(given.model, None, ExplainOptions(backend=given.backend))
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(given.clip, explainer, given.frames, Path(folder))
        stages: dict[str, Callable[[], None]] = {
            "decode alone": bench.decode,
            "explain alone": bench.explain,
            "paint alone": bench.paint,
            "encode alone": bench.encode,
            "one after the other": lambda: bench.together(run_pipeline),
            "all at once": lambda: bench.together(run_at_once),
        }
        took: dict[str, list[tuple[float, float]]] = {name: [] for name in stages}
        order = list(stages)
        for n in range(given.rounds + 1):  # the first does not count
            for name in order[n % len(order) :] + order[: n % len(order)]:
                measured = timed(stages[name])
                if n:
                    took[name].append(measured)
    report(took, given.frames, explainer)


def report(took: dict[str, list[tuple[float, float]]], frames: int, explainer: Explainer) -> None:
    """The table, and the two lines below it."""
    wall = {name: median(each[0] for each in rounds) / frames * 1e3 for name, rounds in took.items()}
    busy = {name: median(each[1] for each in rounds) / frames * 1e3 for name, rounds in took.items()}
    title = f"{explainer.title}, {explainer.engine.name}, {os.cpu_count()} cores"
    table = Table("stage", "ms a frame (median)", "frames/s", "processor ms a frame", title=title)
    for name in took:
        table.add_row(name, f"{wall[name]:.1f}", f"{1e3 / wall[name]:.1f}", f"{busy[name]:.1f}")
    console = Console()
    console.print(table)
    slowest = max((name for name in took if name.endswith("alone")), key=lambda name: wall[name])
    ratios = [alone[0] / both[0] for alone, both in zip(took[slowest], took["all at once"], strict=True)]
    console.print(
        f"all at once runs at {median(ratios):.2f} of the rate of the slowest stage ({slowest}); "
        f"rounds {', '.join(f'{ratio:.2f}' for ratio in ratios)}"
    )
    needed = sum(busy[name] for name in took if name.endswith("alone"))
    share = needed / (os.cpu_count() or 1) / wall["all at once"]
    console.print(f"the stages' processor time alone fills {share:.0%} of what the cores have in that time")


if __name__ == "__main__":
    main()
