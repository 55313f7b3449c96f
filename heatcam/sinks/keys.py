"""The window's keys: one table of key, action and help, from which the help texts are drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

ESCAPE = 27


class Action(Enum):
    """What the person at the window can ask for."""

    TOGGLE_HEATMAP = "toggle heatmap"
    SAVE_SNAPSHOT = "save snapshot"
    QUIT = "quit"


@dataclass(frozen=True)
class KeyBinding:
    """One line of the table.

    Attributes:
        codes: the keys' codes, as ``cv2.waitKeyEx`` gives them.
        label: the keys for people: ``q, Esc``.
        action: what they do.
        help: what they do, for people.
    """

    codes: tuple[int, ...]
    label: str
    action: Action
    help: str


class KeyTable:
    """All bindings of a window, in the order of the help.

    Raises:
        ValueError: at construction, for a key or an action that stands in two lines, or a line without keys.
    """

    def __init__(self, bindings: Sequence[KeyBinding]) -> None:
        self._bindings = tuple(bindings)
        self._by_code: dict[int, Action] = {}
        actions = [binding.action for binding in self._bindings]
        for binding in self._bindings:
            if not binding.codes:
                raise ValueError(f"no key for {binding.action.value}")
            if actions.count(binding.action) > 1:
                raise ValueError(f"{binding.action.value} stands in two lines; name all its keys in one")
            for code in binding.codes:
                if code in self._by_code:
                    raise ValueError(
                        f"key {code} does both {self._by_code[code].value} and {binding.action.value}"
                    )
                self._by_code[code] = binding.action

    def __iter__(self) -> Iterator[KeyBinding]:
        return iter(self._bindings)

    def action_for(self, code: int) -> Action | None:
        """What the key with a code of ``cv2.waitKeyEx`` does; None for nothing."""
        if code in self._by_code:
            return self._by_code[code]
        # GTK adds Num Lock and Caps Lock above bit 16. Windows' arrows have their whole code up there and zero below,
        # so what is left below still is a key, as it is not with the common ``& 0xFF``, which makes arrows letters.
        return self._by_code.get(code & 0xFFFF) if code > 0xFFFF else None

    def as_text(self) -> str:
        """The table as aligned lines: key, two spaces, help."""
        width = max((len(binding.label) for binding in self), default=0)
        return "\n".join(f"{binding.label:<{width}}  {binding.help}" for binding in self)

    def as_markdown(self) -> str:
        """The table for the README."""
        lines = [f"| `{binding.label}` | {binding.help} |" for binding in self]
        return "\n".join(["| Key | What it does |", "|---|---|", *lines])


# Capitals too: with Caps Lock on, `h` arrives as `H`.
DEFAULT_KEYS = KeyTable(
    (
        KeyBinding((ord("h"), ord("H")), "h", Action.TOGGLE_HEATMAP, "heat map or plain detection"),
        KeyBinding((ord("s"), ord("S")), "s", Action.SAVE_SNAPSHOT, "save what you see as a picture"),
        KeyBinding((ord("q"), ord("Q"), ESCAPE), "q, Esc", Action.QUIT, "quit"),
    )
)
