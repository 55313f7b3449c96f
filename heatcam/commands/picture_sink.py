"""Pictures' way through the pipeline: explained object by object, written with their maps, told one by one."""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, Protocol, TypeGuard

from heatcam.commands.findings_log import FindingsLog
from heatcam.commands.interrupts import on_interrupt
from heatcam.commands.options import PictureOutput, ViewOutput
from heatcam.commands.picture_files import Picture
from heatcam.commands.picture_plan import PicturePlan
from heatcam.commands.picture_rows import PictureRows
from heatcam.commands.setup import AnyExplainer
from heatcam.commands.terminal import Terminal, summary
from heatcam.commands.view_note import view_row
from heatcam.enums import ViewName
from heatcam.errors import HeatcamError, SinkError, ViewError
from heatcam.frames import Explanation, Frame, counted
from heatcam.geometry import Uint8Array
from heatcam.measures import SCHEMA, findings_of
from heatcam.overlay import OverlayOptions
from heatcam.pipeline import Run
from heatcam.runtime import stopping
from heatcam.sinks import (
    DICOM_SUFFIX,
    make_folder,
    write_map_png,
    write_parametric_map,
    write_picture,
    write_raw_maps,
    write_secondary_capture,
)
from heatcam.sources import dicom_file
from heatcam.views import FAILED, OK, draw_each, encode_view

_MANY, _MOST_TOLD = (
    20,
    10,
)  # pictures after which those that were left out are told again, and how many of them at most
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


@dataclass
class PicturesDone:
    """Progress of a run over pictures.

    Attributes:
        rows: rows of the JSON document, one for each picture that was written.
        left_out: why each picture that could not be read, explained or written was left out.
        unmade: number of pictures of which a view or map could not be made, although the rest was.
        stopped: whether Ctrl-C or a full disk ended the run.
    """

    rows: PictureRows = field(default_factory=PictureRows)
    left_out: list[str] = field(default_factory=list)
    unmade: int = 0
    stopped: bool = False


class ObjectByObject:
    """Explainer of pictures: makes a map of each object, and shows how far it is where one picture has many.

    Args:
        explainer: makes the maps.
        terminal: where the objects are counted.
    """

    def __init__(self, explainer: AnyExplainer, terminal: Terminal) -> None:
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


class ExplainsByTrial(Protocol):
    """Anything that explains a picture by many trials, which can be stopped: ``TrialExplainer``, ``MaskExplainer``."""

    def explain(
        self,
        image: Frame,
        *,
        conf: float | None = None,
        on_trials: Callable[[int, int], None] | None = None,
        is_stopped: Callable[[], bool] | None = None,
    ) -> Explanation:
        """See ``TrialExplainer.explain``."""


class TrialByTrial:
    """Explainer of pictures whose maps are made by trial, with progress; Ctrl-C ends the trials and keeps what they have told.

    Args:
        explainer: makes the maps.
        terminal: where the trials are counted.
        done: told when Ctrl-C has ended the run.
        unit: of what is counted, in the plural.
    """

    def __init__(
        self, explainer: ExplainsByTrial, terminal: Terminal, done: PicturesDone, unit: str = "trials"
    ) -> None:
        self._explainer, self._terminal, self._done, self._unit = explainer, terminal, done, unit

    def explain(
        self,
        image: Frame,
        *,
        with_map: bool = True,  # noqa: ARG002 (trials are for nothing else)
        with_object_maps: bool = True,  # noqa: ARG002
        conf: float | None = None,
    ) -> Explanation:
        """See ``Explainer.explain``."""
        made = 0

        def count(trials: int, total: int) -> None:
            nonlocal made
            made = trials
            on_trials(trials, total)

        with on_interrupt(self._stop), self._terminal.trials(self._unit) as on_trials:
            seen = self._explainer.explain(
                image, conf=conf, on_trials=count, is_stopped=lambda: self._done.stopped
            )
        if self._done.stopped:
            objects = len(seen.detections)
            is_fine = seen.saliency is not None and not seen.saliency.trials
            self._terminal.note(
                f"{image.name}: stopped after {made} {self._unit} of {objects} object{'s' * (objects != 1)}"
                + (", too few for a map: it is the fine one" if is_fine else "")
            )
        return seen

    def _stop(self) -> None:
        self._done.stopped = True


