"""Rendered scenes on disk, in the layout that ultralytics trains from.

``python -m training.dataset FOLDER`` writes held-out ones with a ``data.yaml``, to try ``heatcam audit`` on.
"""

from __future__ import annotations

import argparse
import json
import shutil
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache, partial
from pathlib import Path

import cv2
import numpy as np

from heatcam.sources.demo.markers import MARKER_CLASSES
from training.cutouts import held_out_cutouts, read_cutout, training_cutouts
from training.leaves import read_crown, training_crowns
from training.photographs import held_out_photographs, read_photograph, training_photographs
from training.scenes import MENDING, USUAL, Emphasis, render_scene
from training.surfaces import Picture

PHOTOGRAPHS = {"train": training_photographs, "held-out": held_out_photographs}
CUTOUTS = {"train": training_cutouts, "held-out": held_out_cutouts}
EMPHASES = {"usual": USUAL, "mending": MENDING}
_STREAM = {"train": 1, "held-out": 2}


def render_dataset(
    folder: Path,
    split: str,
    count: int,
    seed: int,
    side: int,
    emphasis: Emphasis = USUAL,
    processes: int = 2,
) -> None:
    """Render ``count`` scenes of one split into ``folder/images`` and ``folder/labels``.

    Scene i depends on ``seed``, ``emphasis`` and i alone.
    """
    for name in ("images", "labels"):
        shutil.rmtree(folder / name / split, ignore_errors=True)
        (folder / name / split).mkdir(parents=True)
    chunks = [range(start, min(start + 250, count)) for start in range(0, count, 250)]
    with ProcessPoolExecutor(processes) as pool:
        for done in pool.map(partial(_render_chunk, folder, split, seed, side, emphasis), chunks):
            print(f"rendered {done + 1} of {count} {split} scenes", flush=True)
    (folder / "data.yaml").write_text(
        json.dumps(  # JSON is YAML
            {
                "path": str(folder.resolve()),
                "train": "images/train",
                "val": "images/held-out",
                "names": dict(enumerate(MARKER_CLASSES)),
            }
        )
    )


def _render_chunk(folder: Path, split: str, seed: int, side: int, emphasis: Emphasis, indices: range) -> int:
    cv2.setNumThreads(1)
    photographs, cutouts = stock(split)
    crowns = [read_crown(path) for path in training_crowns()] if split == "train" else []
    for index in indices:
        rng = np.random.default_rng([seed, _STREAM[split], index])
        scene = render_scene(rng, photographs, side, cutouts, emphasis, crowns)
        # PNG: the scene has its compression already
        cv2.imwrite(
            str(folder / "images" / split / f"{index:06d}.png"),
            scene.image_bgr,
            [cv2.IMWRITE_PNG_COMPRESSION, 1],
        )
        lines = [_yolo_line(label.class_id, label.box_xyxy, side) for label in scene.labels]
        (folder / "labels" / split / f"{index:06d}.txt").write_text("\n".join(lines))
    return indices[-1]


@lru_cache(maxsize=1)
def stock(split: str) -> tuple[list[Picture], list[Picture]]:
    """The photographs (BGR) and cutouts (BGRA) of ``train`` or ``held-out``, read once a process."""
    return [read_photograph(path) for path in PHOTOGRAPHS[split]()], [
        read_cutout(path) for path in CUTOUTS[split]()
    ]


def _yolo_line(class_id: int, box: tuple[float, float, float, float], side: int) -> str:
    """``class x y w h`` with the centre and size as shares of the picture."""
    x1, y1, x2, y2 = (v / side for v in box)
    return f"{class_id} {(x1 + x2) / 2:.6f} {(y1 + y2) / 2:.6f} {x2 - x1:.6f} {y2 - y1:.6f}"


def main() -> None:
    """Read the command line and render scenes that the shipped model was not trained on."""
    parser = argparse.ArgumentParser(prog="python -m training.dataset", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scenes", type=int, default=300)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    render_dataset(options.folder, "held-out", options.scenes, options.seed, 320)


if __name__ == "__main__":
    main()
