"""The report of an unexpected error: the whole traceback, versions and the command line, in a file beside the caches."""

from __future__ import annotations

import os
import platform
import re
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from heatcam.runtime import cache_dir
from heatcam.sources import public_url

PACKAGES = (
    "heatcam",
    "torch",
    "torchvision",
    "ultralytics",
    "openvino",
    "opencv-python",
    "av",
    "numpy",
    "pillow",
    "typer",
    "rich",
)
MOST_KEPT = 20
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"<>]+")


def write_report(
    error: BaseException, words: Sequence[str] | None = None, thread: str = "main"
) -> Path | None:
    """Write a report with everything needed to find the fault, without passwords.

    Args:
        error: the error with its traceback.
        words: the command line; None takes this process's.
        thread: name of the thread that it was raised in.

    Returns:
        The file, in the cache folder or, if that cannot be written, in the folder for temporary files; None if neither can.
    """
    text = report_text(error, sys.argv if words is None else words, thread)
    name = time.strftime(f"%Y%m%d-%H%M%S-{os.getpid()}.txt")
    for folder in (cache_dir() / "reports", Path(tempfile.gettempdir())):
        path = folder / (name if folder.name == "reports" else f"heatcam-{name}")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8", errors="backslashreplace")
            _throw_away_old(path)
        except OSError:
            continue
        return path
    return None


def report_text(error: BaseException, words: Sequence[str], thread: str = "main") -> str:
    """Return the report: the command line, the system, the versions, and the traceback."""
    said = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    versions = [f"  {name} {_version(name)}" for name in PACKAGES]
    lines = [
        "command: " + " ".join(map(repr, _without_tokens(words))),
        f"python {platform.python_version()}, {platform.platform()}, {os.cpu_count()} processors, thread {thread}",
        *versions,
        "",
        said,
    ]
    return without_secrets("\n".join(lines))


def _without_tokens(words: Sequence[str]) -> list[str]:
    """Return a command line with dots instead of what ``--token`` was given."""
    told = [re.sub(r"^(--token=).*", r"\1...", word, flags=re.DOTALL) for word in words]
    return ["..." if n and words[n - 1] == "--token" else word for n, word in enumerate(told)]


def without_secrets(text: str) -> str:
    """Return ``text`` with every URL in it as it may be shown, without passwords."""
    return _ADDRESS.sub(lambda found: public_url(found[0]), text)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "is not installed"


def _throw_away_old(newest: Path) -> None:
    """Delete all reports but the latest ``MOST_KEPT``."""
    if newest.parent.name == "reports":
        for old in sorted(newest.parent.glob("*.txt"))[:-MOST_KEPT]:
            old.unlink(missing_ok=True)
