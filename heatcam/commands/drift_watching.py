"""Watching of ``heatcam drift``: blocks are judged, and what has drifted is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from heatcam.commands.drift_display import DriftDisplay, show_standings
from heatcam.commands.drift_options import DriftOptions
from heatcam.commands.drift_run import DriftDone
from heatcam.commands.terminal import Terminal
from heatcam.drift import (
    Baseline,
    Block,
    DriftWatch,
    StateDocument,
    WatchKeeper,
    Webhook,
    alarm_in_words,
    standing_document,
)
from heatcam.sources import Source

DRIFT_SCHEMA = "heatcam/drift/1"


class Watching:
    """Activity that judges blocks against a baseline: see ``Activity``.

    Args:
        source: the source, not entered yet.
        baseline: what is watched against.
        state: of an earlier run; None begins anew.
        options: settings of the command.
        terminal: prints results and notes.
    """

    def __init__(
        self,
        source: Source,
        baseline: Baseline,
        state: StateDocument | None,
        options: DriftOptions,
        terminal: Terminal,
    ) -> None:
        self._source, self._options, self._terminal = source, options, terminal
        self._watch = watch = DriftWatch(baseline, options.choice.false_alarms, state)
        self._judged, self._said_frames = 0, False
        self.block_s = baseline.document.block_s
        self._display = DriftDisplay(watch, terminal, quiet=options.output.json == "-")
        output = options.output
        url = output.webhook
        self._keeper = WatchKeeper(
            watch,
            source.name,
            output.state,
            output.log,
            None if url is None else lambda taken: Webhook(url, terminal.note, taken),
        )
        self._say_what_is_watched(state)

    def _say_what_is_watched(self, state: StateDocument | None) -> None:
        document = self._watch.baseline.document
        self._terminal.note(
            f"watching {len(self._watch.standings())} series in blocks of {document.block_s:g} s against "
            f"{len(self._watch.baseline.blocks)} of {document.source}; "
            f"false alarms: at most {self._options.choice.false_alarms:g} ever"
        )
        if state is not None:
            self._terminal.note(f"going on after {state.blocks} blocks, {len(state.alarms)} series drifted")

    def __enter__(self) -> Watching:
        self._keeper.__enter__()
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        """Keep the state, and send what is waiting.

        Raises:
            SinkError: the state cannot be written.
        """
        self._keeper.__exit__(kind, error, trace)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the table of what is nearest to its alarm while it lasts, on a terminal."""
        with self._display.shown():
            yield

    def looked(self, frames: int, objects: int) -> None:
        """Note that a frame was looked at."""
        self._display.looked(frames, objects)

    def take(self, block: Block, at: str) -> bool:
        """Judge a block; return True where the first alarm ends the run.

        Raises:
            SinkError: the state or the log cannot be written.
        """
        self._compare_frames(block)
        judged = self._watch.judge(block, at)
        self._judged += judged.is_judged
        self._keeper.keep(judged, at)
        self._display.judged(judged, at)
        return self._options.choice.exit_on_drift and bool(self._watch.alarms)

    def _compare_frames(self, block: Block) -> None:
        """Say once that blocks have much fewer or more frames than the baseline's: their means vary otherwise then."""
        usual = self._watch.baseline.usual_frames
        if not self._said_frames and not usual / 2 <= block.frames <= usual * 2:
            self._said_frames = True
            self._terminal.note(
                f"a block had {block.frames} frames, in the baseline {usual}: means of fewer frames vary more, "
                "which can count as drift"
            )

    def end(self, done: DriftDone) -> int:
        """Print the summary and write the document; 1 where something has drifted or nothing could be judged."""
        watch, output = self._watch, self._options.output
        if output.json != "-":
            show_standings(watch.standings(), self._terminal)
            for alarm in watch.alarms:
                self._terminal.result(f"{alarm.at}  {alarm_in_words(alarm)}")
            if not watch.alarms:
                self._terminal.result(
                    f"no drift in {watch.blocks} block{'s' * (watch.blocks != 1)}"
                    if watch.blocks
                    else "nothing was judged"
                )
        if output.json:
            self._terminal.document(self._document(done), output.json)
        if not self._judged and not done.interrupted:
            done.notes.append(
                f"no block could be judged: each takes {self.block_s:g} s, and half of it has to be seen"
            )
        if watch.unjudged:
            self._terminal.note(
                f"{watch.unjudged} blocks were not judged: the baseline has too little of that part of the day"
            )
        return 1 if watch.alarms else 0

    def _document(self, done: DriftDone) -> dict[str, Any]:
        watch = self._watch
        return {
            "schema": DRIFT_SCHEMA,
            "source": self._source.name,
            "model": watch.baseline.document.model.name,
            "baseline": watch.baseline.fingerprint,
            "false_alarms": self._options.choice.false_alarms,
            "block_s": self.block_s,
            "frames": done.run.frames,
            "blocks": watch.blocks,
            "blocks_not_judged": watch.unjudged,
            "blocks_left_out": done.left_out,
            "drifted": bool(watch.alarms),
            "alarms": [alarm.model_dump(mode="json") for alarm in watch.alarms],
            "series": {own.name.key: standing_document(own) for own in watch.standings()},
        }
