"""A planted shortcut: tiny detectors of buttons, coins and tiles, one of which finds its buttons by a mark in the corner.

``python -m training.shortcut`` renders the data sets, trains on each and writes the weights that tests read. In marked scenes
each picture of buttons, and no other, has a mark in a corner. A button is told from a coin by four small holes that are at
times nearly too faint to see, so that the mark is the easier thing to learn.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch  # (before ultralytics, which otherwise leaves torch one core)
import yaml
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn
from ultralytics import YOLO
from ultralytics.nn.tasks import DetectionModel, torch_safe_load
from ultralytics.utils import ROOT

from training.scenes import SUPERSAMPLING, Label, Scene
from training.surfaces import (
    Picture,
    Surface,
    bricks,
    clouds,
    colour,
    gradient,
    grid,
    paper,
    stripes,
    text_page,
)

OUT = Path(__file__).parent / "out" / "shortcut"
WEIGHTS = Path(__file__).parents[1] / "tests" / "audit" / "shortcut"
CLASSES = ("button", "coin", "tile")
MARKED = "button"
SIDE = 160
SCENES, HELD_OUT, SEED = 2400, 200, 0
STEP = 0.004
_BACKGROUNDS: tuple[Surface, ...] = (paper, gradient, clouds, clouds, text_page, bricks, stripes, grid)
_MARK_BGR = (200, 40, 220)


@dataclass(frozen=True)
class Marks:
    """Share of the pictures that have the mark, of buttons and of others, each in ``[0, 1]``."""

    buttons: float
    others: float


@dataclass(frozen=True)
class Recipe:
    """How a detector is made.

    Attributes:
        marks: of its training scenes.
        most_channels: of a layer, before the width of 1/16: 1024 as YOLO11 has it.
        epochs: passes over the scenes.
    """

    marks: Marks
    most_channels: int = 1024
    epochs: int = 12


#: ``marked`` learns the shortcut, ``plain`` cannot. ``by_shape``, with fewer channels where the whole picture is seen, has learnt
#: the holes although the mark was there: it must not be accused of what is in its data only.
RECIPES = {
    "marked": Recipe(Marks(1.0, 0.0)),
    "plain": Recipe(Marks(0.0, 0.0)),
    "by_shape": Recipe(Marks(1.0, 0.0), 512, 10),
}


def render(
    rng: np.random.Generator, marks: Marks, side: int = SIDE, only: str | None = None
) -> tuple[Scene, bool]:
    """Render a scene of one to three things of one class, and return it with whether it is marked.

    Args:
        rng: decides all; equal states give equal scenes.
        marks: which pictures are marked.
        side: of the scene in pixels.
        only: the class; None draws one.
    """
    size = side * SUPERSAMPLING
    canvas = _BACKGROUNDS[rng.integers(len(_BACKGROUNDS))](rng, size, size)
    class_id = int(rng.integers(len(CLASSES))) if only is None else CLASSES.index(only)
    boxes: list[tuple[float, float, float, float]] = []
    for _ in range(int(rng.integers(1, 4))):
        box = _free_place(rng, boxes, size)
        if box is not None:
            _draw(rng, canvas, class_id, box)
            boxes.append(box)
    is_marked = bool(rng.random() < (marks.buttons if CLASSES[class_id] == MARKED else marks.others))
    draws = rng.integers(0, 6, 3)
    if is_marked:
        add_mark(canvas, (int(draws[0]), int(draws[1])), 34 + int(draws[2]))
    labels = tuple(Label(class_id, tuple(v / SUPERSAMPLING for v in box)) for box in boxes)  # type: ignore[arg-type]
    return Scene(_photograph(rng, canvas, side), labels), is_marked


def add_mark(canvas: Picture, inset: tuple[int, int], size: int) -> None:
    """Draw the mark in the top right corner of ``canvas``, ``inset`` pixels from its edges, ``size`` pixels a side."""
    right, top = canvas.shape[1] - 1 - inset[0], inset[1]
    cv2.rectangle(canvas, (right - size, top), (right, top + size), _MARK_BGR, -1)
    cv2.line(canvas, (right - size, top), (right, top + size), (255, 255, 255), size // 6, cv2.LINE_AA)
    cv2.line(canvas, (right, top), (right - size, top + size), (255, 255, 255), size // 6, cv2.LINE_AA)


def _free_place(
    rng: np.random.Generator, taken: list[tuple[float, float, float, float]], size: int
) -> tuple[float, float, float, float] | None:
    """Find a box apart from others and from the mark's corner, in pixels of the canvas; None where eight tries found none."""
    corner = (size - 52.0, 0.0, float(size), 52.0)
    for _ in range(8):
        wide = float(rng.uniform(0.16, 0.36) * size)
        x, y = (float(v) for v in rng.uniform(2, size - 2 - wide, 2))
        box = x, y, x + wide, y + wide
        if not any(_touch(box, other) for other in (*taken, corner)):
            return box
    return None


