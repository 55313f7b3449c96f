"""torchvision's compiled suppression of overlapping boxes, without the rest of torchvision.

``import torchvision`` brings models and datasets, and with them torch's compiler: it takes longer than torch itself (2.0 of 6.0 s
of a ``snapshot`` of one picture). The library that holds the operator loads in milliseconds.
"""

from __future__ import annotations

import importlib.util
import logging
from functools import cache
from pathlib import Path

import torch
from ultralytics.utils.nms import TorchNMS

logger = logging.getLogger(__name__)

_LIBRARIES = "_C_stable.*", "_C.*"  # (the first from 0.27 on)


@cache
def give_ultralytics_compiled_nms() -> None:
    """Let ``non_max_suppression`` run torchvision's operator, as it does by itself where torchvision is imported.

    Without it ultralytics loops over boxes in Python: slow for thousands of weak ones, different for boxes without an area.
    """
    try:
        torch.ops.load_library(str(_library()))  # type: ignore[no-untyped-call]
        TorchNMS.nms = staticmethod(torch.ops.torchvision.nms)
    except (
        StopIteration,
        OSError,
        AttributeError,
        RuntimeError,
    ):  # packed in another way: take the slow import
        logger.debug("torchvision's operators cannot be loaded alone", exc_info=True)
        import torchvision  # noqa: F401, PLC0415


def _library() -> Path:
    """Find the file of torchvision's operators.

    Raises:
        StopIteration: there is no file by these names.
    """
    found = importlib.util.find_spec("torchvision")
    folders = [Path(folder) for folder in (found and found.submodule_search_locations) or ()]
    return next(path for folder in folders for name in _LIBRARIES for path in sorted(folder.glob(name)))
