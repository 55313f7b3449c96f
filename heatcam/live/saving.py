"""Snapshots and recordings of the window (keys ``s`` and ``R``), written in the background."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, replace
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any

from heatcam.errors import HeatcamError
from heatcam.frames import Explanation
from heatcam.geometry import Uint8Array, fitted_into
from heatcam.live.asked import asked_row
from heatcam.live.compared import described, explanations_shown
from heatcam.live.covers_shown import covers_row
from heatcam.live.questions import NO_ANSWERS, FrameAnswers
from heatcam.live.state import WindowState
from heatcam.sinks import (
    LiveRecorder,
    RecorderOptions,
    free_path,
    other_folders,
    write_picture,
    write_raw_maps,
    write_whole,
)

_NOMINAL_FPS = 30.0  # frames carry their own times; this sets only the duration of the last one
_OPTIONS = RecorderOptions(min_free=500_000_000)  # bytes: a full disk is worse than a short recording
_APART = ("prompt", "field")  # of the state: the settings have the prompt beside it
STOP_S = 10.0  # maximum wait for unfinished snapshots at the end


@dataclass(frozen=True, eq=False)
class Shown:
    """A picture's explanation, the choices that it was drawn with, and the answers on it."""

    explanation: Explanation
    state: WindowState
    answers: FrameAnswers

    def explanations(self) -> dict[str, Explanation]:
        """Return what is shown by what its files end in."""
        return explanations_shown(self.explanation, self.state)

    def as_plain(self) -> dict[str, Any]:
        """Return what its settings file says of it."""
        frame = self.explanation.frame
        asked = asked_row(self.answers) | (covers_row(self.answers) if self.state.questions.strokes else {})
        asked = asked if self.state.questions.are_any else {}
        prompt = self.state.prompt
        return {
            "view": as_plain(self.state),
            **described(self.explanation, self.state),
            **({} if prompt is None else {"prompt": prompt.as_plain()}),
            **({"answers": asked} if asked else {}),
            "frame_index": frame.frame_index,
            "pts_s": frame.pts_s,
        }


class Snapshots:
    """Writes the window's picture, the raw map and the settings side by side, in a thread of its own.

    Args:
        folder: the output folder.
        about: facts for the settings file beside the view: the model and the source.
    """

    def __init__(self, folder: Path, about: dict[str, Any]) -> None:
        self._folder = folder
        self._absolute = folder.absolute()
        self._about = about
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="heatcam snapshot")
        self._waiting: list[Future[tuple[str, bool]]] = []
        self._given: set[Path] = set()
        self._failures: list[str] = []

    def about(self, facts: dict[str, Any]) -> None:
        """Add facts to the settings files written from now on."""
        self._about = self._about | facts

    def save(
        self,
        picture: Uint8Array,
        explanation: Explanation,
        state: WindowState,
        answers: FrameAnswers = NO_ANSWERS,
    ) -> None:
        """Start to write ``NAME.png``, ``NAME.npz`` and ``NAME.json``; ``news`` returns the outcome.

        Of two models that are shown together there are ``NAME-a.npz`` and ``NAME-b.npz``.
        """
        shown = Shown(explanation, state, answers)
        stem = f"heatcam-{stamp()}-{explanation.frame.frame_index:06d}"
        name = free_path(self._folder / f"{stem}.png", self._given)
        self._given.add(name)
        self._waiting.append(self._writer.submit(self._save, name, picture, shown))

    def news(self) -> list[str]:
        """Return a message for each snapshot saved, or not saved and why, since the last call."""
        done = [future for future in self._waiting if future.done() and not future.cancelled()]
        self._waiting = [future for future in self._waiting if not future.done()]
        return [self._noted(*future.result()) for future in done]

    @property
    def failed(self) -> bool:
        """True if ``news`` or ``close`` has reported a snapshot that could not be saved in its folder."""
        return bool(self._failures)

    def close(self) -> list[str]:
        """Wait for unfinished snapshots; return earlier failures and the last news, each once."""
        earlier = list(self._failures)  # those that ``news`` has returned already
        wait(self._waiting, STOP_S)
        late = sum(not future.done() for future in self._waiting)
        self._writer.shutdown(wait=not late, cancel_futures=True)
        if late:
            self._failures.append(f"{late} snapshots were not written in time")
        return [*earlier, *self.news(), *(self._failures[-1:] if late else [])]

    def _noted(self, text: str, whole: bool) -> str:
        if not whole:
            self._failures.append(text)
        return text

    def _save(self, path: Path, picture: Uint8Array, shown: Shown) -> tuple[str, bool]:
        """Write to the folder or, if it is gone or its disk full, to another one.

        Returns:
            The message to show, and True if the files are where they were asked for.
        """
        failure = self._write(path, picture, shown)
        if not failure:
            return f"saved {path.name}", True
        for folder in other_folders(self._absolute):
            other = free_path(folder / path.name)
            if folder != self._absolute and not self._write(other, picture, shown):
                return f"{failure}; saved as {other}", False
        return failure, False

    def _write(self, path: Path, picture: Uint8Array, shown: Shown) -> str:
        """Write the files, all or none; return the reason of a failure, "" for success."""
        settings = self._about | shown.as_plain()
        text = json.dumps(settings, indent=2, ensure_ascii=False) + "\n"
        steps: list[tuple[str, Callable[[Path], None]]] = [
            (".png", lambda file: write_picture(file, picture)),
            *(
                (f"{name}.npz", partial(write_raw_maps, explanation=own))
                for name, own in shown.explanations().items()
            ),
            (".json", lambda file: write_whole(file, text.encode())),
        ]
        written: list[Path] = []
        try:
            for suffix, write in steps:
                file = path.with_name(path.stem + suffix)
                write(file)
                written.append(file)
        except (HeatcamError, OSError, MemoryError) as error:
            for file in written:
                with contextlib.suppress(OSError):
                    file.unlink()
            return str(error) or f"{path.name} could not be saved ({type(error).__name__})"
        return ""


