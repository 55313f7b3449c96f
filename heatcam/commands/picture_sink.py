"""Pictures' way through the pipeline: explained object by object, written with their maps, told one by one."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heatcam.commands.options import PictureOutput
from heatcam.commands.picture_plan import Picture
from heatcam.commands.terminal import Terminal
from heatcam.errors import HeatcamError, SinkError
from heatcam.frames import Explanation, Frame
from heatcam.geometry import Uint8Array
from heatcam.measures import describe
from heatcam.runtime import stopping
from heatcam.sinks import make_folder, raw_path, write_picture, write_raw_maps

if TYPE_CHECKING:
    from heatcam.saliency import Explainer

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


@dataclass
class PicturesDone:
    """Progress of a run over pictures.

    Attributes:
        rows: rows of the JSON document, one for each picture that was written.
        failed: number of pictures that could not be read, explained or written.
        stopped: whether Ctrl-C or a full disk ended the run.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    failed: int = 0
    stopped: bool = False


class ObjectByObject:
    """Explainer of pictures: makes a map of each object, and shows how far it is where one picture has many.

    Args:
        explainer: makes the maps.
        terminal: where the objects are counted.
    """

    def __init__(self, explainer: Explainer, terminal: Terminal) -> None:
        self._explainer = explainer
        self._terminal = terminal

    def explain(
        self,
        image: Frame,
        *,
        with_map: bool = True,
        with_object_maps: bool = True,
        conf: float | None = None,
    ) -> Explanation:
        """See ``Explainer.explain``."""
        with self._terminal.objects() as on_object:
            return self._explainer.explain(
                image, with_map=with_map, with_object_maps=with_object_maps, conf=conf, on_object=on_object
            )


class PictureSink:
    """Sink that writes each picture beside its maps and adds its row to the document.

    Args:
        pictures: where each picture goes, by the index of its frame.
        output: what is written, and over what.
        done: the progress that is kept here.
        terminal: where each picture is told.
    """

    def __init__(
        self, pictures: Sequence[Picture], output: PictureOutput, done: PicturesDone, terminal: Terminal
    ) -> None:
        self._pictures = pictures
        self._output = output
        self._done = done
        self._terminal = terminal

    @property
    def count(self) -> int:
        """Number of pictures to come."""
        return len(self._pictures)

    def take(self, picture: Uint8Array, explanation: Explanation) -> None:
        """Write one painted picture.

        Raises:
            SinkError: it cannot be written.
        """
        frame = explanation.frame
        target = self._pictures[frame.frame_index].target
        row = {"path": frame.name, "output": str(target), **describe(explanation)}
        with stopping.held():  # every written picture must be in the document too
            make_folder(target.parent)
            self._write(target, picture, explanation)
            self._done.rows.append(row)
        if explanation.map_error:
            self._terminal.note(f"{frame.name}: no heat map ({explanation.map_error})")
        if self._output.json != "-":
            self._terminal.result(f"{frame.name} -> {target}  {counted(explanation.detections.class_names)}")

    def leave_out(self, error: HeatcamError) -> bool:
        """Say why a picture is left out and go on with the next one; False where it is the only one.

        A full disk ends the run after this picture: nothing more could be written.
        """
        if len(self._pictures) == 1:
            return False
        self._terminal.note(f"left out: {error}")
        self._done.failed += 1
        self._done.stopped = self._done.stopped or _is_full(error)
        return True

    def _write(self, target: Path, picture: Uint8Array, explanation: Explanation) -> None:
        """Write the picture and its maps; with ``--skip-existing`` only what is not there."""
        skips, overwrite = self._output.skip_existing, self._output.overwrite
        if not (skips and target.exists()):
            write_picture(target, picture, overwrite)
        raw = raw_path(target)
        if self._output.npz and not (skips and raw.exists()):
            write_raw_maps(raw, explanation, overwrite)


def _is_full(error: HeatcamError) -> bool:
    """Return True if nothing more can be written, so that going on is in vain."""
    cause = error.__cause__
    return isinstance(error, SinkError) and isinstance(cause, OSError) and cause.errno in _NO_ROOM


def counted(class_names: Sequence[str]) -> str:
    """Return the counts of classes: ``2 person, 1 bus``, or ``nothing detected``."""
    counts = {name: class_names.count(name) for name in dict.fromkeys(class_names)}
    return ", ".join(f"{count} {name}" for name, count in counts.items()) or "nothing detected"
