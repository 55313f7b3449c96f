"""Writing of picture files: complete or not at all, and never over a file that the user did not mean."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import cv2

from heatcam.errors import SinkError, UsageError
from heatcam.geometry import Uint8Array
from heatcam.sinks.dicom import DICOM_SUFFIX
from heatcam.sinks.files import refuse_existing, write_whole
from heatcam.sinks.pages import PAGE_SUFFIX, as_page
from heatcam.sinks.picture_names import WRITABLE_SUFFIXES, fitting_name, names_below_folder

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


def write_picture(path: str | Path, image_bgr: Uint8Array, overwrite: bool = False) -> None:
    """Write ``image_bgr``, uint8 ``(H, W, 3)`` BGR, in the format of the suffix; JPEG and WebP at quality 95, PDF as one page.

    The bytes go to a temporary file beside ``path`` that is then renamed, so a reader sees the complete picture or none.

    Raises:
        UsageError: an unknown suffix, or an existing file without ``overwrite``.
        SinkError: no permission, no folder, no space, or a picture too large for the format; nothing is left behind.
    """
    path = Path(path)
    encoded = _encode(path, image_bgr)
    refuse_existing([path], overwrite)
    write_whole(path, encoded)


def is_picture_name(output: str) -> bool:
    """Return True if a name is that of one picture: its suffix is a picture's, and it has no number (``out-%05d.png``)."""
    return Path(output).suffix.lower() in WRITABLE_SUFFIXES and "%" not in Path(output).name


def output_paths(
    inputs: Sequence[str | Path],
    output: str | Path,
    *,
    below: Sequence[Path] | None = None,
    into_folder: bool = False,
) -> tuple[Path, ...]:
    """Return the path of each input's picture; nothing is created, and existing files are not checked.

    ``output`` means a folder if it is one, ends in a slash, or has no suffix while there are several inputs. Names in it are
    those of ``names_below_folder``.

    Args:
        inputs: names or paths of the inputs, at least one.
        output: value of ``-o``.
        below: relative path of each below the folder; its name if left out.
        into_folder: True if there could have been several inputs.

    Raises:
        UsageError: several inputs for one file, an unknown suffix, or an input as target, which is never overwritten.
    """
    text, target, paths = str(output), Path(output), [Path(name) for name in inputs]
    several = into_folder or len(paths) > 1
    if text.endswith(("/", os.sep)) or target.is_dir() or (several and not target.suffix):
        places = [Path(path.name) for path in paths] if below is None else below
        targets = tuple(target / name for name in names_below_folder(paths, places, WRITABLE_SUFFIXES))
    elif len(paths) > 1:
        raise UsageError(
            f"{len(paths)} pictures do not fit into one file {text}", f"use a folder: -o {target.stem}/"
        )
    else:
        targets = (target,)
    for written in targets:
        if written.suffix.lower() not in (PAGE_SUFFIX, DICOM_SUFFIX):
            _encoder_of(written)
    _refuse_inputs(targets, paths)
    return targets


def view_paths(
    inputs: Sequence[str | Path],
    folder: str | Path,
    names: Sequence[str],
    *,
    below: Sequence[Path] | None = None,
) -> tuple[tuple[Path, ...], ...]:
    """Return the paths ``NAME-VIEW.png`` of each input's views in a folder, no two the same; nothing is created.

    Args:
        inputs: names or paths of the inputs.
        folder: value of ``-o``.
        names: the views' names, without a hyphen.
        below: relative path of each input below the folder; its name if left out.

    Raises:
        UsageError: ``folder`` is a file's name, or a path is an input, which is never overwritten.
    """
    target, paths = Path(folder), [Path(name) for name in inputs]
    if target.suffix and not str(folder).endswith(("/", os.sep)) and not target.is_dir():
        raise UsageError(
            f"{len(names)} views do not fit into one file {folder}", f"use a folder: -o {target.stem}/"
        )
    places = [Path(path.name) for path in paths] if below is None else below
    targets = tuple(
        tuple(target / place.with_name(fitting_name(place.stem, f"-{name}.png")) for name in names)
        for place in names_below_folder(paths, places, (".png",))
    )
    _refuse_inputs([path for own in targets for path in own], paths)
    return targets


def _refuse_inputs(targets: Sequence[Path], inputs: Sequence[Path]) -> None:
    originals = {path.resolve() for path in inputs}
    for target in targets:
        if target.resolve() in originals:
            raise UsageError(
                f"{target} is an input and would be overwritten", "choose another name or folder"
            )


def next_output(output: str) -> str:
    """Return the first of ``heat/``, ``heat2/``, ``heat3/``, or of ``out.png``, ``out2.png``, that does not exist."""
    path, slash = Path(output), output[len(output.rstrip("/" + os.sep)) :]
    stem, suffix = (path.name, "") if slash or path.is_dir() else (path.stem, path.suffix)
    free, number = path, 1
    while free.exists() or free.is_symlink():
        number += 1
        free = path.with_name(f"{stem}{number}{suffix}")
    return f"{free}{slash or ('/' if path.is_dir() else '')}"


def _encoder_of(path: Path) -> tuple[int, ...]:
    try:
        return _ENCODERS[path.suffix.lower()]
    except KeyError:
        known = ", ".join((*WRITABLE_SUFFIXES, PAGE_SUFFIX))
        raise UsageError(f"cannot tell the format of {path}", f"name it with one of {known}") from None


def _encode(path: Path, image_bgr: Uint8Array) -> bytes:
    if path.suffix.lower() == PAGE_SUFFIX:
        return as_page(image_bgr, path.stem)
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
