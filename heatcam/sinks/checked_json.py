"""Typed access to JSON that others may have written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from heatcam.text import printable

_LARGEST_WHOLE = 1 << 31
_LONGEST_WORD = 200


class CheckedJson:
    """Typed access to a JSON object: a value of another type refuses the archive.

    Args:
        data: the object.
        refuse: raises the error that refuses the archive, with the problem in words.
    """

    def __init__(self, data: Any, refuse: Callable[[str], NoReturn]) -> None:
        if not isinstance(data, dict):
            refuse("about has another form")
        self._data = data
        self._refuse = refuse

    def has(self, key: str) -> bool:
        """Return True if the value is there and not null."""
        return self._data.get(key) is not None

    def text(self, key: str) -> str:
        """Return a text."""
        value = self._data.get(key)
        return value if isinstance(value, str) else self._refuse(f"{key} is no text")

    def word(self, key: str) -> str:
        """Return a short text without control characters, to be drawn as it is."""
        value = self.text(key)
        return (
            value
            if len(value) <= _LONGEST_WORD and printable(value) == value
            else self._refuse(f"{key} is no name")
        )

    def flag(self, key: str) -> bool:
        """Return a boolean; False where it is missing."""
        value = self._data.get(key, False)
        return value if isinstance(value, bool) else self._refuse(f"{key} is neither true nor false")

    def number(self, key: str) -> float:
        """Return a finite number."""
        value = self._data.get(key)
        if not isinstance(value, int | float) or isinstance(value, bool) or not -1e18 < value < 1e18:
            self._refuse(f"{key} is no number")
        return float(value)

    def whole(self, key: str) -> int:
        """Return a whole number of at most 2**31 either way."""
        value = self._data.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _LARGEST_WHOLE:
            self._refuse(f"{key} is no whole number")
        return value

    def size(self, key: str) -> tuple[int, int]:
        """Return a width and a height, each at least 1."""
        value = self._data.get(key)
        if not isinstance(value, list) or len(value) != 2:
            self._refuse(f"{key} is no size")
        own = CheckedJson({"width": value[0], "height": value[1]}, self._refuse)
        wide, tall = own.whole("width"), own.whole("height")
        return (wide, tall) if min(wide, tall) >= 1 else self._refuse(f"{key} is no size")

    def inner(self, key: str) -> CheckedJson:
        """Return an object in it."""
        return CheckedJson(self._data.get(key), self._refuse)

    def inners(self, key: str) -> list[CheckedJson]:
        """Return the objects of a list in it."""
        value = self._data.get(key)
        if not isinstance(value, list):
            self._refuse(f"{key} is no list")
        return [CheckedJson(one, self._refuse) for one in value]
