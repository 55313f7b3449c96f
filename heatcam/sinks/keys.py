"""Keys of the window: one table of key, action and help, from which all help texts are made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import groupby

ESCAPE = 27
#: Codes of the Backspace key: Qt, Windows and macOS, then GTK; macOS calls it Delete.
BACKSPACE = (8, 0xFF08, 127)
#: Codes of the arrow keys on X11 (Qt and GTK), Windows and macOS.
LEFT, UP = (0xFF51, 0x250000, 63234), (0xFF52, 0x260000, 63232)
RIGHT, DOWN = (0xFF53, 0x270000, 63235), (0xFF54, 0x280000, 63233)
#: Codes of the keys Home, End and Delete there.
HOME, END, DELETE = (0xFF50, 0x240000, 63273), (0xFF57, 0x230000, 63275), (0xFFFF, 0x2E0000, 63272)


class Action(Enum):
    """Actions that a key of the window can trigger."""

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
    NEXT_COMPARED = "next compared"
    MORE_OPACITY = "more opacity"
    LESS_OPACITY = "less opacity"
    MORE_CONFIDENCE = "more confidence"
    LESS_CONFIDENCE = "less confidence"
    TOGGLE_BOXES = "toggle boxes"
    TOGGLE_NUMBERS = "toggle numbers"
    TOGGLE_GRAPHS = "toggle graphs"
    NEXT_EVERY = "next every"
    ASK_PLACE = "ask about a place"
    NEXT_ASKED_CLASS = "next asked class"
    COVER_PLACE = "cover a place"
    NEXT_FILL = "next fill"
    UNDO_COVER = "undo cover"
    CHANGE_PROMPT = "change prompt"
    SHOW_EXAMPLE = "show an example"
    SAVE_SNAPSHOT = "save snapshot"
    TOGGLE_RECORDING = "toggle recording"
    FULL_SCREEN = "full screen"
    RESET = "reset"
    TOGGLE_HELP = "toggle help"
    LEAVE = "leave"
    QUIT = "quit"


@dataclass(frozen=True)
class KeyBinding:
    """One line of the table.

    Attributes:
        codes: the keys' codes, as ``cv2.waitKeyEx`` returns them; a capital letter is the letter with Shift.
        label: the keys' display names: ``q, Esc``.
        action: the action they trigger.
        help: the help text.
        group: heading of the keys it belongs to in the help; "" for none.
    """

    codes: tuple[int, ...]
    label: str
    action: Action
    help: str
    group: str = ""


class KeyTable:
    """Table of a window's key bindings, in the order of the help.

    Raises:
        ValueError: at construction, for a key or an action that is in two lines, or a line without keys.
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
        """Return the action of a key; None if it has none.

        Args:
            code: the code that ``cv2.waitKeyEx`` returns.
            shifted: True if Shift is held and the code does not tell: Qt returns the lower-case letter for both.
        """
        if shifted and ord("a") <= code <= ord("z"):
            code -= ord("a") - ord("A")
        for candidate in (code, _small(code)):
            if candidate in self._by_code:
                return self._by_code[candidate]
        # GTK adds flags for Num Lock and Caps Lock from bit 16 up. Windows' arrows have their code up there and zero below, so
        # masking with 0xFFFF never turns an arrow into another key, as the common ``& 0xFF`` does, which makes arrows letters.
        return self._by_code.get(code & 0xFFFF) if code > 0xFFFF else None

    def without(self, action: Action) -> KeyTable:
        """Return the table without the keys of one action."""
        return KeyTable([binding for binding in self if binding.action is not action])

    def groups(self) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
        """Return heading and pairs of keys and help text of each group, in the table's order, for the help card."""
        found = groupby(self._bindings, key=lambda binding: binding.group)
        return tuple((name, tuple((own.label, own.help) for own in each)) for name, each in found)

    def as_markdown(self) -> str:
        """Return the table in Markdown, for the README."""
        lines = ["| Key | What it does |", "|---|---|"]
        for name, pairs in self.groups():
            lines += [f"| | **{name}** |"] if name else []
            lines += [f"| `{label}` | {text} |" for label, text in pairs]
        return "\n".join(lines)


