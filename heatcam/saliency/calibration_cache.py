"""The calibration of one explainer: measured at its first start, remembered in the cache folder from then on."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from typing import Any

from heatcam.engine import GradientEngine, candidate_key, engine_key
from heatcam.geometry import Uint8Array
from heatcam.runtime import cache_dir, recall, remember_entry, say_doing
from heatcam.saliency.calibration import measure
from heatcam.saliency.explainer import Calibration, Explainer
from heatcam.saliency.methods import METHODS

logger = logging.getLogger(__name__)

CALIBRATIONS_FILE = "calibrations.json"


def calibrate(explainer: Explainer, pictures: Callable[[], Sequence[Uint8Array]]) -> float:
    """Give ``explainer`` its calibration, from the cache or by measuring.

    Args:
        explainer: changed in place. Classifiers stay as they are, and networks that read other pictures than colour and grey
            ones: nobody has photographs of theirs to measure on, so that low evidence is not known.
        pictures: makes the pictures to measure on, uint8 ``(H, W, 3)`` BGR; called only when there is something to measure.

    Returns:
        Seconds that measuring took; 0 when it was remembered.
    """
    key = _key(explainer) if explainer.engine.channels in (1, 3) else ""
    if not key:
        return 0.0
    path = cache_dir() / CALIBRATIONS_FILE
    known = recall(path)
    found = _read(known.get(key))
    if found is not None:
        logger.info("calibration: remembered (low evidence up to %s)", found.floor)
        explainer.calibration = found
        return 0.0
    say_doing("measuring the threshold of low evidence")
    started = time.perf_counter()
    explainer.calibration = measure(explainer, pictures())
    logger.info("calibration: measured (low evidence up to %s)", explainer.calibration.floor)
    remember_entry(path, known, key, [explainer.calibration.floor, explainer.calibration.full_heat])
    return time.perf_counter() - started


def _read(entry: Any) -> Calibration | None:
    """Read a stored calibration; None for anything that is not one."""
    fine = isinstance(entry, list) and len(entry) == 2
    if not fine or not all(n is None or (type(n) in (int, float) and not math.isnan(n)) for n in entry):
        return None
    floor, full_heat = entry  # (a floor may be infinite)
    return None if full_heat in (math.inf, -math.inf) else Calibration(floor, full_heat)


def _key(explainer: Explainer) -> str:
    """Return the key of a calibration: see ``engine_key``. The pictures' size is not part of it. "" where none can be made."""
    asked = explainer.method, explainer.imgsz, explainer.thresholds.conf
    anchored: GradientEngine | None = explainer.engine.anchored()
    if anchored is not None:
        return engine_key(anchored, *asked, anchored.passes.tolerance)
    engine = explainer.engine.by_candidate() if METHODS[explainer.method].is_evidence else None
    return "" if engine is None else candidate_key(engine, *asked)
