"""Search for picture files in files, folders and globs, with a record of the files left out."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from heatcam.errors import UnreadableInputError
from heatcam.sources.dicom import dicom_frame, is_dicom
from heatcam.sources.picture_formats import is_lone_array, is_picture_file
from heatcam.text import question, similar_files

_MOST_COUNTED = 2000  # most files checked in sub-folders that were not requested


@dataclass(frozen=True)
class PictureFile:
    """One picture file.

    Attributes:
        path: its path.
        below: its path relative to the folder or glob that was named, as ``sub/name.jpg``; its name for a file named directly.
    """

    path: Path
    below: Path


@dataclass
class FoundPictures:
    """Pictures found in a command line's inputs.

    Attributes:
        files: the pictures, in the order of the inputs; within a folder or glob by name, 2 before 10.
        left_out: files in folders and globs that are no pictures, without hidden ones.
        deeper: number of pictures in sub-folders that were not requested.
        deeper_folders: number of folders that these are in.
        empty: a message for each folder or glob without pictures.
        many: True if a folder or glob was named, so that there may be more pictures another time.
        takes_samples: True if NumPy's ``.npy`` and DICOM files in folders and globs are pictures.
    """

    files: list[PictureFile] = field(default_factory=list)
    left_out: list[Path] = field(default_factory=list)
    deeper: int = 0
    deeper_folders: int = 0
    empty: list[str] = field(default_factory=list)
    many: bool = False
    takes_samples: bool = False

    def takes(self, path: Path) -> bool:
        """Return True if a file in a folder or glob is a picture."""
        return is_picture_file(path) or (self.takes_samples and (is_lone_array(path) or is_dicom(path)))

    @property
    def paths(self) -> tuple[Path, ...]:
        """Paths of the pictures."""
        return tuple(file.path for file in self.files)


def find_pictures(
    inputs: Sequence[str | Path],
    *,
    recursive: bool = False,
    exclude: Path | None = None,
    takes_samples: bool = False,
) -> FoundPictures:
    """Find the pictures in ``inputs`` by content (``is_picture_file``), each of them once.

    An existing path has priority over its meaning as a glob. Files named directly are taken whatever they are. Hidden files and
    folders are skipped, and links to folders are not followed.

    Args:
        inputs: files, folders and globs; ``**`` goes into folders.
        recursive: search sub-folders of folders.
        exclude: a folder that is never searched: the output folder.
        takes_samples: see ``FoundPictures``.

    Raises:
        UnreadableInputError: a file does not exist, a folder cannot be listed, or there are no pictures at all.
    """
    found = FoundPictures(takes_samples=takes_samples)
    roots_of = [(spec, _roots(spec, found)) for spec in map(str, inputs)]
    several = sum(root.path.is_dir() for _, roots in roots_of for root in roots) > 1
    for spec, roots in roots_of:
        before = (len(found.files), found.deeper, len(found.empty))
        for root in roots:
            _take(root, several, recursive, exclude, found)
        if before == (len(found.files), found.deeper, len(found.empty)):
            found.empty.append(f"no pictures match {spec}")
    named = {os.path.abspath(file.path): file for file in reversed(found.files)}  # noqa: PTH100 (links stay themselves)
    found.files = list(named.values())[::-1]
    if not found.files:
        raise _nothing(found)
    return found


@dataclass(frozen=True)
class _Root:
    """File or folder that was named, or matched by a glob."""

    path: Path
    below: Path
    named: bool


def _roots(spec: str, found: FoundPictures) -> list[_Root]:
    path = Path(spec)
    if path.exists():
        found.many |= path.is_dir()
        return [_Root(path, Path(path.name or path.resolve().name), named=True)]
    if dicom_frame(path) is not None:
        return [_Root(path, Path(path.name), named=True)]
    if not is_glob(spec):
        raise UnreadableInputError(
            f"there is no file {path}", question(similar_files(path)) or "check the path"
        )
    found.many = True
    start = _fixed_part(spec)
    matches = [match for match in matching_paths(spec) if not _is_hidden(match, start)]
    if "**" in Path(spec).parts:  # which matches the folders' files too
        matches = [match for match in matches if not match.is_dir()]
    roots = [_Root(match, _below(match, start), named=False) for match in matches]
    return sorted(
        (r for r in roots if r.path.is_dir() or r.path.is_file()), key=lambda r: _natural_order(r.below)
    )


def _take(root: _Root, several: bool, recursive: bool, exclude: Path | None, found: FoundPictures) -> None:
    """Add the pictures of a root: a folder's pictures, or one file."""
    if root.path.is_dir():
        _look_into(root, several, recursive, exclude, found)
    elif root.named or found.takes(root.path):
        found.files.append(PictureFile(root.path, root.below))
    else:
        found.left_out.append(root.path)


def _look_into(
    root: _Root, several: bool, recursive: bool, exclude: Path | None, found: FoundPictures
) -> None:
    """Add the pictures of one folder, and with ``recursive`` of its sub-folders; without, those are only counted."""
    above = root.below if several or not root.named else Path()
    before = len(found.files) + found.deeper
    here, deeper = _files_below(root.path, exclude)
    for path in here:
        _sort_in(path, above / path.name, found)
    if recursive:
        for path in deeper:
            _sort_in(path, above / path.relative_to(root.path), found)
    else:
        more = [path for _, path in zip(range(_MOST_COUNTED), deeper, strict=False) if found.takes(path)]
        found.deeper += len(more)
        found.deeper_folders += len({path.parent for path in more})
    if len(found.files) + found.deeper == before:
        found.empty.append(f"no pictures in the folder {root.path}")