class PictureSink:
    """Sink that draws and writes each picture's views, with the maps beside them, and adds its row to the document.

    Args:
        pictures: what is made of each picture, and where it goes, by the index of its frame.
        output: over what may be written.
        look: drawing options.
        done: the progress that is kept here.
        terminal: where each picture is told.
        log: makes the findings, and writes labels and crops; None makes the usual ones.
    """

    def __init__(
        self,
        pictures: Sequence[Picture],
        output: ViewOutput,
        look: OverlayOptions,
        done: PicturesDone,
        terminal: Terminal,
        log: FindingsLog | None = None,
    ) -> None:
        self._pictures = pictures
        self._output = output
        self._skips = isinstance(output, PictureOutput) and output.skip_existing
        self._replaces = output.overwrite or (isinstance(output, PictureOutput) and output.resume)
        self._log = log
        self._look = look
        self._done = done
        self._terminal = terminal

    @property
    def count(self) -> int:
        """Number of pictures to come."""
        return len(self._pictures)

    def take(self, _: object, explanation: Explanation) -> None:
        """Draw and write one picture's views; those that cannot be made are told with their reason.

        Raises:
            SinkError: a file cannot be written.
        """
        planned, name = self._pictures[explanation.frame.frame_index], explanation.frame.name
        made = _Made(self._row(planned, explanation), self._done.rows)
        try:
            self._make(planned, explanation, made)
        except HeatcamError:
            made.withdraw()
            raise
        if explanation.map_error:
            self._terminal.note(f"{name}: no heat map ({explanation.map_error})")
        self._tell(planned, name, made, counted(explanation.detections.class_names))

    def _row(self, planned: Picture, explanation: Explanation) -> dict[str, Any]:
        """Return the picture's findings, after its labels and crops are written."""
        target = planned.target
        where: dict[str, Any] = {
            "path": explanation.frame.name,
            "output": None if target is None else str(target),
            **view_row(explanation.frame.samples),
        }
        if self._log is None:
            return findings_of(explanation, **where).as_json()
        return self._log.add(explanation, target or planned.source, **where).as_json()

    def leave_out(self, error: HeatcamError) -> bool:
        """Say why a picture is left out and go on with the next one; False where it is the only one.

        A full disk ends the run after this picture: nothing more could be written.
        """
        if len(self._pictures) == 1:
            return False
        self._terminal.note(f"left out: {error}")
        self._done.left_out.append(str(error))
        self._done.stopped = self._done.stopped or _is_full(error)
        return True

    def _make(self, planned: Picture, explanation: Explanation, made: _Made) -> None:
        """Draw view by view, so that no more than one is in memory, and write what is missing."""
        files = {view: path for view, path in planned.views if self._is_wanted(path)}
        views = tuple(dict.fromkeys((*files, *planned.images)))
        for view, outcome in draw_each(views, explanation, self._look):
            with stopping.held():  # every written picture must be in the document too
                if view in files:
                    self._write(files[view], outcome, planned.source)
                made.add(view, outcome, files.get(view), is_image=view in planned.images)
        with stopping.held():
            self._write_maps(planned, explanation, made)
            made.list_it()

    def _write(self, target: Path, outcome: Uint8Array | ViewError, source: Path) -> None:
        if isinstance(outcome, ViewError):
            return
        make_folder(target.parent)
        if target.suffix.lower() == DICOM_SUFFIX:
            write_secondary_capture(target, outcome, dicom_file(source) or source, self._replaces)
        else:
            write_picture(target, outcome, self._replaces)

    def _write_maps(self, planned: Picture, explanation: Explanation, made: _Made) -> None:
        """Write the raw maps, and the map as a PNG where there is one."""
        if self._is_wanted(planned.raw):
            make_folder(planned.raw.parent)
            write_raw_maps(planned.raw, explanation, self._replaces)
        if self._is_wanted(planned.dicom_map) and explanation.saliency is not None:
            make_folder(planned.dicom_map.parent)
            source = dicom_file(planned.source) or planned.source
            write_parametric_map(
                planned.dicom_map, explanation.saliency, source, explanation.model, self._replaces
            )
            made.row["dicom_map"] = str(planned.dicom_map)
        if self._is_wanted(planned.map_png):
            if explanation.saliency is None:
                made.reasons["map-png"] = explanation.map_error or "there is no heat map"
                return
            make_folder(planned.map_png.parent)
            scale = write_map_png(planned.map_png, explanation.saliency, self._replaces)
            made.row["map_png"] = {"path": str(planned.map_png), **asdict(scale)}

    def _is_wanted(self, path: Path | None) -> TypeGuard[Path]:
        """Return True if a file is to be written: with ``--skip-existing`` only where it is not there."""
        return path is not None and not (self._skips and path.exists())

    def _tell(self, planned: Picture, name: str, made: _Made, found: str) -> None:
        """Tell where the picture is, and in one line which of several views were made and why others were not."""
        if made.reasons:
            self._done.unmade += 1
        if made.reasons or len(made.views) > 1 or planned.images:
            said = [f"made {', '.join(made.views)}"] if made.views else []
            said += [f"{view} was not made ({reason})" for view, reason in made.reasons.items()]
            self._terminal.note(f"{name}: {'; '.join(said)}")
        if self._output.json != "-":
            files = [path for _, path in planned.views if path.exists()]
            where = ", ".join([*(str(path) for path in files[:1]), *(path.name for path in files[1:])])
            self._terminal.result(f"{name} -> {where}  {found}" if where else f"{name}  {found}")


