"""Outputs of a watch, block by block: the state, the log, the webhook."""

from __future__ import annotations

import queue
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from heatcam.drift.documents import DriftAlarm
from heatcam.drift.files import write_document
from heatcam.drift.log import BlockLog
from heatcam.drift.series import SeriesName
from heatcam.drift.watch import DriftWatch, JudgedBlock, SeriesStanding, key_of
from heatcam.drift.webhook import Post, Webhook
from heatcam.text import printable

_WORDS = {
    "energy_in_box": "energy in box",
    "evidence": "evidence",
    "low_evidence": "share of low evidence",
    "confidence": "confidence",
    "detections": "detections a frame",
}


def measure_in_words(name: SeriesName) -> str:
    """Return the measure for people."""
    return _WORDS[name.measure.value]


def alarm_in_words(alarm: DriftAlarm) -> str:
    """Return one line about an alarm: ``person: energy in box has drifted, now 0.41, in the baseline 0.63``."""
    name = SeriesName(alarm.class_name, alarm.measure)
    return printable(
        f"{name.about}: {measure_in_words(name)} has drifted, now {alarm.value:.3g}, in the baseline {alarm.baseline:.3g}"
    )


class WatchKeeper:
    """Keeper of a watch: after each block the log has its line, then the state is written, then alarms are handed to the webhook.

    Alarms that no webhook has taken before a restart are sent again.

    Args:
        watch: the watch.
        source: the source's name, for the webhook.
        state: a file for the state; None keeps none.
        log: a file for a line a block; None for none.
        webhook: makes the webhook of a function that it calls with each key that was taken; None for none.

    Raises:
        HeatcamError: a file cannot be written.
    """

    def __init__(
        self,
        watch: DriftWatch,
        source: str,
        state: Path | None = None,
        log: Path | None = None,
        webhook: Callable[[Callable[[str], None]], Webhook] | None = None,
    ) -> None:
        self._watch, self._source, self._state = watch, source, state
        self._log = None if log is None else BlockLog(log)
        self._taken: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._webhook = None if webhook is None else webhook(self._taken.put)
        for alarm in watch.alarms:
            if key_of(alarm) in watch.untold:
                self._send(alarm)

    def keep(self, judged: JudgedBlock, at: str) -> None:
        """Keep one judged block; ``at`` is the local time of its end.

        Raises:
            SinkError: a file cannot be written.
        """
        if self._log is not None:
            self._log.write(line_of(judged, self._watch, at))
        if self._webhook is not None:
            self._watch.untold += [key_of(alarm) for alarm in judged.alarms]
        self.save()
        for alarm in judged.alarms:
            self._send(alarm)

    def save(self) -> None:
        """Write the state.

        Raises:
            SinkError: it cannot be written.
        """
        while not self._taken.empty():
            key = self._taken.get()
            self._watch.untold = [own for own in self._watch.untold if own != key]
        if self._state is not None:
            write_document(self._state, self._watch.state())

    def _send(self, alarm: DriftAlarm) -> None:
        if self._webhook is not None:
            self._webhook.send(Post(key_of(alarm), post_of(alarm, self._watch, self._source)))

    def __enter__(self) -> WatchKeeper:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Send what is waiting, and write the state.

        Raises:
            SinkError: it cannot be written, and nothing else has failed.
        """
        if self._webhook is not None:
            self._webhook.close()
        if self._log is not None:
            self._log.__exit__(kind, error, trace)
        if kind is None or not issubclass(kind, Exception):
            self.save()


def post_of(alarm: DriftAlarm, watch: DriftWatch, source: str) -> dict[str, Any]:
    """Return what a webhook gets: the alarm, and where; ``text`` is what chats show."""
    text = alarm_in_words(alarm)
    return {
        "event": "drift",
        "text": f"heatcam: {printable(source)}: {text}",
        "source": source,
        "model": watch.baseline.document.model.name,
        "baseline": watch.baseline.fingerprint[:12],
        "alarm": alarm.model_dump(mode="json"),
    }


def line_of(judged: JudgedBlock, watch: DriftWatch, at: str) -> dict[str, Any]:
    """Return the log's line about a block: classes that neither it nor the baseline has seen are left out."""
    standings = [own for own in watch.standings() if own.value or own.baseline]
    return {
        "at": at,
        "block": watch.blocks,
        "part": judged.part,
        "judged": judged.is_judged,
        "frames": judged.block.frames,
        "drifted": [key_of(alarm) for alarm in watch.alarms],
        "alarms": [alarm.model_dump(mode="json") for alarm in judged.alarms],
        "series": {own.name.key: standing_document(own) for own in standings},
    }


def standing_document(own: SeriesStanding) -> dict[str, Any]:
    """Return a standing as plain values, rounded."""
    return {
        "value": _rounded(own.value),
        "baseline": _rounded(own.baseline),
        "log10_e": round(own.log10_e, 2),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")