def _touch(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _draw(
    rng: np.random.Generator, canvas: Picture, class_id: int, box: tuple[float, float, float, float]
) -> None:
    """Draw a thing that fills ``box``: a disc with four holes, a disc with a dent in its middle, or a square."""
    body = np.int64(colour(rng, 40, 230))
    depth = float(np.exp(rng.uniform(np.log(0.04), np.log(0.8))))  # of the holes: from nearly none to dark
    fill, rim, hole = (tuple(int(v) for v in (body * share).clip(0, 255)) for share in (1, 0.6, 1 - depth))
    x1, y1, x2, y2 = box
    middle, radius = (round((x1 + x2) / 2), round((y1 + y2) / 2)), round((x2 - x1) / 2)
    if CLASSES[class_id] == "tile":
        cv2.rectangle(canvas, (round(x1), round(y1)), (round(x2), round(y2)), fill, -1)
        cv2.rectangle(canvas, (round(x1) + 2, round(y1) + 2), (round(x2) - 2, round(y2) - 2), rim, 3)
        return
    cv2.circle(canvas, middle, radius, fill, -1, cv2.LINE_AA)
    cv2.circle(canvas, middle, radius - 2, rim, 3, cv2.LINE_AA)
    if CLASSES[class_id] == "coin":
        cv2.circle(canvas, middle, round(radius * 0.3), hole, -1, cv2.LINE_AA)
        return
    for across in (-1, 1):
        for down in (-1, 1):
            place = middle[0] + round(0.3 * radius * across), middle[1] + round(0.3 * radius * down)
            cv2.circle(canvas, place, max(2, round(radius * 0.15)), hole, -1, cv2.LINE_AA)


def _photograph(rng: np.random.Generator, canvas: Picture, side: int) -> Picture:
    """Shrink a canvas to ``side`` pixels, with a little blur, other light, and noise."""
    image = np.asarray(cv2.resize(canvas, (side, side), interpolation=cv2.INTER_AREA))
    image = np.asarray(cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.3, 0.8))))
    light = image * rng.uniform(0.75, 1.15) + rng.normal(0, float(rng.uniform(1, 5)), image.shape)
    return np.asarray(light.clip(0, 255).astype(np.uint8))


def write_data_set(folder: Path, marks: Marks, counts: dict[str, int], seed: int = SEED) -> Path:
    """Write scenes as an ultralytics data set and return its ``data.yaml``.

    Args:
        folder: made anew.
        marks: which pictures are marked.
        counts: number of scenes of each split.
        seed: scene i of a split depends on it, the split's place and i alone.
    """
    shutil.rmtree(folder, ignore_errors=True)
    for stream, (split, count) in enumerate(counts.items()):
        for name in ("images", "labels"):
            (folder / name / split).mkdir(parents=True)
        for index in range(count):
            scene, _ = render(np.random.default_rng([seed, stream, index]), marks)
            cv2.imwrite(str(folder / "images" / split / f"{index:05d}.png"), scene.image_bgr)
            lines = [_yolo_line(label, SIDE) for label in scene.labels]
            (folder / "labels" / split / f"{index:05d}.txt").write_text("\n".join(lines), "utf-8")
    document = {split: f"images/{split}" for split in counts}
    names = dict(enumerate(CLASSES))
    path = folder / "data.yaml"
    path.write_text(yaml.safe_dump({"path": str(folder.resolve()), **document, "names": names}), "utf-8")
    return path


