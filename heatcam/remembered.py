"""What was measured once on this machine: small JSON files in the cache folder. Losing one is no error, only time.

Everything that is kept between runs (calibrations, proofs, speeds, converted networks) is kept under ``CACHE_VERSION``. Raise it
when the code behind such a number changes what comes out: ``tests/test_cache_version.py`` fails until somebody has decided that.
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)

#: Of the code that makes what is remembered. 2: maps and proofs of explicit versions, no longer of files' bytes.
CACHE_VERSION = 2


def recall(path: Path) -> dict[str, Any]:
    """What was measured before; nothing where the file is missing or spoiled."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def remember(path: Path, known: dict[str, Any]) -> None:
    """Write ``known``, whole or not at all; a folder that cannot be written to is no error."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}.part")
        draft.write_text(json.dumps(known, indent=1) + "\n", "utf-8")
        draft.replace(path)
    except OSError as error:
        logger.debug("%s was not written: %s", path, error)
