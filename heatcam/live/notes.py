"""Short-lived notes on the top line: where a picture was saved, what a key changed."""

from __future__ import annotations

NOTE_S = 2.5


class Notes:
    """The newest note, as long as it is fresh. Times are of one clock, in seconds."""

    def __init__(self) -> None:
        self._text = ""
        self._until_s = 0.0

    def say(self, text: str, now_s: float) -> None:
        """Show ``text`` for a while; "" changes nothing."""
        if text:
            self._text, self._until_s = text, now_s + NOTE_S

    def text(self, now_s: float) -> str:
        """Return the note to show now; "" for none."""
        if now_s > self._until_s:
            self._text = ""
        return self._text
