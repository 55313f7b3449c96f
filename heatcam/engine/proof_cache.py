"""Passed gradient checks, remembered in the cache folder: the same weights on the same processor need no second one.

Only torch's are remembered. A compiled network is checked at every start, because it is read from a file.
"""

from __future__ import annotations

import hashlib
import logging
from typing import Any

from torch import Tensor

from heatcam.engine.candidate_engine import CandidateEngine
from heatcam.engine.fingerprint import hash_of, runs_on, versions
from heatcam.engine.gradient_check import require_gradient
from heatcam.engine.gradients import GradientEngine
from heatcam.engine.passes import TorchPasses
from heatcam.engine.verification import verify
from heatcam.runtime import cache_dir, recall, remember_entry, say_doing

logger = logging.getLogger(__name__)
PROOFS_FILE = "proofs.json"


def prove_once(engine: GradientEngine, picture: Tensor) -> None:
    """Run ``require_gradient`` and ``verify``, unless both passed before; an engine that fell back is checked at every start.

    Args:
        engine: the engine to check; changed where it falls back.
        picture: float ``(1, 3, H, W)``, best a real one.

    Raises:
        ModelError: a layer lets no gradient through; the message names it.
    """
    path = cache_dir() / PROOFS_FILE
    asked = engine.passes.name, engine.passes.tolerance, tuple(picture.shape)
    key = engine_key(engine, *asked) if isinstance(engine.passes, TorchPasses) else ""
    known = recall(path) if key else {}
    if known.get(key) == _ways(engine):
        logger.info("the gradient was proved before: the same weights, versions and processor")
        return
    before = _ways(engine)
    say_doing("proving the gradient")
    require_gradient(engine.cut)
    worst = verify(engine, picture)
    logger.info(
        "the gradient differs from dense autograd by %.1e at most, relative to its largest value", worst
    )
    if key and _ways(engine) == before:
        remember_entry(path, known, key, before)


def _ways(engine: GradientEngine) -> list[object]:
    """Return the engine's fast paths; a check that fails changes one."""
    return [engine.passes.name, engine.uses_patches, engine.reader.reads_cells]


def engine_key(engine: GradientEngine, *asked: object) -> str:
    """Return the key of a result: weights, taps, target, what it was ``asked`` for, versions and hardware, hashed."""
    own = hash_of(engine.cut.network), engine.cut.tapped, engine.cut.head.end2end, repr(engine.target)
    return _hashed(*own, *asked, *versions(), runs_on(engine.device))


def candidate_key(engine: CandidateEngine[Any], *asked: object) -> str:
    """Return the same for an engine whose candidates have logits of their own."""
    own = hash_of(engine.cut.network), engine.target_layer
    return _hashed(*own, *asked, *versions(), runs_on(engine.device))


def _hashed(*parts: object) -> str:
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:32]
