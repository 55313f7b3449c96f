"""Small JSON files of heatcam's own: the one reader of them all, and what was measured once on this machine, in the cache folder.

Losing one is no error, only time: one that is damaged in any way is put aside, said once, and made anew.

Everything that is kept between runs (calibrations, proofs, speeds, converted networks) is kept under ``CACHE_VERSION``. Raise it
when the code behind such a number changes what comes out: ``tests/test_cache_version.py`` fails until somebody has decided that.
"""

from __future__ import annotations

import json
import logging
import stat
from pathlib import Path
from typing import Any

from heatcam.runtime.atomic_write import write_atomically

logger = logging.getLogger(__name__)

#: Of the code that makes what is remembered. 3: calibrations of all pictures, on slow machines too.
CACHE_VERSION = 3

MOST_BYTES = 16 << 20  # a hundred times what any of them has held
MOST_ENTRIES = 300  # of one file, the newest
ASIDE = ".damaged"


class DamagedFileError(ValueError):
    """A file of ours that holds something else than what was written into it, or cannot be read; ``str()`` says why."""


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object that one of our files holds.

    Raises:
        FileNotFoundError: there is none.
        DamagedFileError: it is no plain file, cannot be read, is huge, or holds no such thing.
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
    """What one of our files holds; nothing where it is missing or damaged, and what is damaged is put aside with one note."""
    try:
        return read_object(path)
    except FileNotFoundError:
        return {}
    except DamagedFileError as error:
        put_aside(path, str(error))
        return {}


def put_aside(path: Path, why: str) -> None:
    """Rename something damaged to ``name.damaged``, so that it can be looked at and made anew; say so once."""
    aside = path.with_name(path.name + ASIDE)
    try:
        path.replace(aside)
    except OSError:
        logger.warning("%s cannot be used (%s): going on without it", path, why)
        return
    logger.warning("%s was damaged (%s) and is called %s now: starting anew", path, why, aside.name)


def remember(path: Path, known: dict[str, Any]) -> None:
    """Write ``known``, whole or not at all; a folder that cannot be written to is no error."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, (json.dumps(known, indent=1) + "\n").encode())
    except OSError as error:
        logger.debug("%s was not written: %s", path, error)


def remember_entry(path: Path, known: dict[str, Any], key: str, value: object) -> None:
    """Write ``known`` with one more entry; of too many the oldest are forgotten. See ``remember``."""
    newest = [*known.items(), (key, value)]
    remember(path, dict(newest[-MOST_ENTRIES:]))


def _bytes_of(path: Path) -> bytes:
    """All bytes of a plain file that is not huge. Pipes and devices, which might never end, are not opened."""
    try:
        kind = path.stat().st_mode
    except OSError as error:  # no folder, or one that may not be looked into: what is said when something is to be kept there
        raise FileNotFoundError(path) from error
    if not stat.S_ISREG(kind):
        raise DamagedFileError("it is no plain file")
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise DamagedFileError(f"it has more than {MOST_BYTES >> 20} MB")
    return data
