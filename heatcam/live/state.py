"""State of the window's choices, and the effect of each key on it: no window, thread or picture is used here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from heatcam.enums import LIVE_MAP, Colormap, ComparedView, Fill, Layout, Renorm
from heatcam.live.questions import NOTHING_ASKED, Box, Questions, Tool
from heatcam.live.text_field import TextField
from heatcam.live.window_prompt import WindowPrompt
from heatcam.sinks import Action

EVERY = (1, 2, 3, 5)
OPACITY_STEP = 0.1
CONFIDENCE_STEP = 0.05
LEAST_CONFIDENCE, MOST_CONFIDENCE = 0.05, 0.95


@dataclass(frozen=True)
class WindowState:
    """Choices in force at the window.

    Attributes:
        heatmap: show the heat map, not plain detection.
        layout: one picture, two side by side, or a wipe.
        split: position of the wipe, as a share of the width.
        paused: the picture is paused.
        focus: the number of the object whose own map is shown; None for all.
        colormap, alpha, renorm, boxes, hud: drawing options.
        conf: keep boxes above this confidence.
        method: the CAM method's name.
        layers: a value of ``--layers``; "" for the method's own.
        every: make a map every this many frames.
        iou: boxes of a class that overlap more than this are one object; no key changes it.
        classes: names or numbers of the classes to keep, all if empty; no key changes it.
        object_maps: make each object's own map even if nothing that is drawn needs it, for the numbers; no key changes it.
        compared: the model that is shown, or both.
        numbers, graphs, help: panels drawn over the picture.
        full_screen: fill the screen.
        tool: the effect of a drag with the left button.
        drawn_box: the box that is being drawn with the mouse, in frame pixels; None for none.
        questions: asked about each frame beside its explanation.
        prompt: what the model is to find; None for what it was loaded with.
        field: the text field over the picture; None while none is open.
        example_name: name of the class of examples to come; "" for none.
    """

    heatmap: bool = True
    layout: Layout = Layout.SINGLE
    split: float = 0.5
    paused: bool = False
    focus: int | None = None
    colormap: Colormap = Colormap.TURBO
    alpha: float = 0.7
    renorm: Renorm = Renorm.BOX
    boxes: bool = True
    hud: bool = True
    conf: float = 0.25
    method: str = LIVE_MAP
    layers: str = ""
    every: int = 1
    iou: float = 0.7
    classes: tuple[str, ...] = ()
    object_maps: bool = False
    compared: ComparedView = ComparedView.A
    numbers: bool = False
    graphs: bool = False
    help: bool = False
    full_screen: bool = False
    tool: Tool = Tool.NONE
    drawn_box: Box | None = None
    questions: Questions = NOTHING_ASKED
    prompt: WindowPrompt | None = None
    field: TextField | None = None
    example_name: str = ""


@dataclass(frozen=True)
class Choices:
    """Values of one model that keys cycle through.

    Attributes:
        methods: names of the CAM methods.
        layer_sets: values of ``--layers``, ``""`` first.
        start: the state that the key ``0`` restores.
        compared: views of the models, ``A`` first; it alone where there is one model.
    """

    methods: Sequence[str]
    layer_sets: Sequence[str]
    start: WindowState = WindowState()
    compared: Sequence[ComparedView] = (ComparedView.A,)


def changed(state: WindowState, action: Action, choices: Choices, objects: Sequence[int] = ()) -> WindowState:
    """Return the state after one key; the same if the key does not change it.

    Args:
        state: the state before.
        action: the key's action.
        choices: the model's values to cycle through.
        objects: the numbers of the objects in the picture, strongest first.
    """
    if action in _SWITCHES:
        name = _SWITCHES[action]
        return _with(state, name, not getattr(state, name))
    if action is Action.RESET:
        return replace(choices.start, paused=state.paused, help=state.help)
    if action in (Action.FOCUS_NEXT, Action.FOCUS_PREVIOUS):
        step = 1 if action is Action.FOCUS_NEXT else -1
        return replace(state, focus=_neighbour(state.focus, objects, step))
    if action in _TOOLS:
        return _in_hand(state, _TOOLS[action])
    if action in _ASKING:
        return replace(state, questions=_asked(state.questions, action))
    return _chosen(state, action, choices)


def _in_hand(state: WindowState, tool: Tool) -> WindowState:
    """Return the state with a tool taken, or put down if it was in hand; a question about a place ends with its tool."""
    if state.tool is not tool:
        return replace(state, tool=tool)
    put_down = replace(state, tool=Tool.NONE)
    if tool is Tool.ASK:
        return replace(put_down, questions=replace(state.questions, place=None))
    return put_down


def _asked(questions: Questions, action: Action) -> Questions:
    """Return the questions after a key that changes them."""
    place = questions.place
    if action is Action.NEXT_ASKED_CLASS:
        return questions if place is None else replace(questions, place=replace(place, rank=place.rank + 1))
    if action is Action.UNDO_COVER:
        return replace(questions, strokes=questions.strokes[:-1])
    return replace(questions, fill=_next(questions.fill, list(Fill)))


def _of_models(state: WindowState, compared: ComparedView) -> WindowState:
    """Return the state with another view of the models; other models find other objects, so none is in focus then."""
    stays = compared.explained is state.compared.explained
    return replace(state, compared=compared, focus=state.focus if stays else None)


_SWITCHES = {
    Action.TOGGLE_HEATMAP: "heatmap",
    Action.PAUSE: "paused",
    Action.TOGGLE_BOXES: "boxes",
    Action.TOGGLE_NUMBERS: "numbers",
    Action.TOGGLE_GRAPHS: "graphs",
    Action.TOGGLE_HELP: "help",
    Action.FULL_SCREEN: "full_screen",
}
_LAYOUTS = {Action.DUAL_VIEW: Layout.DUAL, Action.WIPE: Layout.WIPE}
_TOOLS = {
    Action.ASK_PLACE: Tool.ASK,
    Action.COVER_PLACE: Tool.COVER,
    Action.SHOW_EXAMPLE: Tool.EXAMPLE,
}
_ASKING = (Action.NEXT_ASKED_CLASS, Action.NEXT_FILL, Action.UNDO_COVER)


def _chosen(state: WindowState, action: Action, choices: Choices) -> WindowState:
    """Return the state after a key that steps, cycles through a list or moves along a scale."""
    if action in (Action.STEP_FORWARD, Action.STEP_BACK):
        return replace(state, paused=True)
    if action is Action.NEXT_COMPARED:
        return _of_models(state, _next(state.compared, choices.compared))
    lists: dict[Action, tuple[str, Sequence[Any]]] = {
        Action.NEXT_COLORMAP: ("colormap", list(Colormap)),
        Action.NEXT_RENORM: ("renorm", list(Renorm)),
        Action.NEXT_METHOD: ("method", choices.methods),
        Action.NEXT_LAYERS: ("layers", choices.layer_sets),
        Action.NEXT_EVERY: ("every", EVERY),
    }
    if action in lists:
        name, values = lists[action]
        return _with(state, name, _next(getattr(state, name), values))
    return _scaled(state, action)


def _scaled(state: WindowState, action: Action) -> WindowState:
    """Return the state after a key that chooses a layout or moves along a scale."""
    if action in _LAYOUTS:
        wanted = _LAYOUTS[action]
        return replace(state, layout=Layout.SINGLE if state.layout is wanted else wanted)
    if action in (Action.MORE_OPACITY, Action.LESS_OPACITY):
        step = OPACITY_STEP if action is Action.MORE_OPACITY else -OPACITY_STEP
        return replace(state, alpha=round(min(1.0, max(0.0, state.alpha + step)), 2))
    if action in (Action.MORE_CONFIDENCE, Action.LESS_CONFIDENCE):
        step = CONFIDENCE_STEP if action is Action.MORE_CONFIDENCE else -CONFIDENCE_STEP
        conf = round(state.conf + step, 2)
        return replace(state, conf=conf) if LEAST_CONFIDENCE <= conf <= MOST_CONFIDENCE else state
    return state


def _with(state: WindowState, name: str, value: Any) -> WindowState:
    """Return ``state`` with one field changed."""
    changes: dict[str, Any] = {name: value}
    return replace(state, **changes)


V = TypeVar("V")


def _next(value: V, values: Sequence[V]) -> V:
    """Return the value after ``value``, or the first if it is the last or not among them."""
    return values[(values.index(value) + 1) % len(values)] if value in values else values[0]


def _neighbour(focus: int | None, objects: Sequence[int], step: int) -> int | None:
    """Return the next object's number; after the last one None, for all objects."""
    if not objects:
        return None
    ring: list[int | None] = [None, *objects]
    place = ring.index(focus) if focus in ring else 0
    return ring[(place + step) % len(ring)]


