"""Write the container's lock files: every package by version and SHA-256, as pip resolves them here, for this Python and system.

    python container/write_lock.py

``requirements.lock`` is what heatcam runs with, ``build.lock`` what makes its wheel, ``torch.lock`` PyTorch, which comes from
another index, as CPU wheels: their hashes are not those of the wheels that pip finds here, so they are pinned by version alone.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
#: CPU wheels of torch need none of these.
_CUDA = re.compile(r"nvidia-(?!ml-py).*|cuda-.*|triton")
#: The container opens no window, so that it needs no X libraries: the headless build of OpenCV is the one that stays.
_LEFT_OUT = {"heatcam", "opencv-python"}
_TORCH = {"torch", "torchvision"}


def resolved(requirement: str) -> list[dict[str, Any]]:
    """Return what pip would install for a requirement into an empty environment."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet"]
        subprocess.run([*command, "--report", str(report), requirement], check=True)
        installed: list[dict[str, Any]] = json.loads(report.read_text())["install"]
        return installed


def name_of(package: dict[str, Any]) -> str:
    """Return a package's name as indexes write it."""
    return re.sub(r"[-_.]+", "-", str(package["metadata"]["name"])).lower()


def line(package: dict[str, Any], *, hashed: bool = True) -> str:
    """Return a package's line in a lock file."""
    pinned = f"{name_of(package)}=={package['metadata']['version']}"
    return (
        f"{pinned} --hash=sha256:{package['download_info']['archive_info']['hashes']['sha256']}"
        if hashed
        else pinned
    )


def write(name: str, lines: list[str]) -> None:
    """Write a lock file."""
    head = f"# Python {sys.version_info.major}.{sys.version_info.minor}, {sys.platform}; made by container/write_lock.py\n"
    (FOLDER / name).write_text(head + "\n".join(sorted(lines)) + "\n")


def main() -> None:
    """Write all three."""
    packages = resolved(f"{FOLDER.parent}[web]")
    kept = [
        one
        for one in packages
        if not _CUDA.fullmatch(name_of(one)) and name_of(one) not in _LEFT_OUT | _TORCH
    ]
    write("requirements.lock", [line(one) for one in kept])
    write("torch.lock", [line(one, hashed=False) for one in packages if name_of(one) in _TORCH])
    write("build.lock", [line(one) for one in resolved("hatchling")])


if __name__ == "__main__":
    main()
