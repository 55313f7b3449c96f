"""Learning of ``heatcam drift``: blocks of time while all is well become a baseline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from heatcam import __version__
from heatcam.commands.drift_options import DriftOptions
from heatcam.commands.drift_run import DriftDone
from heatcam.commands.terminal import ProgressSink, Terminal
from heatcam.drift import (
    DAY_S,
    FEWEST_BLOCKS,
    Baseline,
    BaselineDocument,
    Block,
    Learnt,
    baseline_of,
    part_in_words,
    write_document,
)
from heatcam.errors import UsageError
from heatcam.frames import ExplainerFacts
from heatcam.sources import Source

_LIVE_BLOCK_S, _FILE_BLOCK_S = 600.0, 10.0
_LIVE_DAY_PARTS = 6
_PERCENT = 100  # a kill loses no more than one of what was learnt


class Learning:
    """Activity that learns a baseline: see ``Activity``. The file is written whole as it grows, from the tenth block on.

    Args:
        source: the source, not entered yet.
        facts: the explainer's.
        classes: names of the classes that it can find.
        options: settings of the command.
        earlier: the baseline to go on with; None begins anew.
        terminal: prints results and notes.

    Raises:
        UsageError: ``earlier`` was learnt in other blocks.
    """

    def __init__(
        self,
        source: Source,
        facts: ExplainerFacts,
        classes: Sequence[str],
        options: DriftOptions,
        earlier: Baseline | None,
        terminal: Terminal,
    ) -> None:
        assert options.choice.learn is not None
        self._path: Path = options.choice.learn
        self._terminal, self._to_stdout = terminal, options.output.json == "-"
        self._json = options.output.json
        is_live = source.is_live
        usual_s, usual_parts = (_LIVE_BLOCK_S, _LIVE_DAY_PARTS) if is_live else (_FILE_BLOCK_S, 1)
        if earlier is not None:
            usual_s, usual_parts = earlier.document.learnt_block_s, earlier.document.day_parts
        self._learnt = Learnt(
            facts,
            tuple(classes),
            source.name,
            is_live,
            options.choice.block or usual_s,
            options.choice.day_parts or usual_parts,
            options.choice.every,
            __version__,
            datetime.now().astimezone().isoformat(timespec="seconds"),
        )
        self.block_s = self._learnt.block_s
        self._blocks = [] if earlier is None else list(earlier.learnt_blocks)
        self._require_same_blocks(earlier)
        self._document: BaselineDocument | None = None
        self._bar: ProgressSink | None = None
        terminal.note(f"learning in blocks of {self.block_s:g} s; at least {FEWEST_BLOCKS} are needed")

    def _require_same_blocks(self, earlier: Baseline | None) -> None:
        if earlier is None:
            return
        own = earlier.document
        if (own.learnt_block_s, own.day_parts) != (self.block_s, self._learnt.day_parts):
            raise UsageError(
                f"{self._path} was learnt in blocks of {own.learnt_block_s:g} s and {own.day_parts} parts of the day",
                "leave out --block and --day-parts",
            )
        if own.clock != ("wall" if self._learnt.is_live else "source") or not self._learnt.is_live:
            raise UsageError(
                "only a live source's baseline can be gone on with", "learn a new one, for longer"
            )

    def __enter__(self) -> Learning:
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing: the file is whole."""

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the number of frames while it lasts, on a terminal."""
        with self._terminal.progress("frames") as progress:
            task = progress.add_task("learning", total=None, rate=0.0)
            self._bar = ProgressSink(progress, task, lambda: progress.tasks[0].speed or 0.0)
            yield

    def looked(self, frames: int, objects: int) -> None:
        """Note that a frame was looked at."""
        del frames, objects
        if self._bar is not None:
            self._bar.advance()

    def take(self, block: Block, at: str) -> bool:
        """Take a block.

        Raises:
            SinkError: the file cannot be written.
        """
        del at
        self._blocks.append(block)
        count = len(self._blocks)
        if count >= FEWEST_BLOCKS and count % max(1, count // _PERCENT) == 0:
            self._write()
        return False

    def _write(self) -> None:
        self._document = baseline_of(self._learnt, self._blocks)
        write_document(self._path, self._document)

    def end(self, done: DriftDone) -> int:
        """Print what was learnt.

        Raises:
            UsageError: it is too little for a baseline.
        """
        if len(self._blocks) >= FEWEST_BLOCKS:
            self._write()
        if self._document is None:
            if not done.interrupted and done.error is None:
                baseline_of(self._learnt, self._blocks)
            done.notes.append(
                f"{len(self._blocks)} whole blocks of {self.block_s:g} s are too few: nothing is written"
            )
            return 1
        if self._json:
            self._terminal.document(self._summary(self._document), self._json)
        say = self._terminal.note if self._to_stdout else self._terminal.result
        say(learnt_in_words(self._path, Baseline(self._document)))
        for note in cautions(Baseline(self._document)):
            self._terminal.note(note)
        return 0

    def _summary(self, document: BaselineDocument) -> dict[str, object]:
        head = document.model_dump(mode="json", by_alias=True, exclude={"blocks"})
        return head | {"path": str(self._path), "blocks": len(Baseline(document).blocks)}


def learnt_in_words(path: Path, baseline: Baseline) -> str:
    """Return one line about a baseline."""
    document = baseline.document
    seen = {name for block in baseline.learnt_blocks for name in block.sums}
    objects = sum(int(block.total[0]) for block in baseline.learnt_blocks)
    return (
        f"{path}  {len(baseline.blocks)} blocks of {document.block_s:g} s, {objects} objects of "
        f"{len(seen)} class{'es' * (len(seen) != 1)}"
    )


def cautions(baseline: Baseline) -> list[str]:
    """Return what a baseline does not know, a line each: neighbours that are alike, parts of the day, few days."""
    document, found = baseline.document, []
    if document.block_s > document.learnt_block_s:
        found.append(
            f"neighbouring blocks of {document.learnt_block_s:g} s are alike: those to come are {document.block_s:g} s long"
        )
    if document.alikeness is not None and document.alikeness > _STILL_ALIKE:
        found.append(
            f"neighbouring blocks may still be alike (rank correlation {document.alikeness:g}): learn for longer, or there may "
            "be more false alarms than promised"
        )
    if document.clock == "wall":
        found += _cautions_about_days(baseline)
    return found


_STILL_ALIKE = 0.4


def _cautions_about_days(baseline: Baseline) -> list[str]:
    document, blocks = baseline.document, baseline.learnt_blocks
    days = (blocks[-1].start_s - blocks[0].start_s) / DAY_S
    judged = baseline.parts
    missing = [
        part_in_words(part, document.day_parts) for part in range(document.day_parts) if part not in judged
    ]
    found = []
    if missing and document.day_parts > 1:
        found.append(
            f"too little was seen to judge {', '.join(missing)}: learn then too, or take fewer --day-parts"
        )
    if days < _FEWEST_DAYS:
        found.append(
            f"it covers {days:.1f} days: what differs from day to day, such as weather, is not in it and will count as drift"
        )
    return found


_FEWEST_DAYS = 3.0
