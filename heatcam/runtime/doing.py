"""What is being done, said where it is done and shown where somebody looks: a status line of the terminal.

>>> with shown_by(status.update):
...     say_doing("proving the gradient")
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

logger = logging.getLogger(__name__)


def say_doing(text: str) -> None:
    """Say what is done from now on, in a few words such as ``proving the gradient``; nothing where nobody listens."""
    logger.info("%s", text)


@contextmanager
def shown_by(show: Callable[[str], None]) -> Iterator[None]:
    """Give ``show`` each text that is said within this."""
    handler, level = _Handler(show), logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


class _Handler(logging.Handler):
    """Gives each message's text to ``show``."""

    def __init__(self, show: Callable[[str], None]) -> None:
        super().__init__()
        self._show = show

    def emit(self, record: logging.LogRecord) -> None:
        """See ``logging.Handler``."""
        self._show(record.getMessage())
