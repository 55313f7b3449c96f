"""Pictures to files: whole or not at all, and never over anything that was not meant."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import cv2

from heatcam.errors import SinkError, UsageError
from heatcam.geometry import Uint8Array
from heatcam.sinks.files import refuse_existing, write_whole

_JPEG = (cv2.IMWRITE_JPEG_QUALITY, 95)
_ENCODERS: dict[str, tuple[int, ...]] = {
    ".png": (),
    ".jpg": _JPEG,
    ".jpeg": _JPEG,
    ".webp": (cv2.IMWRITE_WEBP_QUALITY, 95),
    ".bmp": (),
    ".tif": (),
    ".tiff": (),
}
WRITABLE_SUFFIXES = tuple(_ENCODERS)


def write_picture(path: str | Path, image_bgr: Uint8Array, overwrite: bool = False) -> None:
    """Write ``image_bgr``, uint8 ``(H, W, 3)`` BGR, in the format of the suffix; JPEG and WebP at quality 95.

    The bytes go to a temporary file beside ``path`` that is then renamed, so a reader sees all of the picture or none.

    Raises:
        UsageError: an unknown suffix, or an existing file without ``overwrite``.
        SinkError: no permission, no folder, no space, or a picture too large for the format; nothing is left behind.
    """
    path = Path(path)
    encoded = _encode(path, image_bgr)
    refuse_existing([path], overwrite)
    write_whole(path, encoded)


def output_paths(
    inputs: Sequence[str | Path], output: str | Path, overwrite: bool = False
) -> tuple[Path, ...]:
    """Where each input's picture goes, checked before anything is computed.

    A folder is meant when ``output`` is one, ends in a slash, or has no suffix while there are several inputs; it is
    made if need be. There each picture keeps its input's stem, and its suffix if that can be written, else ``.png``;
    a name that is taken (whatever its case) becomes ``name-2``, ``name-3`` in the order of the inputs.

    Args:
        inputs: names or paths of the inputs, at least one.
        output: what ``-o`` was given.
        overwrite: whether existing files may be replaced; an input never is.

    Raises:
        UsageError: several inputs for one file, an unknown suffix, an existing file without ``overwrite``, an input as
            target.
        SinkError: the folder cannot be made.
    """
    text, target = str(output), Path(output)
    ends_in_slash = text.endswith(("/", os.sep))
    if ends_in_slash or target.is_dir() or (len(inputs) > 1 and not target.suffix):
        targets = _names_in_folder(inputs, target)
    elif len(inputs) > 1:
        raise UsageError(
            f"{len(inputs)} pictures do not fit into one file {text}", f"use a folder: -o {target.stem}/"
        )
    else:
        targets = (target,)
    _check_targets(targets, inputs, overwrite)
    _make_folder(targets[0].parent, may_make=targets[0] != target)
    return targets


def _names_in_folder(inputs: Sequence[str | Path], folder: Path) -> tuple[Path, ...]:
    taken: set[str] = set()
    targets = []
    for name in map(Path, inputs):
        suffix = name.suffix if name.suffix.lower() in _ENCODERS else ".png"
        candidate, number = f"{name.stem}{suffix}", 1
        while candidate.casefold() in taken:
            number += 1
            candidate = f"{name.stem}-{number}{suffix}"
        taken.add(candidate.casefold())
        targets.append(folder / candidate)
    return tuple(targets)


def _check_targets(targets: Sequence[Path], inputs: Sequence[str | Path], overwrite: bool) -> None:
    for target in targets:
        _encoder_of(target)
    originals = {Path(name).resolve() for name in inputs}
    for target in targets:
        if target.resolve() in originals:
            raise UsageError(
                f"{target} is an input and would be written over", "choose another name or folder"
            )
    refuse_existing(targets, overwrite)


def _make_folder(folder: Path, may_make: bool) -> None:
    if folder.is_dir():
        return
    if not may_make:
        raise UsageError(f"there is no folder {folder}", "make it first or choose another")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SinkError(
            f"cannot make the folder {folder} ({error.strerror})", "choose another folder"
        ) from error


def _encoder_of(path: Path) -> tuple[int, ...]:
    try:
        return _ENCODERS[path.suffix.lower()]
    except KeyError:
        known = ", ".join(WRITABLE_SUFFIXES)
        raise UsageError(f"cannot tell the format of {path}", f"name it with one of {known}") from None


def _encode(path: Path, image_bgr: Uint8Array) -> bytes:
    options = _encoder_of(path)
    try:
        done, data = cv2.imencode(path.suffix.lower(), image_bgr, options)
    except cv2.error as error:
        raise _does_not_fit(path, image_bgr) from error
    if not done:
        raise _does_not_fit(path, image_bgr)
    return data.tobytes()


def _does_not_fit(path: Path, image_bgr: Uint8Array) -> SinkError:
    size = f"{image_bgr.shape[1]}x{image_bgr.shape[0]}"
    return SinkError(f"a picture of {size} cannot be written as {path.suffix}", "name it .png")