def _small(code: int) -> int:
    """Return the lower-case code of a letter: with Caps Lock on, ``h`` arrives as ``H``."""
    return code + 32 if ord("A") <= code <= ord("Z") else code


def _key(keys: str, action: Action, text: str) -> KeyBinding:
    return KeyBinding(tuple(map(ord, keys)), ", ".join(keys), action, text)


def _group(name: str, *bindings: KeyBinding) -> tuple[KeyBinding, ...]:
    return tuple(replace(each, group=name) for each in bindings)


DEFAULT_KEYS = KeyTable(
    (
        *_group(
            "the picture",
            _key("h", Action.TOGGLE_HEATMAP, "heat map or plain detection"),
            _key("d", Action.DUAL_VIEW, "plain picture beside the heat map"),
            _key("D", Action.WIPE, "wipe between the two with the mouse"),
            _key("c", Action.NEXT_COLORMAP, "next colour map"),
            _key("+=", Action.MORE_OPACITY, "more heat"),
            _key("-_", Action.LESS_OPACITY, "less heat"),
            _key("b", Action.TOGGLE_BOXES, "boxes and labels on or off"),
            _key("f", Action.FULL_SCREEN, "full screen"),
        ),
        *_group(
            "time",
            KeyBinding((ord(" "),), "Space", Action.PAUSE, "pause; the paused frame gets its fine maps"),
            _key(".", Action.STEP_FORWARD, "one frame on, paused"),
            _key(",", Action.STEP_BACK, "one frame back, paused"),
            KeyBinding(LEFT, "Left", Action.SEEK_BACK, "5 seconds back, in a file"),
            KeyBinding(RIGHT, "Right", Action.SEEK_FORWARD, "5 seconds on"),
            KeyBinding(DOWN, "Down", Action.SEEK_FAR_BACK, "a minute back"),
            KeyBinding(UP, "Up", Action.SEEK_FAR_FORWARD, "a minute on"),
        ),
        *_group(
            "objects",
            _key("n", Action.FOCUS_NEXT, "next object's own map (or click a box)"),
            _key("N", Action.FOCUS_PREVIOUS, "previous object's own map (click elsewhere: all)"),
            _key("]", Action.MORE_CONFIDENCE, "keep surer boxes only"),
            _key("[", Action.LESS_CONFIDENCE, "keep less sure boxes too"),
            _key("i", Action.TOGGLE_NUMBERS, "numbers of each object"),
            _key("a", Action.TOGGLE_GRAPHS, "evidence graphs"),
        ),
        *_group(
            "how the map is made",
            _key("m", Action.NEXT_METHOD, "next method"),
            _key("l", Action.NEXT_LAYERS, "next set of layers"),
            _key("r", Action.NEXT_RENORM, "scale per box, region or frame, or fixed"),
            _key("e", Action.NEXT_EVERY, "make the map every 1, 2, 3 or 5 frames"),
            _key("v", Action.NEXT_COMPARED, "model A, B, both or their difference (--compare)"),
        ),
        *_group(
            "ask the picture",
            _key("w", Action.ASK_PLACE, "why was it missed: drag around a place (or drag right)"),
            _key("W", Action.NEXT_ASKED_CLASS, "the next likeliest class there"),
            _key("x", Action.COVER_PLACE, "cover a place: drag over what may be the cause"),
            _key("X", Action.NEXT_FILL, "cover with blur, grey, noise or the background"),
            KeyBinding(BACKSPACE, "Backspace", Action.UNDO_COVER, "take the last cover or example back"),
            _key("p", Action.CHANGE_PROMPT, "type what to look for (open-vocabulary models)"),
            _key("P", Action.SHOW_EXAMPLE, "find more like this: drag around one (YOLOE)"),
        ),
        *_group(
            "keep and leave",
            _key("s", Action.SAVE_SNAPSHOT, "save picture, raw map and settings"),
            _key("R", Action.TOGGLE_RECORDING, "record on or off"),
            _key("0", Action.RESET, "all settings back to their defaults"),
            _key("?/", Action.TOGGLE_HELP, "this help"),
            KeyBinding((ESCAPE,), "Esc", Action.LEAVE, "put the tool down or end the question; else quit"),
            _key("q", Action.QUIT, "quit"),
        ),
    )
)
