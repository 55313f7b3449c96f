"""``--verbose``: a log of choices and their reasons, of measurements, and of hits in the cache."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from heatcam.commands.terminal import Terminal

VERBOSE = "--verbose"


def say_reasons(terminal: Terminal) -> None:
    """Print heatcam's log from now on, each line with the seconds that have passed."""
    logger = logging.getLogger("heatcam")
    for handler in [handler for handler in logger.handlers if isinstance(handler, _Saying)]:
        logger.removeHandler(handler)
    logger.addHandler(_Saying(terminal))
    logger.setLevel(logging.INFO)


def before_the_command(words: Sequence[str]) -> list[str]:
    """Return a command line's words with ``--verbose`` moved to the front: people also write it after the command."""
    end = list(words).index("--") if "--" in words else len(words)
    options = [word for word in words[:end] if word == VERBOSE]
    return [*options[:1], *(word for word in words[:end] if word != VERBOSE), *words[end:]]


class _Saying(logging.Handler):
    """A log handler that prints each message on the terminal."""

    def __init__(self, terminal: Terminal) -> None:
        super().__init__(logging.INFO)
        self._terminal = terminal
        self._started_s = time.monotonic()

    def emit(self, record: logging.LogRecord) -> None:
        """See ``logging.Handler``."""
        self._terminal.note(f"{time.monotonic() - self._started_s:6.1f} s  {record.getMessage()}")
