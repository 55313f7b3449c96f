"""Ultralytics' published weights: known by name, downloaded only when the user says yes."""

from __future__ import annotations

import hashlib
import inspect
import zipfile
from pathlib import Path

from heatcam.errors import ModelError
from heatcam.runtime import cache_dir, recall, remember, stopping

SUFFIX = ".pt"  # in any case
_SHORTEST = 100_000  # bytes; anything shorter is a server's error page


def _family(stem: str, sizes: str, *kinds: str) -> list[str]:
    return [f"{stem}{size}{kind}{SUFFIX}" for size in sizes for kind in kinds]


#: Every published checkpoint of a kind that heatcam explains, in the order of ultralytics' lists.
NAMES: tuple[str, ...] = tuple(
    _family("yolo26", "nsmlx", "", "-seg", "-pose", "-obb", "-cls")
    + _family("yolo12", "nsmlx", "")
    + _family("yolo11", "nsmlx", "", "-seg", "-pose", "-obb", "-cls")
    + _family("yolov10", "nsmblx", "")
    + _family("yolov9", "tsmce", "")
    + _family("yolov9", "ce", "-seg")
    + _family("yolov8", "nsmlx", "", "-seg", "-pose", "-obb", "-cls", "-oiv7")
    + _family("yolov8", "smlx", "-world", "-worldv2")
    + _family("yoloe-26", "nsmlx", "-seg", "-seg-pf")
    + _family("yoloe-11", "sml", "-seg", "-seg-pf")
    + _family("yoloe-v8", "sml", "-seg", "-seg-pf")
    + _family("rtdetr-", "lx", "")
    + _family("yolov5", "nsmlx", "u", "6u")
    + ["yolov3u.pt", "yolov3-sppu.pt", "yolov3-tinyu.pt"]
)
_KNOWN = frozenset(NAMES)


def official_name(spec: str) -> str:
    """Return the file name of the published checkpoint that ``spec`` names, with or without ``.pt``; "" when it names none."""
    name = f"{spec.removesuffix(SUFFIX)}{SUFFIX}"
    return name if name in _KNOWN else ""


def downloaded_path(name: str) -> Path:
    """Return the path of a download of ``name`` in the user's cache folder; ``HEATCAM_CACHE_DIR`` overrides the folder."""
    return cache_dir() / "models" / name


def is_missing(spec: str) -> bool:
    """Return True if ``spec`` names published weights that are neither in this folder nor downloaded."""
    name = official_name(spec)
    return bool(name) and not any(path.is_file() for path in (Path(spec), Path(name), downloaded_path(name)))


def asset_url(name: str) -> str:
    """Return the address of a file in ultralytics' releases, where it would download it from itself."""
    from ultralytics.utils.downloads import attempt_download_asset  # noqa: PLC0415 (seconds)

    defaults = inspect.signature(attempt_download_asset).parameters
    repository, release = defaults["repo"].default, defaults["release"].default
    return f"https://github.com/{repository}/releases/download/{release}/{name}"


def download(name: str, url: str = "") -> Path:
    """Download published weights from ultralytics' releases into the cache folder. The caller has asked the user.

    The file gets its name only when it is complete: an archive of the length that the server said, without a damaged byte.

    Args:
        name: of the file, in a folder of its own where that is for others than models.
        url: its address elsewhere; "" for the releases.

    Raises:
        ModelError: the download failed or is damaged; no partial file is left, and an older one stays.
    """
    from ultralytics.utils.downloads import safe_download  # noqa: PLC0415 (seconds)

    target = downloaded_path(name)
    part = target.with_name(f"{target.stem}.part{target.suffix}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)  # an old file of that name would be taken for the download
        with stopping.raising():
            safe_download(
                url or asset_url(name),
                file=part,
                dir=part.parent,
                retry=1,
                unzip=False,
                progress=True,
            )
            _require_whole(part, target.name)
            part.replace(target)
    except KeyboardInterrupt:
        part.unlink(missing_ok=True)
        raise
    except (OSError, ConnectionError, RuntimeError, MemoryError) as error:
        part.unlink(missing_ok=True)
        raise ModelError(
            f"{target.name} could not be downloaded: {error}",
            f"check the network, or put the file into {'this folder' if name == target.name else target.parent} yourself",
        ) from error
    except ModelError:
        part.unlink(missing_ok=True)
        raise
    remember(_sums_path(), recall(_sums_path()) | {name: sha256_of(target)})
    return target


def change_of(name: str) -> str:
    """Return one line if a downloaded checkpoint is no longer the file that was used first; "" otherwise, and at its first use.

    A new download, to which the user says yes, replaces the known one.
    """
    path = downloaded_path(name)
    if not path.is_file():
        return ""
    known, found = recall(_sums_path()), sha256_of(path)
    before = known.get(name)
    if before is None:
        remember(_sums_path(), known | {name: found})
    if before in (None, found):
        return ""
    return (
        f"{path} has changed since it was first used (SHA-256 {str(before)[:12]}... then, {found[:12]}... now); "
        f"if that was not you: heatcam models download {Path(name).name}"
    )


def _sums_path() -> Path:
    return downloaded_path("sha256.json")


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _require_whole(path: Path, name: str) -> None:
    """Refuse a file that is no archive, or has a damaged byte.

    Raises:
        ModelError: the file is one of these.
    """
    try:
        if path.stat().st_size >= _SHORTEST:
            with zipfile.ZipFile(path) as archive:
                if archive.testzip() is None:
                    return
    except (zipfile.BadZipFile, EOFError):
        pass
    raise ModelError(f"what was downloaded as {name} is damaged", "try again: nothing was kept")