class _Made:
    """Row of one picture as its views are made.

    Args:
        row: the row so far.
        rows: the document's rows, to which it is added with the first view.
    """

    def __init__(self, row: dict[str, Any], rows: PictureRows) -> None:
        self.row = row
        self.views: list[str] = []
        self.reasons: dict[str, str] = {}
        self._rows = rows
        self._is_listed = False

    def add(
        self, view: ViewName, outcome: Uint8Array | ViewError, path: Path | None, *, is_image: bool
    ) -> None:
        """Add a view, made or not; its row is then in the document."""
        reason = str(outcome) if isinstance(outcome, ViewError) else ""
        if path is not None:
            self.row.setdefault("views", {})[view.value] = {
                "status": FAILED if reason else OK,
                "reason": reason or None,
                "path": None if reason else str(path),
            }
        if is_image:
            rendered = encode_view(outcome)
            reason = reason or rendered.reason
            self.row.setdefault("images", {})[view.value] = rendered.as_json()
        if reason:
            self.reasons[view.value] = reason
        else:
            self.views.append(view.value)
        self.list_it()

    def list_it(self) -> None:
        """Add the row to the document, once."""
        if not self._is_listed:
            self._rows.append(self.row)
            self._is_listed = True

    def withdraw(self) -> None:
        """Take the row out of the document again."""
        if self._is_listed:
            self._rows.withdraw()
            self._is_listed = False


def finish_pictures(
    plan: PicturePlan,
    done: PicturesDone,
    run: Run,
    output: ViewOutput,
    terminal: Terminal,
    head: dict[str, Any] | None = None,
) -> int:
    """Print how it ended, write the JSON document, and return the exit code.

    Args:
        plan: the pictures.
        done: what came of them.
        run: how long it took.
        output: where the document goes.
        terminal: prints notes and the document.
        head: what the document says of the run; None says only which format it is.
    """
    rows = done.rows
    _say_the_end(len(plan.pictures), done, terminal)
    if rows.count > 1:
        terminal.note(summary(rows.count, "pictures", rows.objects, run.elapsed_s))
    if output.json:
        if output.json != "-":
            make_folder(Path(output.json).parent)
        skipped = [{"path": str(p.source), "output": str(p.target)} for p in plan.skipped]
        document = head or {"schema": SCHEMA}
        document |= {"skipped": skipped} if skipped else {}
        document |= {"left_out": done.left_out} if done.left_out else {}
        terminal.document(document, output.json, ("images", chain(plan.earlier, rows)))
    if done.stopped and stopping.stop_requested():
        return stopping.exit_code()
    return 1 if done.left_out or done.unmade or done.stopped or plan.lacking else 0


def _say_the_end(planned: int, done: PicturesDone, terminal: Terminal) -> None:
    """Print how many pictures were written where not all were, and which were left out where that may have scrolled away."""
    failed = len(done.left_out)
    if done.stopped or failed:
        what = f"{failed} left out" if failed else ""
        stopped = "stopped before the rest" if done.stopped and done.rows.count < planned else ""
        said = [words for words in (what, stopped) if words]
        terminal.note(", ".join([f"{done.rows.count} of {planned} pictures written", *said]))
    if failed and planned > _MANY:
        for reason in done.left_out[:_MOST_TOLD]:
            terminal.note(f"left out: {reason}")
        if failed > _MOST_TOLD:
            terminal.note(f"and {failed - _MOST_TOLD} more; --json names all")


def _is_full(error: HeatcamError) -> bool:
    """Return True if nothing more can be written, so that going on is in vain."""
    cause = error.__cause__
    return isinstance(error, SinkError) and isinstance(cause, OSError) and cause.errno in _NO_ROOM
