"""``python -m training`` makes the embedded model: render, train, export, balance, evaluate. Each step also runs by itself."""

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
    os.environ.setdefault("YOLO_VERBOSE", "1")
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument(
        "step",
        nargs="?",
        choices=["all", "render", "mine", "train", "export", "balance", "evaluate"],
        default="all",
    )
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument(
        "--scenes",
        type=int,
        default=SCENES,
        help="training scenes to render, or scenes to look through when mining",
    )
    parser.add_argument("--epochs", type=int, nargs="+", default=ROUNDS, help="epochs of each round")
    parser.add_argument("--step-size", type=float, default=STEP, help="largest step size")
    parser.add_argument(
        "--start", help="what the first round begins with: a checkpoint, or `markers`, the shipped weights"
    )
    parser.add_argument(
        "--emphasis", choices=["usual", "mending"], default="usual", help="what the scenes show more of"
    )
    parser.add_argument("--processes", type=int, default=2, help="how many render")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="how many train")
    parser.add_argument(
        "--watch",
        metavar="PICTURES",
        help="a picture, folder or glob: film strips of their heat over the epochs of the last round, in out/run/heatcam",
    )
    options = parser.parse_args()
    wanted = (
        ("render", "train", "export", "balance", "evaluate") if options.step == "all" else (options.step,)
    )
    for step in wanted:
        _run(step, options)


def _run(step: str, options: argparse.Namespace) -> None:
    if step == "render":
        from training.dataset import EMPHASES, render_dataset

        folder, emphasis = OUT / "dataset", EMPHASES[options.emphasis]
        render_dataset(folder, "train", options.scenes, options.seed, IMGSZ, emphasis, options.processes)
        # The same whatever the round, so that rounds can be compared
        render_dataset(folder, "held-out", HELD_OUT, SEED, IMGSZ, processes=options.processes)
    elif step == "mine":
        from training.mining import mine

        print(mine(OUT / "dataset", options.scenes, options.seed, IMGSZ))
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
                options.threads,
                options.watch,
            )
        )
    elif step == "export":
        from training.exporting import export

        facts = {"seed": options.seed, "scenes": options.scenes, "epochs": options.epochs}
        print(export(OUT / "run" / "weights" / "last.pt", IMGSZ, facts))
    elif step == "balance":
        from training.operating_point import balance

        print(balance(OUT / "dataset", IMGSZ))
    else:
        from training.measuring import evaluate

        evaluate(OUT / "dataset", IMGSZ)


if __name__ == "__main__":
    main()
