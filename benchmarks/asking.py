"""Cost of an answer about a place beside a live frame: ``python -m benchmarks.asking PHOTO MODEL``, such as a COCO yolov8n.

Frame and answer are timed in turn, on the explainer that the window has for a stream; so is the answer with its evidence, which a
paused frame gets.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import heatcam
from heatcam.frames import Explanation
from heatcam.live.answering import Answering
from heatcam.live.explain_request import ExplainRequest
from heatcam.live.questions import AskedBox, Questions
from heatcam.saliency import Prober
from heatcam.sources import read_picture


def main() -> None:
    """Print medians and ranges in milliseconds."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("photo", type=Path)
    asked.add_argument("model")
    asked.add_argument("--rounds", type=int, default=20)
    given = asked.parse_args()
    image = read_picture(given.photo)
    explainer = heatcam.load(given.model).explainer
    answering = Answering(lambda _: Prober(explainer))
    wide, tall = image.shape[1], image.shape[0]
    questions = Questions(place=AskedBox((wide * 0.3, tall * 0.3, wide * 0.6, tall * 0.7)))
    found = explainer.explain(image)
    steps: dict[str, Callable[[], object]] = {
        "frame without a map": lambda: explainer.explain(image, with_map=False),
        "frame with its map": lambda: explainer.explain(image),
        "answer": lambda: _answered(answering, found, ExplainRequest(questions=questions)),
        "answer with evidence": lambda: _answered(
            answering, found, ExplainRequest(questions=questions, with_evidence=True)
        ),
    }
    took: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(given.rounds + 2):
        for name, step in steps.items():
            started = time.perf_counter()
            step()
            if number >= 2:  # (the first are slower)
                took[name].append(1e3 * (time.perf_counter() - started))
    print(f"{explainer.title} on {explainer.engine.name}, {wide}x{tall}")
    for name, times in took.items():
        print(f"{name:22} {statistics.median(times):6.1f} ms  ({min(times):.1f} to {max(times):.1f})")


def _answered(answering: Answering, found: Explanation, request: ExplainRequest) -> None:
    reply = answering(found, request).place
    assert reply is not None and not reply.reason, reply


if __name__ == "__main__":
    main()
