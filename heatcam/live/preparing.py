"""Background preparation of explainers that take seconds to build, while the stream goes on with the previous one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from heatcam.enums import ComparedView
from heatcam.errors import HeatcamError, UsageError
from heatcam.live.explain_request import ExplainRequest
from heatcam.live.window_prompt import WindowPrompt

MOST_KEPT = 6  # of two models: A, B and both, each for the stream and for a paused frame
_SOON_S = 0.1  # first wait; an explainer built before is ready by then, and no older one need step in

Made = TypeVar("Made")


class Key(NamedTuple):
    """Choices that an explainer is made by.

    Attributes:
        method, layers: the CAM method and its layers; "" for the method's own.
        still: True for a paused frame.
        iou, classes, compared, prompt: those of ``ExplainRequest``.
    """

    method: str
    layers: str
    still: bool
    iou: float = 0.7
    classes: tuple[str, ...] = ()
    compared: ComparedView = ComparedView.A
    prompt: WindowPrompt | None = None

    @classmethod
    def of(cls, request: ExplainRequest) -> Key:
        """Return the key of a request's explainer."""
        return cls(
            request.method,
            request.layers,
            request.still,
            request.iou,
            request.classes,
            request.compared,
            request.prompt,
        )


class Preparing(Generic[Made]):
    """Makes one object after the other in the background; of several waiting keys only the newest is made.

    Called from one thread.

    Args:
        make: makes the object of a key; takes seconds, and may raise a ``HeatcamError``; called in a thread of its own.
    """

    def __init__(self, make: Callable[[Key], Made]) -> None:
        self._make = make
        self._made: dict[Key, Made] = {}
        self._refused: dict[Key, tuple[str, str]] = {}
        self._failure: BaseException | None = None
        self._wanted: Key | None = None
        self._since_s = 0.0
        self._works = False
        self._changed = threading.Condition()

    def get(self, key: Key, *, waits: bool = False) -> Made | None:
        """Return the object made for ``key``; None while it is being made, which this call starts.

        Args:
            key: the key needed now; it replaces an earlier one that is still waiting.
            waits: wait until it is made, however long that takes.

        Raises:
            HeatcamError: ``make`` failed for this key, now or in an earlier try.
        """
        with self._changed:
            if key not in self._made and key not in self._refused:
                soon_s = _SOON_S if self._want(key) else 0.0
                self._changed.wait_for(lambda: self._is_settled(key), None if waits else soon_s)
            if self._failure is not None:
                raise self._failure
            if not self._is_settled(key):
                return None
            self._wanted = None
            if key in self._refused:
                raise UsageError(*self._refused[key])
            self._made[key] = self._made.pop(key)  # (the most recently used stands last)
            return self._made[key]

    def made(self, key: Key) -> Made | None:
        """Return the object of ``key`` if it was made, without having it made."""
        with self._changed:
            return self._made.get(key)

    def progress(self) -> tuple[Key, float] | None:
        """Return the key that is being waited for, and the seconds so far; None for none."""
        with self._changed:
            return None if self._wanted is None else (self._wanted, time.monotonic() - self._since_s)

    def _is_settled(self, key: Key) -> bool:
        return key in self._made or key in self._refused or self._failure is not None

    def _want(self, key: Key) -> bool:
        """Have ``key`` made next; return False if it was already the wanted one."""
        is_new = self._wanted != key
        if is_new:
            self._wanted, self._since_s = key, time.monotonic()
        if not self._works:
            self._works = True
            threading.Thread(target=self._work, name="heatcam preparing", daemon=True).start()
        return is_new

    def _work(self) -> None:
        """Make the wanted keys until none is missing (the thread's function)."""
        while (key := self._next()) is not None:
            try:
                made = self._make(key)
            except HeatcamError as error:
                with self._changed:
                    self._refused[key] = error.problem, error.next_step
                    self._changed.notify_all()
            except BaseException as error:  # noqa: BLE001 (kept; raised in the calling thread)
                with self._changed:
                    self._failure, self._works = error, False
                    self._changed.notify_all()
                return
            else:
                with self._changed:
                    self._made = {own: one for own, one in self._made.items() if own.prompt == key.prompt}
                    self._made[key] = made  # (those of other prompts are other networks)
                    while len(self._made) > MOST_KEPT:
                        self._made.pop(next(iter(self._made)))
                    self._changed.notify_all()

    def _next(self) -> Key | None:
        with self._changed:
            key = self._wanted
            if key is None or self._is_settled(key):
                self._works = False
                return None
            return key
