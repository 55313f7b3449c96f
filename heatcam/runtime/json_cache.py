"""Reading and writing of heatcam's own small JSON files: settings, and results measured once, in the cache folder.

Losing one costs only time: a damaged one is renamed, reported once, and made again.

Everything that is kept between runs (calibrations, proofs, speeds, converted networks) is kept under ``CACHE_VERSION``. Raise it
when the code behind such a result changes it: ``tests/test_cache_version.py`` fails until somebody has decided that.
"""

from __future__ import annotations

import json
import logging
import stat
from pathlib import Path
from typing import Any

from heatcam.runtime.atomic_write import write_atomically

logger = logging.getLogger(__name__)

#: Version of the code that makes the cached results. 5: live and fine maps hold gates, and evidence is judged by
#: plain gradients.
CACHE_VERSION = 5

MOST_BYTES = 16 << 20  # a hundred times the size of any so far
MOST_ENTRIES = 300  # of one file, the newest
ASIDE = ".damaged"


class DamagedFileError(ValueError):
    """A file of ours with other content than was written, or one that cannot be read; ``str()`` gives the reason."""


def read_object(path: Path) -> dict[str, Any]:
    """Read the JSON object in one of our files.

    Raises:
        FileNotFoundError: the file does not exist.
        DamagedFileError: it is no plain file, cannot be read, is huge, or holds no JSON object.
    """
    try:
        found = json.loads(_bytes_of(path).decode("utf-8-sig"))
    except FileNotFoundError:
        raise
    except RecursionError:
        raise DamagedFileError("it is nested too deep") from None
    except UnicodeDecodeError:
        raise DamagedFileError("it is no text") from None
    except OSError as error:
        raise DamagedFileError(error.strerror or type(error).__name__) from error
    except (ValueError, MemoryError) as error:
        raise DamagedFileError(str(error) or "it is no JSON") from error
    if not isinstance(found, dict):
        raise DamagedFileError("it holds no JSON object")
    return found


def recall(path: Path) -> dict[str, Any]:
    """Read one of our files; return {} if it is missing or damaged, and rename a damaged one with a warning."""
    try:
        return read_object(path)
    except FileNotFoundError:
        return {}
    except DamagedFileError as error:
        put_aside(path, str(error))
        return {}


def put_aside(path: Path, why: str) -> None:
    """Rename a damaged file to ``name.damaged``, so that it can be inspected and made again, with one warning."""
    aside = path.with_name(path.name + ASIDE)
    try:
        path.replace(aside)
    except OSError:
        logger.warning("%s cannot be used (%s): going on without it", path, why)
        return
    logger.warning("%s was damaged (%s) and is called %s now: starting anew", path, why, aside.name)


def remember(path: Path, known: dict[str, Any]) -> None:
    """Write ``known`` to a file, whole or not at all; a folder that cannot be written to is no error."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, (json.dumps(known, indent=1) + "\n").encode())
    except OSError as error:
        logger.debug("%s was not written: %s", path, error)


def remember_entry(path: Path, known: dict[str, Any], key: str, value: object) -> None:
    """Write ``known`` with one more entry, and without the oldest of too many; see ``remember``."""
    newest = [*known.items(), (key, value)]
    remember(path, dict(newest[-MOST_ENTRIES:]))


def _bytes_of(path: Path) -> bytes:
    """Read all bytes of a plain file that is not huge. Pipes and devices, which might never end, are not opened."""
    try:
        kind = path.stat().st_mode
    except OSError as error:  # no folder, or no permission: reported when something is written there
        raise FileNotFoundError(path) from error
    if not stat.S_ISREG(kind):
        raise DamagedFileError("it is no plain file")
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise DamagedFileError(f"it has more than {MOST_BYTES >> 20} MB")
    return data