class RecordingToggle:
    """Records the pictures that are shown while it is on. Called from the display thread, which it never blocks.

    A recording keeps the size of its first picture: later ones of another size are letterboxed into it.

    Args:
        folder: the output folder.
        clock: monotonic clock, in seconds.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._clock = clock
        self._recorder: LiveRecorder | None = None
        self._started_s = 0.0
        self._last_pts_s = -1.0
        self._ender = ThreadPoolExecutor(1, thread_name_prefix="heatcam recording")
        self._ending: list[Future[tuple[str, int, bool]]] = []
        self._failures: list[str] = []
        #: Number of pictures dropped because the encoder was too slow, over all recordings.
        self.dropped = 0

    @property
    def seconds(self) -> float | None:
        """Seconds since the recording started; None while it is off."""
        return None if self._recorder is None else self._clock() - self._started_s

    def start(self, picture: Uint8Array) -> str:
        """Start a recording with the size of ``picture``; return the message to show. After a failure it stays off."""
        path = free_path(self._folder / f"heatcam-{stamp()}.mp4")
        size_wh = picture.shape[1], picture.shape[0]
        try:
            self._recorder = LiveRecorder(path, size_wh, _NOMINAL_FPS, options=_OPTIONS)
        except (HeatcamError, OSError) as error:
            self._failures.append(str(error))
            return str(error)
        self._started_s, self._last_pts_s = self._clock(), -1.0
        return f"recording {path.name}"

    def offer(self, picture: Uint8Array) -> str:
        """Add a shown picture at the current time; return a message if the recording has failed, else ""."""
        recorder = self._recorder
        if recorder is None:
            return ""
        if recorder.failure is not None:
            text = str(recorder.failure)
            self.stop()
            return text
        pts_s = self._clock() - self._started_s
        if pts_s > self._last_pts_s:
            self._last_pts_s = pts_s
            recorder.offer(fitted_into(picture, recorder.size_wh), pts_s)
        return ""

    def stop(self) -> str:
        """Finish the file in the background; return the message to show, "" if it was off. ``news`` returns the outcome."""
        recorder, self._recorder = self._recorder, None
        if recorder is None:
            return ""
        self._ending.append(self._ender.submit(_finished, recorder))
        return f"finishing {recorder.path.name}"

    def news(self) -> list[str]:
        """Return a message for each recording that was finished since the last call."""
        done = [future for future in self._ending if future.done()]
        self._ending = [future for future in self._ending if not future.done()]
        return [self._noted(*future.result()) for future in done]

    @property
    def failed(self) -> bool:
        """True if a recording could not be started or finished, or failed while running."""
        return bool(self._failures)

    def close(self) -> list[str]:
        """Finish a running recording and wait for it; return earlier failures and the last news."""
        self.stop()
        wait(self._ending)
        self._ender.shutdown()
        earlier = list(self._failures)
        return [*earlier, *self.news()]

    def _noted(self, text: str, dropped: int, whole: bool) -> str:
        self.dropped += dropped
        if not whole:
            self._failures.append(text)
        return text


def _finished(recorder: LiveRecorder) -> tuple[str, int, bool]:
    """Finish a file; return the message to show, the number of dropped pictures, and True if the file is complete."""
    failure: BaseException | None = None
    try:
        recorder.close()
    except (HeatcamError, OSError) as error:
        failure = error
    failure = recorder.failure or failure
    if failure is not None:
        return str(failure), recorder.dropped, False
    lost = f", {recorder.dropped} dropped" if recorder.dropped else ""
    return f"recorded {recorder.path.name}, {recorder.frames} frames{lost}", recorder.dropped, True


def as_plain(state: WindowState) -> dict[str, Any]:
    """Convert the choices to plain values for JSON, by the names of their fields; the prompt and the text field are left out."""
    plain = asdict(replace(state, prompt=None, field=None))
    return {name: v.value if isinstance(v, Enum) else v for name, v in plain.items() if name not in _APART}


def stamp() -> str:
    """Return the local time in the form used in file names, ``YYYYmmdd-HHMMSS``."""
    return time.strftime("%Y%m%d-%H%M%S")
