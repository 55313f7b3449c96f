"""Screen of a session: the window, or anything else that shows its pictures and has events for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol

from heatcam.geometry import Uint8Array
from heatcam.sinks import Event


@dataclass(frozen=True)
class Choose:
    """Choice of values where a key would cycle: ``changes`` are fields of ``WindowState``, valid already."""

    changes: Mapping[str, Any]


@dataclass(frozen=True)
class SeekTo:
    """Seek to ``seconds`` from the beginning of a file."""

    seconds: float


ScreenEvent = Event | Choose | SeekTo


class Screen(Protocol):
    """Shows a session's pictures, within its ``with``. Used in the session's thread alone: the main one for ``sinks.Viewer``."""

    @property
    def is_open(self) -> bool:
        """True once a picture is shown; until then ``poll`` returns at once."""
        ...

    def show(self, image_bgr: Uint8Array) -> None:
        """Show ``image_bgr``, uint8 ``(H, W, 3)`` BGR, which nobody draws on afterwards."""
        ...

    def poll(self, wait_ms: int = 1) -> Sequence[ScreenEvent]:
        """Return the events since the last call, oldest first, which is answered by then; wait for one if there are none.

        Args:
            wait_ms: time to wait at most, in milliseconds, at least 1.
        """
        ...

    def take_text(self, wanted: bool) -> None:
        """Return keys as ``Typed`` from now on, or as actions again; without effect where no keys are."""
        ...

    def room_wh(self, picture_wh: tuple[int, int]) -> tuple[int, int]:
        """Return width and height in pixels to draw for, where the frame and its layout have ``picture_wh``."""
        ...

    def size_wh(self) -> tuple[int, int] | None:
        """Return width and height of the window's picture area in screen pixels; None without a window."""
        ...

    def __enter__(self) -> Screen: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def set_full_screen(self, wanted: bool) -> None:
        """Fill the screen, or go back to a window; without effect where there is none."""
        ...
