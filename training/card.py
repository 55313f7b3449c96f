"""The model card, written from the numbers that were measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from safetensors.numpy import load

from training.exporting import EMBEDDED

_TEXT = """\
# markers: the detector that comes with heatcam

Finds five kinds of machine-readable markers in a picture, as upright boxes around the printed pattern: `qr-code`, `barcode`
(EAN-13, EAN-8, Code 128), `data-matrix`, `aruco` (ArUco and AprilTag) and `chessboard` (calibration boards). It finds them;
it does not decode them. It is there so that heatcam works at once, without a network, on things that lie on every desk.

| | |
|---|---|
| architecture | YOLO11 of ultralytics, depth x {depth}, width x {width}, trained from scratch |
| input | {imgsz} px, letterboxed |
| parameters | {parameters:,}, stored in half precision: {megabytes:.1f} MB of safetensors, no pickle |
| files | `markers.safetensors`, `markers.json` (architecture, class names, SHA-256, these numbers) |
| licence | AGPL-3.0-or-later, because the code that trained it is (ultralytics) |

## Data

{scenes:,} rendered scenes of {imgsz} x {imgsz} pixels, 0 to 6 markers each; no photograph of a real marker. Backgrounds are
{seen} photographs from installed packages, text pages, textures and gradients; into them are laid things cut out of their
background ({cutouts} fruits, coins, animals, tools), cards with markers and cards without (keyboards, stripes, grids, crosswords,
tables, bricks, dots). The camera adds perspective up to some 50
degrees, uneven light, shadows, glare, blur, motion, noise and JPEG compression; some markers are partly covered, tinted or
inverted. One scene in five has no marker. Photographs are read when training runs; none is stored in this project.

Held out: {held_out_scenes} scenes with {held_out_markers} markers over {unseen} photographs that training never saw, among
them all of ultralytics' and scikit-image's. Their markers and rendered surfaces come from the same code and other random numbers.

## Training

ultralytics {ultralytics}, torch {torch}, CPU, {epochs} epochs, seed {seed}; averaged weights (EMA) of the last epoch. Everything
again: `python -m training`. Only the numbers below: `python -m training evaluate`.

## How good

**mAP50 {map50:.3f}**, mAP50-95 {map50_95:.3f} on the held-out scenes, measured through `heatcam.load("markers")`.

{ap_table}

Found (confidence 0.25, IoU 0.5, right class) of all, by the longer side of the marker's box in the {imgsz} px scene:

{size_table}

Taken for what (confidence 0.25, IoU 0.5); the row `nothing` counts boxes on things that are no marker:

{confusion_table}

**False detections at confidence 0.5 on {judged} photographs without markers** (bus.jpg and zidane.jpg of ultralytics, the
photographs and textures of scikit-image): **{alarms}**. The surest on each:

{photograph_table}

On {demo_frames} frames of the demo scene (1280 x 720): {demo_found} of {demo_markers} markers found, {demo_false} boxes too many.

## Limits

* Rendered data only. Real prints that are crumpled, curved around a bottle, on shiny metal or engraved are rarer here than in
  life.
* A marker whose longer side is below some 15 to 25 px in the {imgsz} px input is often missed: hold it nearer, or give
  `--imgsz 640`.
* Of linear codes only EAN-13, EAN-8 and Code 128 were shown; others often look alike and are found, without promise. PDF417,
  Aztec and ChArUco boards were not shown at all.
* Random cells, crosswords and checked cloth can be taken for codes or boards at low confidence.
"""


def write_card(facts: dict[str, Any], weights: bytes) -> Path:
    """``CARD.md`` beside the weights, from the contents of ``markers.json`` and of the weights; returns its path."""
    metrics, made = facts["metrics"], facts["trained_with"]
    depth, width, _ = facts["architecture"]["scales"][facts["architecture"]["scale"]]
    photographs, demo = metrics["photographs"], metrics["demo_scene"]
    text = _TEXT.format(
        **{name: made[name] for name in ("scenes", "seed", "ultralytics", "torch")},
        epochs=" + ".join(str(epochs) for epochs in made["epochs"]),
        **{name: metrics[name] for name in ("map50", "map50_95", "held_out_scenes", "held_out_markers")},
        imgsz=facts["imgsz"],
        depth=depth,
        width=width,
        parameters=_count_parameters(weights),
        megabytes=len(weights) / 1e6,
        seen=photographs["trained_on"],
        cutouts=photographs["cutouts"],
        unseen=photographs["held_out"],
        ap_table=_ap_table(metrics),
        size_table=_size_table(metrics["recall_by_size"]),
        confusion_table=_confusion_table(metrics["confusion"]),
        judged=photographs["judged"],
        alarms=photographs["alarms_at_0.5"],
        photograph_table=_table(
            ["photograph", "class", "confidence"],
            [
                [name, kind or "none", f"{confidence:.2f}"]
                for name, (kind, confidence) in photographs["surest"].items()
            ],
        ),
        demo_frames=demo["frames"],
        demo_found=demo["found"],
        demo_markers=demo["markers"],
        demo_false=demo["false"],
    )
    path = EMBEDDED / "CARD.md"
    path.write_text(text, "utf-8")
    return path


def _count_parameters(weights: bytes) -> int:
    """Numbers that were learned: all but the statistics of batch normalisation."""
    statistics = ("running_mean", "running_var", "num_batches_tracked")
    return sum(array.size for name, array in load(weights).items() if not name.endswith(statistics))


def _ap_table(metrics: dict[str, Any]) -> str:
    rows = [
        [name, f"{value:.3f}", f"{metrics['ap50_95'][name]:.3f}"] for name, value in metrics["ap50"].items()
    ]
    return _table(["class", "AP50", "AP50-95"], rows)


def _size_table(table: dict[str, dict[str, list[int]]]) -> str:
    rows = [[name, *(f"{found} / {all_}" for found, all_ in row.values())] for name, row in table.items()]
    return _table(["class", "small (below 32 px)", "medium (32 to 96)", "large (96 and more)"], rows)


def _confusion_table(table: dict[str, dict[str, int]]) -> str:
    columns = list(next(iter(table.values())))
    rows = [[name, *map(str, row.values())] for name, row in table.items()]
    return _table(["true, taken for:", *columns], rows)


def _table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