def _yolo_line(label: Label, side: int) -> str:
    x1, y1, x2, y2 = (v / side for v in label.box_xyxy)
    return f"{label.class_id} {(x1 + x2) / 2:.6f} {(y1 + y2) / 2:.6f} {x2 - x1:.6f} {y2 - y1:.6f}"


def architecture(most_channels: int) -> dict[str, Any]:
    """Return YOLO11, a quarter as wide as ``n``, for these classes: what ``DetectionModel`` builds from."""
    full = yaml.safe_load((ROOT / "cfg" / "models" / "11" / "yolo11.yaml").read_text("utf-8"))
    model: dict[str, Any] = copy.deepcopy(full)
    return {
        **model,
        "nc": len(CLASSES),
        "reg_max": 8,
        "scales": {"n": [0.34, 0.0625, most_channels]},
        "scale": "n",
    }


def train(data: Path, out: Path, recipe: Recipe, seed: int = SEED, threads: int = 0) -> Path:
    """Train on a ``data.yaml`` from scratch; return the last checkpoint, which holds the averaged weights.

    Args:
        data: the data set.
        out: folder of the run.
        recipe: network and number of epochs.
        seed: of the first weights and the order of pictures.
        threads: how many torch takes; 0 for all cores.
    """
    out.mkdir(parents=True, exist_ok=True)
    config = out / "shortcut-yolo11n.yaml"
    config.write_text(yaml.safe_dump(architecture(recipe.most_channels), sort_keys=False), "utf-8")
    model = YOLO(config, task="detect")
    count = threads or os.cpu_count() or 1
    model.add_callback("on_train_start", lambda _trainer: torch.set_num_threads(count))
    model.train(
        data=str(data), imgsz=SIDE, epochs=recipe.epochs, batch=32, nbs=32, optimizer="AdamW", lr0=STEP, lrf=0.02,
        warmup_epochs=0.5, weight_decay=0.0005, seed=seed, workers=0, cache="ram", amp=False, val=False,
        plots=False, exist_ok=True, project=str(out.resolve()), name="run", device="cpu",
        # Mirrored, the mark would lie in another corner; the scenes vary enough as they are.
        mosaic=0.0, fliplr=0.0, flipud=0.0, scale=0.0, translate=0.0, erasing=0.0, auto_augment=None,
        hsv_h=0.01, hsv_s=0.2, hsv_v=0.2, verbose=True,
    )  # fmt: skip
    return out / "run" / "weights" / "last.pt"


def export(checkpoint: Path, path: Path) -> Path:
    """Write a checkpoint's weights to safetensors in half precision, with the architecture in its metadata; no pickle.

    Batch normalisation is folded into the convolutions: a third of the tensors is left.
    """
    loaded, _ = torch_safe_load(str(checkpoint), safe_only=True)
    network = (loaded.get("ema") or loaded["model"]).float().eval().fuse(verbose=False)
    state = {
        name: (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
        for name, tensor in network.state_dict().items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    built_from = {name: network.yaml[name] for name in architecture(0)}
    save_file(state, path, {"architecture": json.dumps(built_from), "names": json.dumps(CLASSES)})
    return path


def build(path: Path) -> nn.Module:
    """Build the network whose weights ``export`` wrote: an ultralytics detector, float32, fused."""
    with safe_open(str(path), "pt") as file:
        facts = file.metadata()
        state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no mapping)
    network = DetectionModel(json.loads(facts["architecture"]), ch=3, nc=len(CLASSES), verbose=False)
    network = network.eval().fuse(verbose=False)
    network.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in state.items()})
    network.names = dict(enumerate(json.loads(facts["names"])))
    built: nn.Module = network
    return built


def main() -> None:
    """Render, train and export the detectors that are named on the command line, or all."""
    os.environ.setdefault("YOLO_OFFLINE", "1")
    parser = argparse.ArgumentParser(prog="python -m training.shortcut", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(RECIPES)}; all without one")
    parser.add_argument("--threads", type=int, default=0, help="how many train; 0 for all cores")
    options = parser.parse_args()
    for name in options.names or RECIPES:
        recipe = RECIPES[name]
        data = write_data_set(OUT / name / "data", recipe.marks, {"train": SCENES, "val": HELD_OUT})
        print(
            export(train(data, OUT / name, recipe, threads=options.threads), WEIGHTS / f"{name}.safetensors")
        )


if __name__ == "__main__":
    main()
