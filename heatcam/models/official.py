"""Ultralytics' published weights: known by name, fetched only when the user says yes."""

from __future__ import annotations

import re
from pathlib import Path

from heatcam import stopping
from heatcam.environment import cache_dir
from heatcam.errors import ModelError

SUFFIX = ".pt"  # in any case
_OFFICIAL = re.compile(r"(yolov8|yolov9|yolov10|yolo11|yolo12|yolo26)[ntsmblxce](\.pt)?")


def is_official(spec: str) -> bool:
    """True for the bare name of a published detection checkpoint, such as ``yolo26n.pt`` or ``yolo26n``."""
    return _OFFICIAL.fullmatch(spec) is not None


def official_name(spec: str) -> str:
    """The file name of the published checkpoint that ``spec`` names; "" when it names none."""
    return f"{spec.removesuffix(SUFFIX)}{SUFFIX}" if is_official(spec) else ""


def downloaded_path(name: str) -> Path:
    """Where a download of ``name`` is kept: the user's cache folder; ``HEATCAM_CACHE_DIR`` overrides it."""
    return cache_dir() / "models" / name


def is_missing(spec: str) -> bool:
    """True when ``spec`` names published weights that are neither in this folder nor downloaded."""
    name = official_name(spec)
    return bool(name) and not any(path.is_file() for path in (Path(spec), Path(name), downloaded_path(name)))


def download(name: str) -> Path:
    """Fetch published weights from ultralytics' releases into the cache folder. The caller has asked the user.

    Raises:
        ModelError: the download failed; nothing half-written is left.
    """
    from ultralytics.utils import ASSETS_URL  # noqa: PLC0415 (seconds)
    from ultralytics.utils.downloads import safe_download  # noqa: PLC0415

    target = downloaded_path(name)
    part = target.with_name(f"{target.stem}.part{target.suffix}")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with stopping.raising():
            safe_download(
                f"{ASSETS_URL}/{name}", file=part, dir=part.parent, retry=1, unzip=False, progress=True
            )
            part.replace(target)
    except KeyboardInterrupt:
        part.unlink(missing_ok=True)
        raise
    except (OSError, ConnectionError, RuntimeError) as error:
        part.unlink(missing_ok=True)
        raise ModelError(
            f"{name} could not be downloaded: {error}",
            "check the network, or put the file into this folder yourself",
        ) from error
    return target
