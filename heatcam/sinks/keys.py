"""The window's keys: one table of key, action and help, from which the help texts are drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

ESCAPE = 27
#: The arrows' codes: X11's (Qt and GTK), Windows', macOS'.
LEFT, UP = (0xFF51, 0x250000, 63234), (0xFF52, 0x260000, 63232)
RIGHT, DOWN = (0xFF53, 0x270000, 63235), (0xFF54, 0x280000, 63233)


class Action(Enum):
    """What the person at the window can ask for."""

    TOGGLE_HEATMAP = "toggle heatmap"
    DUAL_VIEW = "dual view"
    WIPE = "wipe"
    PAUSE = "pause"
    STEP_FORWARD = "step forward"
    STEP_BACK = "step back"
    SEEK_BACK = "seek back"
    SEEK_FORWARD = "seek forward"
    SEEK_FAR_BACK = "seek far back"
    SEEK_FAR_FORWARD = "seek far forward"
    FOCUS_NEXT = "focus next"
    FOCUS_PREVIOUS = "focus previous"
    NEXT_COLORMAP = "next colormap"
    NEXT_METHOD = "next method"
    NEXT_LAYERS = "next layers"
    NEXT_RENORM = "next renorm"
    MORE_OPACITY = "more opacity"
    LESS_OPACITY = "less opacity"
    MORE_CONFIDENCE = "more confidence"
    LESS_CONFIDENCE = "less confidence"
    TOGGLE_BOXES = "toggle boxes"
    TOGGLE_NUMBERS = "toggle numbers"
    TOGGLE_GRAPHS = "toggle graphs"
    NEXT_EVERY = "next every"
    SAVE_SNAPSHOT = "save snapshot"
    TOGGLE_RECORDING = "toggle recording"
    FULL_SCREEN = "full screen"
    RESET = "reset"
    TOGGLE_HELP = "toggle help"
    QUIT = "quit"


@dataclass(frozen=True)
class KeyBinding:
    """One line of the table.

    Attributes:
        codes: the keys' codes, as ``cv2.waitKeyEx`` gives them; a capital letter is the letter with Shift.
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

    def action_for(self, code: int, *, shifted: bool = False) -> Action | None:
        """What a key does; None for nothing.

        Args:
            code: as ``cv2.waitKeyEx`` gives it.
            shifted: whether Shift is held, where that cannot be read off the code: Qt gives the small letter for both.
        """
        if shifted and ord("a") <= code <= ord("z"):
            code -= ord("a") - ord("A")
        for candidate in (code, _small(code)):
            if candidate in self._by_code:
                return self._by_code[candidate]
        # GTK adds Num Lock and Caps Lock above bit 16. Windows' arrows have their whole code up there and zero below,
        # so what is left below still is a key, as it is not with the common ``& 0xFF``, which makes arrows letters.
        return self._by_code.get(code & 0xFFFF) if code > 0xFFFF else None

    def as_markdown(self) -> str:
        """The table for the README."""
        lines = [f"| `{binding.label}` | {binding.help} |" for binding in self]
        return "\n".join(["| Key | What it does |", "|---|---|", *lines])

    def as_lines(self) -> tuple[tuple[str, str], ...]:
        """Keys and what they do, for the help that is drawn."""
        return tuple((binding.label, binding.help) for binding in self)


def _small(code: int) -> int:
    """With Caps Lock on, ``h`` arrives as ``H``."""
    return code + 32 if ord("A") <= code <= ord("Z") else code


def _key(keys: str, action: Action, text: str) -> KeyBinding:
    return KeyBinding(tuple(map(ord, keys)), ", ".join(keys), action, text)


DEFAULT_KEYS = KeyTable(
    (
        _key("h", Action.TOGGLE_HEATMAP, "heat map or plain detection"),
        _key("d", Action.DUAL_VIEW, "plain picture beside the heat map"),
        _key("D", Action.WIPE, "wipe between the two with the mouse"),
        KeyBinding((ord(" "),), "Space", Action.PAUSE, "pause; the paused frame gets its fine maps"),
        _key(".", Action.STEP_FORWARD, "one frame on, paused"),
        _key(",", Action.STEP_BACK, "one frame back, paused"),
        KeyBinding(LEFT, "Left", Action.SEEK_BACK, "5 seconds back, in a file"),
        KeyBinding(RIGHT, "Right", Action.SEEK_FORWARD, "5 seconds on"),
        KeyBinding(DOWN, "Down", Action.SEEK_FAR_BACK, "a minute back"),
        KeyBinding(UP, "Up", Action.SEEK_FAR_FORWARD, "a minute on"),
        _key("n", Action.FOCUS_NEXT, "next object's own map (or click a box)"),
        _key("N", Action.FOCUS_PREVIOUS, "previous object's own map (click elsewhere: all)"),
        _key("c", Action.NEXT_COLORMAP, "next colour map"),
        _key("m", Action.NEXT_METHOD, "next method"),
        _key("l", Action.NEXT_LAYERS, "next set of layers"),
        _key("r", Action.NEXT_RENORM, "scale per box, per frame or fixed"),
        _key("+=", Action.MORE_OPACITY, "more heat"),
        _key("-_", Action.LESS_OPACITY, "less heat"),
        _key("]", Action.MORE_CONFIDENCE, "keep surer boxes only"),
        _key("[", Action.LESS_CONFIDENCE, "keep less sure boxes too"),
        _key("b", Action.TOGGLE_BOXES, "boxes and labels on or off"),
        _key("i", Action.TOGGLE_NUMBERS, "numbers of each object"),
        _key("a", Action.TOGGLE_GRAPHS, "attention graphs"),
        _key("e", Action.NEXT_EVERY, "make the map every 1, 2, 3 or 5 frames"),
        _key("s", Action.SAVE_SNAPSHOT, "save picture, raw map and settings"),
        _key("R", Action.TOGGLE_RECORDING, "record on or off"),
        _key("f", Action.FULL_SCREEN, "full screen"),
        _key("0", Action.RESET, "all settings back to their defaults"),
        _key("?/", Action.TOGGLE_HELP, "this help"),
        KeyBinding((ord("q"), ESCAPE), "q, Esc", Action.QUIT, "quit"),
    )
)
