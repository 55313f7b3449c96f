"""``python -m training`` makes the embedded model: render, train, export, evaluate. Each step also runs by itself."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

OUT = Path(__file__).parent / "out"
IMGSZ = 320
SCENES, HELD_OUT, SEED = 9000, 500, 0
ROUNDS = [5, 10]
STEP = 0.002


def main() -> None:
    """Read the command line and run the steps asked for."""
    os.environ.setdefault("YOLO_OFFLINE", "1")
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument(
        "step", nargs="?", choices=["all", "render", "train", "export", "evaluate"], default="all"
    )
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--scenes", type=int, default=SCENES, help="training scenes to render")
    parser.add_argument("--epochs", type=int, nargs="+", default=ROUNDS, help="epochs of each round")
    parser.add_argument("--step-size", type=float, default=STEP, help="largest step size")
    parser.add_argument("--start", type=Path, help="a checkpoint whose weights the first round begins with")
    options = parser.parse_args()
    wanted = ("render", "train", "export", "evaluate") if options.step == "all" else (options.step,)
    for step in wanted:
        _run(step, options)


def _run(step: str, options: argparse.Namespace) -> None:
    if step == "render":
        from training.dataset import render_dataset

        render_dataset(OUT / "dataset", "train", options.scenes, options.seed, IMGSZ)
        render_dataset(OUT / "dataset", "held-out", HELD_OUT, options.seed, IMGSZ)
    elif step == "train":
        from training.fitting import train

        print(
            train(
                OUT / "dataset" / "data.yaml",
                OUT,
                options.epochs,
                options.seed,
                IMGSZ,
                options.step_size,
                options.start,
            )
        )
    elif step == "export":
        from training.exporting import export

        facts = {"seed": options.seed, "scenes": options.scenes, "epochs": options.epochs}
        print(export(OUT / "run" / "weights" / "last.pt", IMGSZ, facts))
    else:
        from training.measuring import evaluate

        evaluate(OUT / "dataset", IMGSZ)


if __name__ == "__main__":
    main()
