"""Recordings of the live view: kept in a private folder that goes with the process, limited in number, size and length."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from heatcam.geometry import Uint8Array
from heatcam.live import RecordingToggle
from heatcam.web.live_parts import LiveSettings

_CHECKED_EVERY = 30  # pictures


@dataclass(frozen=True)
class FinishedRecording:
    """A recording that can be downloaded.

    Attributes:
        id: the name that requests know it by, not to be guessed.
        path: the file.
        bytes: its size.
        seconds: its length.
    """

    id: str
    path: Path
    bytes: int
    seconds: float


class Recordings:
    """Folder of the recordings. From any thread.

    Args:
        settings: how many are kept, and how large they may be together.
    """

    def __init__(self, settings: LiveSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._folder: Path | None = None
        self._finished: dict[str, FinishedRecording] = {}

    @property
    def folder(self) -> Path:
        """The private folder, made when it is first asked for."""
        with self._lock:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="heatcam-serve-"))  # (for this user alone)
            return self._folder

    def refusal(self) -> str:
        """Return the reason why no further recording can be started, with the next step; "" if one can."""
        kept = list(self._finished.values())
        if len(kept) >= self._settings.recordings:
            return f"{len(kept)} recordings are kept already; download and delete one first"
        if self.bytes >= self._settings.recordings_bytes:
            return "the recordings take all the space that they may; download and delete one first"
        return ""

    @property
    def bytes(self) -> int:
        """Size of all files in the folder, also the one that is being written."""
        folder = self._folder
        if folder is None:
            return 0
        return sum(_size_of(Path(place) / name) for place, _, names in os.walk(folder) for name in names)

    def add(self, path: Path, seconds: float) -> FinishedRecording:
        """Keep a finished file."""
        done = FinishedRecording(secrets.token_urlsafe(12), path, _size_of(path), seconds)
        with self._lock:
            self._finished[done.id] = done
        return done

    def all(self) -> list[FinishedRecording]:
        """Return what is kept, the newest last."""
        with self._lock:
            return list(self._finished.values())

    def get(self, recording_id: str) -> FinishedRecording | None:
        """Return a recording; None if there is none of this id."""
        return self._finished.get(recording_id)

    def delete(self, recording_id: str) -> bool:
        """Delete a recording; return False if there is none of this id."""
        with self._lock:
            done = self._finished.pop(recording_id, None)
        if done is not None:
            done.path.unlink(missing_ok=True)
        return done is not None

    def close(self) -> None:
        """Delete the folder and all that is in it."""
        with self._lock:
            self._finished.clear()
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


class LimitedRecording(RecordingToggle):
    """A session's recording into the private folder, which ends by itself at its limits.

    Args:
        recordings: takes the finished files.
        settings: length of one, and size of all together.
    """

    def __init__(self, recordings: Recordings, settings: LiveSettings) -> None:
        super().__init__(recordings.folder)
        self._recordings, self._settings = recordings, settings
        self._offered = 0
        #: The last recording that was stopped, once its file is finished; a text is the reason why there is none.
        self.outcome: Future[FinishedRecording | str] = Future()
        #: The reason why the last one could not be started; "" where it was.
        self.refused = ""

    def start(self, picture: Uint8Array) -> str:
        """Start a recording with the size of ``picture``; return the message to show. After a failure it stays off."""
        self.outcome, self._offered = Future(), 0
        said = super().start(picture)
        self.refused = "" if self.seconds is not None else said
        return said

    def offer(self, picture: Uint8Array) -> str:
        """Add a shown picture; return a message if the recording has failed or is at its limits, else ""."""
        said = super().offer(picture)
        self._offered += 1
        if (self.seconds or 0.0) > self._settings.recording_s:
            return f"{self.stop()}: as long as one may be"
        if self._offered % _CHECKED_EVERY == 0 and self._recordings.bytes > self._settings.recordings_bytes:
            return f"{self.stop()}: all the space is taken"
        return said

    def stop(self) -> str:
        """Finish the file in the background; return the message to show, "" if it was off."""
        recorder, seconds, outcome = self._recorder, self.seconds or 0.0, self.outcome
        said = super().stop()
        if recorder is not None:
            self._ending[-1].add_done_callback(self._keeps(recorder.path, seconds, outcome))
        return said

    def _keeps(
        self, path: Path, seconds: float, outcome: Future[FinishedRecording | str]
    ) -> Callable[[Future[tuple[str, int, bool]]], None]:
        def keep(ended: Future[tuple[str, int, bool]]) -> None:
            is_there = path.is_file()  # (also what a failure has left plays)
            outcome.set_result(
                self._recordings.add(path, round(seconds, 2)) if is_there else ended.result()[0]
            )

        return keep


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:  # deleted meanwhile
        return 0
