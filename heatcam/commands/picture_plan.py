"""The plan of pictures and their output files, made and checked before a model is loaded. Does not import torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from heatcam.commands.options import PictureOutput, ViewOutput
from heatcam.commands.picture_files import Picture, default_output, picture_files, wanted_views
from heatcam.commands.picture_rows import earlier_rows
from heatcam.commands.terminal import Terminal
from heatcam.errors import UnreadableInputError, UsageError
from heatcam.geometry import Uint8Array
from heatcam.sinks import (
    DICOM_SUFFIX,
    is_whole,
    next_output,
    refuse_existing,
    require_dicom_writer,
    require_folder,
    require_frame_of_reference,
)
from heatcam.sources import (
    FoundPictures,
    PictureOptions,
    check_pixels,
    dicom_file,
    find_pictures,
    frames_in,
    is_dicom,
    is_read_alike,
    left_out_words,
    problem_of_deeper,
    read_picture,
)

_INSTEAD = "choose another name, or add --overwrite, --resume, --skip-existing or --increment"


@dataclass(frozen=True)
class PicturePlan:
    """Pictures to explain, and those left out.

    Attributes:
        pictures: to explain, in their order.
        skipped: pictures whose results exist already.
        lacking: number of folders and globs without pictures, which were named beside others.
        earlier: rows of the skipped pictures that an earlier run has written into its document (``--resume``).
    """

    pictures: tuple[Picture, ...]
    skipped: tuple[Picture, ...] = ()
    lacking: int = 0
    earlier: tuple[dict[str, Any], ...] = ()


def find_and_say(
    inputs: Sequence[str],
    recursive: bool,
    terminal: Terminal,
    exclude: Path | None = None,
    *,
    takes_samples: bool = False,
) -> FoundPictures:
    """Find the pictures, and print notes on what was left out.

    Raises:
        UnreadableInputError: a file does not exist, or there are no pictures at all.
    """
    found = find_pictures(inputs, recursive=recursive, exclude=exclude, takes_samples=takes_samples)
    for problem in found.empty:
        terminal.note(problem)
    if found.left_out:
        terminal.note(f"left out: {left_out_words(found.left_out)}")
    if found.deeper:
        count = len(found.files)
        begin = f"{count} picture{'s' if count > 1 else ''} here;"
        terminal.note(f"{problem_of_deeper(found, begin).replace(' in ', ' more in ', 1)}; -r includes them")
    return found


def plan_pictures(
    inputs: Sequence[str], recursive: bool, output: PictureOutput, terminal: Terminal
) -> PicturePlan:
    """Plan the output files of each picture; everything that can be refused is refused here.

    Raises:
        HeatcamError: there are no pictures, a view is unknown, or outputs exist already or cannot be written.
    """
    _require_one_way(output)
    views = wanted_views(output)
    folder = Path(output.output) if output.output is not None else Path("heat")
    found = find_and_say(inputs, recursive, terminal, exclude=folder, takes_samples=True)
    wanted = output.output or default_output([file.path.stem for file in found.files], views, many=found.many)
    wanted = next_output(wanted) if output.increment else wanted
    below = [file.below for file in found.files]
    pictures = picture_files(
        found.paths, replace(output, output=wanted), views, below, into_folder=found.many
    )
    skipped = tuple(p for p in pictures if _is_done(p, output))
    todo, lacking = tuple(p for p in pictures if p not in set(skipped)), len(found.empty)
    plan = PicturePlan(todo, skipped, lacking, _earlier(skipped, output))
    _require_writable(plan.pictures, output)
    require_dicom(plan.pictures)
    _say_frames(plan.pictures, terminal)
    return plan


def _is_done(picture: Picture, output: PictureOutput) -> bool:
    """Return True if a picture is to be passed over: its results are there and, to resume, whole and not older than it."""
    if output.skip_existing:
        return picture.is_done
    if not (output.resume and picture.is_done):
        return False
    made_ns = min(path.stat().st_mtime_ns for path in picture.files)
    return made_ns >= picture.source.stat().st_mtime_ns and all(is_whole(path) for path in picture.files)


def _earlier(skipped: Sequence[Picture], output: PictureOutput) -> tuple[dict[str, Any], ...]:
    """Return the rows of pictures that an earlier run has finished, from the document that this run will replace."""
    if not output.resume or output.json in (None, "-"):
        return ()
    rows = earlier_rows(Path(str(output.json)))
    return tuple(rows[str(p.source)] for p in skipped if str(p.source) in rows)


def plan_camera(camera: str, output: PictureOutput) -> PicturePlan:
    """Plan the output files of one frame of a camera.

    Raises:
        HeatcamError: a view is unknown, or an output exists already or cannot be written.
    """
    _require_one_way(output)
    views = wanted_views(output)
    name = Path(f"camera-{camera}.png" if camera.isdecimal() else "camera.png")
    wanted = output.output or default_output([name.stem], views)
    wanted = next_output(wanted) if output.increment else wanted
    plan = PicturePlan(picture_files([name], replace(output, output=wanted), views))
    _require_writable(plan.pictures, output)
    require_dicom(plan.pictures)
    return plan


def plan_archives(inputs: Sequence[str], output: ViewOutput) -> tuple[Picture, ...]:
    """Plan the output files of archives of raw maps, named like the pictures that they were written beside.

    Raises:
        HeatcamError: a view is unknown, an archive does not exist, or an output exists already or cannot be written.
    """
    views, paths = wanted_views(output), [Path(text) for text in inputs]
    for path in paths:
        if not path.is_file():
            problem = "is a folder" if path.is_dir() else "does not exist"
            raise UnreadableInputError(f"{path} {problem}", "give a file that `heatcam snapshot --npz` wrote")
    names = [Path(path.name.removesuffix(".npz")) for path in paths]
    wanted = output.output or default_output(
        [name.stem for name in names], views, word=views.files[0].value if views.files else ""
    )
    pictures = picture_files(paths, replace(output, output=wanted), views, names)
    _require_writable(pictures, output)
    return pictures


def first_picture(pictures: Sequence[Picture], asked: PictureOptions | None = None) -> Uint8Array | None:
    """Read the pixels of a single picture; of several, only check that at least one can be read, and return None.

    None too for a picture whose pixels depend on the network, after a check of its header.

    Raises:
        UnreadableInputError: none of the pictures can be read.
    """
    if len(pictures) == 1 and is_read_alike(pictures[0].source, asked or PictureOptions()):
        return read_picture(pictures[0].source)
    if len(pictures) == 1:
        check_pixels(pictures[0].source)
        return None
    first: UnreadableInputError | None = None
    for picture in pictures:
        try:
            check_pixels(picture.source)
        except UnreadableInputError as error:
            first = first or error
        else:
            return None
    if first is not None:
        raise UnreadableInputError(
            f"none of {len(pictures)} pictures can be read; the first: {first.problem}", first.next_step
        )
    return None


def _say_frames(pictures: Sequence[Picture], terminal: Terminal) -> None:
    """Say of DICOM files of several frames that the first is taken."""
    for picture in pictures:
        count = frames_in(picture.source) if is_dicom(picture.source) else 1
        if count > 1:
            name = picture.source.name
            terminal.note(
                f"{name} has {count} frames: this is the first; {name}#2 names the second, heatcam record takes all"
            )


def require_dicom(pictures: Sequence[Picture]) -> None:
    """Refuse DICOM files of pictures that are none, and maps of those that have no place in a patient.

    Raises:
        UsageError: there is one, or highdicom is not there.
    """
    for picture in pictures:
        captures = [path for _, path in picture.views if path.suffix.lower() == DICOM_SUFFIX]
        if not captures and picture.dicom_map is None:
            continue
        source = dicom_file(picture.source)
        if source is None:
            wanted = captures[0] if captures else picture.dicom_map
            raise UsageError(
                f"{wanted} would be in the study of {picture.source}, which is no DICOM file", "name it .png"
            )
        require_dicom_writer(f"writing {captures[0] if captures else picture.dicom_map}")
        if picture.dicom_map is not None:
            require_frame_of_reference(source)


def _require_one_way(output: PictureOutput) -> None:
    ways = {
        "--overwrite": output.overwrite,
        "--skip-existing": output.skip_existing,
        "--increment": output.increment,
        "--resume": output.resume,
    }
    given = [name for name, is_given in ways.items() if is_given]
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)} exclude each other", "give one")


def _require_writable(pictures: Sequence[Picture], output: ViewOutput) -> None:
    """Refuse output files that cannot be written or would replace others.

    Raises:
        HeatcamError: an output exists already, is an input of this run, or lies in no folder that can be written.
    """
    resumes = isinstance(output, PictureOutput) and output.resume
    may_exist = resumes or (isinstance(output, PictureOutput) and output.skip_existing)
    instead = _INSTEAD if isinstance(output, PictureOutput) else "choose another name or add --overwrite"
    targets = [path for picture in pictures for path in picture.files]
    refuse_existing(targets, output.overwrite or may_exist, instead)
    json = Path(output.json) if output.json and output.json != "-" else None
    if json is not None:
        taken = {path.resolve() for path in (*targets, *(picture.source for picture in pictures))}
        if json.resolve() in taken:
            raise UsageError(f"{json} would be overwritten", "choose another name for --json")
        if json.is_file() or json.is_dir():
            refuse_existing([json], output.overwrite or resumes)
    for folder in {target.parent for target in (*targets, *((json,) if json else ()))}:
        require_folder(folder)
