"""Messages about slow steps, sent by the code that takes them and shown in the terminal's status line.

>>> with shown_by(status.update):
...     say_doing("proving the gradient")
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

logger = logging.getLogger(__name__)


def say_doing(text: str) -> None:
    """Send a message about the step that begins, in a few words such as ``proving the gradient``; unheard without a listener."""
    logger.info("%s", text)


@contextmanager
def shown_by(show: Callable[[str], None]) -> Iterator[None]:
    """Call ``show`` with the text of each message sent within this block."""
    handler, level = _Handler(show), logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


class _Handler(logging.Handler):
    """A log handler that calls ``show`` with each message's text."""

    def __init__(self, show: Callable[[str], None]) -> None:
        super().__init__()
        self._show = show

    def emit(self, record: logging.LogRecord) -> None:
        """See ``logging.Handler``."""
        self._show(record.getMessage())
