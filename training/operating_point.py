"""The operating point: class biases moved so that heatcam's default confidence is where F1 is highest on held-out scenes.

``python -m training.operating_point SCENES --class NAME -o FILE.pt`` does it for one class, into a file of its own.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load, save

import heatcam
from heatcam.models import embedded
from training.exporting import EMBEDDED
from training.measuring import TABLE_CONFIDENCE, Judged, judge_scenes, match

CANDIDATES = np.round(np.arange(0.05, 0.96, 0.05), 2)
_CLASS_BIAS = re.compile(r"model\.\d+\.cv3\.\d+\.2\.bias")


def best_confidence(scenes: Sequence[Judged], class_id: int | None = None) -> float:
    """Return the confidence, of ``CANDIDATES``, above which boxes, of one class or of all, have the highest F1 at IoU 0.5."""
    found = np.concatenate([scene.found.class_ids for scene in scenes])
    truth = np.concatenate([scene.truth.class_ids for scene in scenes])
    asked = np.ones(len(found), bool) if class_id is None else found == class_id
    hits = np.concatenate([match(scene)[:, 0] for scene in scenes])[asked]
    confidences = np.concatenate([scene.found.confidences for scene in scenes])[asked]
    wanted = len(truth) if class_id is None else int((truth == class_id).sum())

    def f1(least: float) -> float:
        kept = confidences >= least
        return 2 * int((hits & kept).sum()) / (int(kept.sum()) + wanted)

    return float(max(CANDIDATES, key=f1))


def with_class_logits_moved(weights: bytes, by: float) -> bytes:
    """Return safetensors in which every class logit of a YOLO detect head is higher by ``by``.

    Raises:
        ValueError: the weights have no class branch.
    """
    state = load(weights)
    biases = [name for name in state if _CLASS_BIAS.fullmatch(name)]
    if not biases:
        raise ValueError("no biases of a class branch in these weights")
    for name in biases:
        state[name] = (state[name].float() + by).to(torch.half)
    return save(state)


def balance(dataset: Path, imgsz: int) -> str:
    """Move the shipped weights to their operating point; return how far. Numbers and card are then those of ``evaluate``."""
    scenes = judge_scenes(heatcam.load("markers", imgsz=imgsz, conf=0.001).explainer, dataset)
    best = best_confidence(scenes)
    by = _logit(TABLE_CONFIDENCE) - _logit(best)
    weights = with_class_logits_moved((EMBEDDED / "markers.safetensors").read_bytes(), by)
    path = EMBEDDED / "markers.json"
    facts = json.loads(path.read_text("utf-8"))
    moved = round(facts["trained_with"].get("class_logits_moved_by", 0.0) + by, 4)
    facts["trained_with"]["class_logits_moved_by"] = moved
    facts["sha256"] = hashlib.sha256(weights).hexdigest()
    (EMBEDDED / "markers.safetensors").write_bytes(weights)
    path.write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
    return f"F1 was highest at {best}: class logits moved by {by:+.3f}"


def _logit(probability: float) -> float:
    return math.log(probability / (1 - probability))


def balance_class(dataset: Path, class_name: str, imgsz: int, out: Path) -> str:
    """Write the shipped model with one class at its operating point as a checkpoint; return how far its logit was moved."""
    scenes = judge_scenes(heatcam.load("markers", imgsz=imgsz, conf=0.001).explainer, dataset)
    network = embedded.build()[0]
    class_id = {name: number for number, name in network.names.items()}[class_name]
    best = best_confidence(scenes, class_id)
    by = _logit(TABLE_CONFIDENCE) - _logit(best)
    with torch.no_grad():
        for name, bias in network.named_parameters():
            if _CLASS_BIAS.fullmatch(name):
                bias[class_id] += by
    torch.save({"model": network, "train_args": {"imgsz": imgsz}}, out)
    return f"F1 of {class_name} was highest at {best}: its logit moved by {by:+.3f}"


def main() -> None:
    """Read the command line and write the model."""
    parser = argparse.ArgumentParser(prog="python -m training.operating_point", description=__doc__)
    parser.add_argument("scenes", type=Path, help="a folder that training.dataset wrote")
    parser.add_argument("--class", dest="class_name", required=True)
    parser.add_argument("-o", "--out", type=Path, required=True)
    options = parser.parse_args()
    print(balance_class(options.scenes, options.class_name, 320, options.out))


if __name__ == "__main__":
    main()
