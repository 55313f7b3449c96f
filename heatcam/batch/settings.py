"""Settings of a run that change its result, by name: a run is gone on with by the same ones only."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
from dataclasses import asdict
from pathlib import Path
from typing import Any

from heatcam import __version__
from heatcam.batch.inputs import InputList
from heatcam.batch.plan import BatchPlan
from heatcam.batch.ranges import Shard
from heatcam.models import WORDS, find_checkpoint, official


def head_of(plan: BatchPlan, inputs: InputList, shard: Shard, chunk: int) -> dict[str, Any]:
    """Return the first line of a manifest: all that changes the result, by the names of the options, and a digest of it.

    Device, processes and streams are not among it: a run may go on elsewhere.
    """
    asked = {name: value for name, value in asdict(plan.options).items() if name != "pictures"}
    settings = {
        "heatcam": __version__,
        "model": plan.model,
        "trust": list(plan.trust),
        "model_sha256": "" if plan.model in WORDS else official.sha256_of(find_checkpoint(plan.model)),
        **asked,
        "prompt": hashlib.sha256(pickle.dumps(plan.prompt)).hexdigest() if plan.prompt else "",
        "maps": plan.maps.value,
        "pictures": plan.pictures,
        "look": {name: str(value) for name, value in asdict(plan.look).items()} if plan.pictures else {},
        "chunk": chunk,
        "current_folder": _current_folder(inputs),
        "inputs": {"file": inputs.path.name, "count": inputs.count, "inputs_sha256": inputs.sha256},
        "shard": str(shard),
    }
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
    return {"settings": settings, "settings_sha256": digest}


def _current_folder(inputs: InputList) -> str:
    """Return the folder that relative paths are of; "" where the first path is an absolute one."""
    first = next(inputs.between(0, 1))
    return "" if Path(first.tar or first.path).is_absolute() else os.fspath(Path.cwd())