def _sort_in(path: Path, below: Path, found: FoundPictures) -> None:
    if found.takes(path):
        found.files.append(PictureFile(path, below))
    else:
        found.left_out.append(path)


def _files_below(folder: Path, exclude: Path | None) -> tuple[list[Path], Iterator[Path]]:
    """Return the regular files of a folder, and an iterator over those of its sub-folders.

    Raises:
        UnreadableInputError: the folder cannot be listed; sub-folders that cannot be listed are skipped.
    """
    try:
        names = sorted(folder.iterdir(), key=_natural_order)
    except OSError as error:
        raise UnreadableInputError(
            f"cannot look into the folder {folder} ({error.strerror})", "check its permissions"
        ) from error
    return _plain_files(names), _deeper(folder, None if exclude is None else exclude.resolve())


def _deeper(folder: Path, exclude: Path | None) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(
            (name for name in folders if not name.startswith(".") and Path(place, name).resolve() != exclude),
            key=_natural,
        )
        if Path(place) != folder:
            yield from _plain_files(sorted((Path(place, name) for name in names), key=_natural_order))


def _plain_files(paths: Iterable[Path]) -> list[Path]:
    return [path for path in paths if not path.name.startswith(".") and path.is_file()]


def _nothing(found: FoundPictures) -> UnreadableInputError:
    problem = "; ".join(found.empty) or "there are no pictures among what was named"
    if found.deeper:
        return UnreadableInputError(
            problem_of_deeper(found, "no pictures here, but"), "add -r to include them"
        )
    left = f"; {left_out_words(found.left_out)}" if found.left_out else ""
    return UnreadableInputError(problem + left, "pictures are JPEG, PNG, WebP, AVIF, HEIC, TIFF and the like")


def problem_of_deeper(found: FoundPictures, begin: str) -> str:
    """Format the count in sub-folders as ``6 in 2 sub-folders``, after ``begin``."""
    folders = f"{found.deeper_folders} sub-folder{'s' if found.deeper_folders > 1 else ''}"
    at_least = "at least " if found.deeper >= _MOST_COUNTED else ""
    return f"{begin} {at_least}{found.deeper} in {folders}"


def left_out_words(left_out: Sequence[Path], most: int = 3) -> str:
    """Format left-out files as ``3 files are no pictures: a.txt, b.txt, ...``."""
    names = ", ".join(path.name for path in left_out[:most]) + (", ..." if len(left_out) > most else "")
    are = "1 file is no picture" if len(left_out) == 1 else f"{len(left_out)} files are no pictures"
    return f"{are}: {names}"


def is_glob(spec: str) -> bool:
    """Return True if ``spec`` has wildcards and no file of exactly that name exists."""
    return glob.has_magic(spec) and not Path(spec).exists()


def matching_paths(spec: str) -> list[Path]:
    """Return the paths that match a glob, ``**`` included, in no order.

    Existing names have priority: in ``run[1]/*.jpg`` a folder ``run[1]`` is taken literally. Brackets further on are taken
    literally if nothing matches otherwise.
    """
    literal, pattern = _existing_part(spec)
    for tried in (pattern, pattern.replace("[", "[[]")):
        found = glob.glob(glob.escape(literal) + tried, recursive=True)  # noqa: PTH207 (Path.glob refuses absolute ones)
        if found:
            return [Path(match) for match in found]
    return []


def sorted_matches(spec: str) -> list[Path]:
    """Return the paths that match a glob, by name, 2 before 10; see ``matching_paths``."""
    return sorted(matching_paths(spec), key=_natural_order)


def _existing_part(spec: str) -> tuple[str, str]:
    """Split ``spec`` into the leading folders that exist by name, with their separator, and the rest."""
    for at in range(len(spec) - 1, 0, -1):
        if spec[at] in (os.sep, os.altsep) and Path(spec[:at]).is_dir():
            return spec[: at + 1], spec[at + 1 :]
    return "", spec


def _fixed_part(spec: str) -> Path:
    """Return the folder that contains all matches."""
    return Path(_existing_part(spec)[0])


def _below(path: Path, start: Path) -> Path:
    return path.relative_to(start) if path.is_relative_to(start) else Path(path.name)


def _is_hidden(path: Path, start: Path) -> bool:
    return any(part.startswith(".") and part != ".." for part in _below(path, start).parts)


def _natural_order(path: Path) -> tuple[list[tuple[list[str | int], str]], tuple[list[str | int], str]]:
    """Return a sort key that puts a folder's files before those of its sub-folders, and 2 before 10."""
    return [_natural(part) for part in path.parent.parts], _natural(path.name)


def _natural(name: str) -> tuple[list[str | int], str]:
    # re.split alternates text and digits, so numbers are only ever compared with numbers
    return [int(part) if i % 2 else part.lower() for i, part in enumerate(re.split(r"(\d+)", name))], name