#: What a tool does and the key that puts it down, in ever fewer words.
_TOOL_WORDS: dict[Tool, tuple[str, ...]] = {
    Tool.NONE: (),
    Tool.ASK: ("ASK: drag around a place, w or Esc ends it", "ASK: drag, w ends it", "ASK"),
    Tool.COVER: ("COVER: drag over a place, x or Esc ends it", "COVER: drag, x ends it", "COVER"),
    Tool.EXAMPLE: (
        "EXAMPLE: drag around one, p names it, P or Esc ends it",
        "EXAMPLE: drag, P ends it",
        "EXAMPLE",
    ),
}
_COMPARED_WORDS = {
    ComparedView.A: "model A",
    ComparedView.B: "model B",
    ComparedView.BOTH: "A beside B",
    ComparedView.DIFFERENCE: "the difference of A and B",
}


def said(before: WindowState, after: WindowState) -> str:
    """Describe the change in a few words for the top line; "" for none, or one that is visible anyway."""
    words = {
        "colormap": f"colour map {after.colormap.value}",
        "renorm": f"scaled per {after.renorm.value}"
        if after.renorm is not Renorm.FIXED
        else "one fixed scale",
        "alpha": f"heat at {after.alpha:.0%}",
        "conf": f"boxes above {after.conf:.2f}",
        "method": f"method {after.method}",
        "layers": f"layers {after.layers or 'of the method'}",
        "iou": f"boxes that overlap more than {after.iou:.2f} are one",
        "classes": f"only {', '.join(after.classes)}" if after.classes else "all classes",
        "compared": _COMPARED_WORDS[after.compared],
        "prompt": "finds what it began with" if after.prompt is None else f"to find: {after.prompt.words}",
        "tool": "" if after.tool is not Tool.NONE else "the mouse chooses objects again",
        "every": "a map every frame" if after.every == 1 else f"a map every {after.every} frames",
    }
    changes = [text for name, text in words.items() if text and getattr(before, name) != getattr(after, name)]
    return ", ".join([*changes, *_said_of_covers(before.questions, after.questions)])


def tool_words(tool: Tool) -> tuple[str, ...]:
    """Return what a tool in hand does and the key that puts it down, in ever fewer words; empty for none."""
    return _TOOL_WORDS[tool]


def _said_of_covers(before: Questions, after: Questions) -> list[str]:
    """Describe a cover that was laid or taken back, and another fill."""
    said_of = []
    if before.strokes and not after.strokes:
        said_of.append("no cover any more")
    elif len(after.strokes) < len(before.strokes):
        said_of.append(f"cover {before.strokes[-1].number} taken back")
    elif len(after.strokes) > len(before.strokes):
        last = after.strokes[-1]
        goes = f"follows the {last.class_name}" if last.class_name else "stays in its place"
        said_of.append(f"cover {last.number} {goes}")
    if after.fill is not before.fill:
        said_of.append(
            "covers of " + ("the background" if after.fill is Fill.BACKGROUND else after.fill.value)
        )
    return said_of
