"""The operating point: class biases moved so that heatcam's default confidence is where F1 is highest on held-out scenes."""

from __future__ import annotations

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
from training.exporting import EMBEDDED
from training.measuring import TABLE_CONFIDENCE, Judged, judge_scenes, match

CANDIDATES = np.round(np.arange(0.05, 0.96, 0.05), 2)
_CLASS_BIAS = re.compile(r"model\.\d+\.cv3\.\d+\.2\.bias")


def best_confidence(scenes: Sequence[Judged]) -> float:
    """Return the confidence, of ``CANDIDATES``, above which boxes have the highest F1 at IoU 0.5."""
    hits = np.concatenate([match(scene)[:, 0] for scene in scenes])
    confidences = np.concatenate([scene.found.confidences for scene in scenes])
    wanted = sum(len(scene.truth.class_ids) for scene in scenes)

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
