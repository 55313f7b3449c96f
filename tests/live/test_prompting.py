"""Prompts while the window runs: what is typed and drawn, what the model is asked for then, and what begins anew."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from heatcam.enums import ComparedView
from heatcam.errors import UsageError
from heatcam.frames import Explanation, Frame
from heatcam.live.explain_request import ExplainRequest, Ready
from heatcam.live.explaining import Explaining
from heatcam.live.inference import Inference
from heatcam.live.preparing import Key, Preparing
from heatcam.live.prompting import MOST_EXAMPLES
from heatcam.live.questions import Tool
from heatcam.live.session import Session
from heatcam.live.state import Choices, WindowState, changed
from heatcam.live.text_field import MOST_CHARACTERS, TextFor, field_with, typed_into
from heatcam.live.window_prompt import WindowPrompt, example_of
from heatcam.sinks import Action, Drag, Event, MouseButton, TextKey, Typed
from tests.live.streams import QUIT, FakeViewer, Stream, after, frame, later, seen, session

LEFT = MouseButton.LEFT
ENTER, ESCAPE, BACKSPACE = (Typed(key=key) for key in (TextKey.ENTER, TextKey.ESCAPE, TextKey.BACKSPACE))
OTHER_BOX = (8.0, 8.0, 40.0, 40.0)


def words(text: str) -> list[Event]:
    return [Typed(letter) for letter in text]


def dragged(start: tuple[float, float], to: tuple[float, float]) -> list[Event]:
    return [Drag(start, start, LEFT), Drag(start, to, LEFT), Drag(start, to, LEFT, is_over=True)]


class Model:
    """Finds one object of the prompt's first class; prompts that were told to wait or to fail do so."""

    def __init__(self, first: str = "thing", waits: dict[str, threading.Event] | None = None) -> None:
        self.first, self.waits = first, waits or {}
        self.failing: set[str] = set()
        self.made: list[Key] = []

    def __call__(self, *key: Any) -> Any:
        own = Key(*key)
        self.made.append(own)
        text = self.first if own.prompt is None else own.prompt.words
        if text in self.waits:
            assert self.waits[text].wait(20)
        if text in self.failing:
            raise UsageError("words need the text encoder x.ts", "heatcam models download x.ts")
        return Finding(text)


class Finding:
    def __init__(self, text: str) -> None:
        self.text = text

    def explain(self, image: Frame, *, with_map: bool, with_object_maps: bool, conf: float) -> Explanation:
        boxes = (OTHER_BOX,) if self.text == "thing" else (OTHER_BOX, (40.0, 30.0, 104.0, 94.0))
        found = seen(image, boxes, heat=with_map)
        names = tuple(self.text for _ in boxes)
        return replace(found, detections=replace(found.detections, class_names=names))


def ready(**more: Any) -> Ready:
    facts: dict[str, Any] = {"prompt": WindowPrompt("thing"), "no_words": "", "no_places": ""}
    return Ready(
        "eye", "cpu", ("live",), ("",), {"prompt": WindowPrompt("thing").as_plain()}, **(facts | more)
    )


def run_with(
    *script: tuple[Callable[[FakeViewer], bool], list[Event]], model: Model | None = None, **more: Any
) -> tuple[Session, FakeViewer, list[str], Model]:
    """A session of a model that takes prompts; with all that its top line has said."""
    model = model or Model()
    explaining, facts = Explaining(model), more.pop("facts", ready())
    viewer = FakeViewer(*script)
    source = more.pop("source", None) or Stream(is_live=True, fps=50)
    run = session(source, viewer, explaining, load=lambda: facts, waits_for=explaining.waits_for, **more)
    run.parts.inference._on_jump = explaining.jump
    said: list[str] = []
    status = run.presenter._status

    def noting(*args: Any, **kwargs: Any) -> Any:
        found = status(*args, **kwargs)
        said.append(found.message)
        return found

    run.presenter._status = noting  # type: ignore[method-assign]
    run.run()
    return run, viewer, said, model


def found(run: Session) -> str:
    """What the frame in the window shows."""
    entry = run.playback.history.now
    assert entry is not None
    return entry.explanation.detections.class_names[0]


def test_what_is_typed_is_what_is_found_without_a_restart() -> None:
    run, viewer, said, model = run_with(
        (after(6), [Action.CHANGE_PROMPT]),
        (later(0.05), [*[BACKSPACE] * 5, *words("kite, dog"), ENTER]),
        (later(0.6), QUIT),
    )
    assert run.state.prompt is not None
    assert (run.state.prompt.text, run.state.field) == ("kite, dog", None)
    assert found(run) == "kite, dog"
    assert "to find: kite, dog" in said
    assert viewer.takes_text is False
    assert [key.prompt and key.prompt.text for key in model.made] == [None, "kite, dog"]


def test_the_field_begins_with_the_prompt_in_force_and_escape_leaves_all_as_it_was() -> None:
    run, viewer, _, model = run_with(
        (after(6), [Action.CHANGE_PROMPT, Action.PAUSE]),
        (later(0.1), words("s, a")),
        (later(0.1), [ESCAPE]),
        (later(0.1), QUIT),
    )
    assert run.state.prompt is None
    assert run.state.field is None
    assert viewer.takes_text is False
    assert len(model.made) == 2, "for the stream and for the frame that stands still"


def test_the_field_opens_with_the_prompt_and_keys_go_into_it() -> None:
    run, viewer, _, _ = run_with(
        (after(6), [Action.CHANGE_PROMPT]), (later(0.05), words("s, q")), (later(0.1), [Action.QUIT])
    )
    assert run.state.field is not None
    assert (run.state.field.text, run.state.field.cursor) == ("things, q", 9)
    assert viewer.takes_text is True


def test_the_stream_goes_on_with_the_old_classes_while_the_new_ones_are_prepared() -> None:
    go = threading.Event()
    model = Model(waits={"kite": go})

    def letting_go(viewer: FakeViewer) -> bool:
        if later(1.2)(viewer):
            go.set()
        return later(1.8)(viewer)

    run, viewer, said, _ = run_with(
        (after(6), [Action.CHANGE_PROMPT, *[BACKSPACE] * 5, *words("kite"), ENTER]),
        (letting_go, QUIT),
        model=model,
    )
    assert found(run) == "kite"
    assert len(viewer.shown) > 20, "pictures went on"
    assert "to find: kite" in said
    assert run.stats.errors == []


def test_what_cannot_be_had_is_said_in_one_line_the_classes_stay_and_it_is_tried_again_when_entered_again() -> (
    None
):
    model = Model()
    model.failing = {"kite"}

    def mended(viewer: FakeViewer) -> bool:
        if later(0.6)(viewer):
            model.failing.clear()
        return later(0.7)(viewer)

    typed = [Action.CHANGE_PROMPT, *[BACKSPACE] * 5, *words("kite"), ENTER]
    run, _, said, _ = run_with((after(6), typed), (mended, [Action.QUIT]), model=model)
    line = "words need the text encoder x.ts; heatcam models download x.ts"
    assert line in said
    assert (run.state.prompt, found(run)) == (None, "thing")
    assert run.stats.errors == [line]
    model.failing = {"kite"}
    run, _, _, _ = run_with((after(6), typed), (mended, typed), (later(0.6), QUIT), model=model)
    assert found(run) == "kite"


def test_an_empty_field_gives_the_models_own_classes_and_0_what_the_command_line_asked_for() -> None:
    emptied: list[Event] = [Action.CHANGE_PROMPT, *[BACKSPACE] * 5, ENTER]
    run, _, said, _ = run_with((after(6), emptied), (later(0.6), QUIT))
    assert run.state.prompt is not None
    assert not run.state.prompt.names
    assert found(run) == "the model's own classes"
    run, _, said, _ = run_with((after(6), emptied), (later(0.5), [Action.RESET]), (later(0.6), QUIT))
    assert (run.state.prompt, found(run)) == (None, "thing")
    assert "finds what it began with" in said


def test_a_paused_frame_is_found_in_anew_and_goes_back_to_what_worked_last() -> None:
    model = Model()
    model.failing = {"owl"}
    run, _, said, _ = run_with(
        (after(6), [Action.PAUSE]),
        (later(0.3), [Action.CHANGE_PROMPT, *[BACKSPACE] * 5, *words("kite"), ENTER]),
        (later(0.5), [Action.CHANGE_PROMPT, *[BACKSPACE] * 4, *words("owl"), ENTER]),
        (later(0.5), QUIT),
        model=model,
    )
    assert found(run) == "kite"
    assert run.state.prompt is not None
    assert run.state.prompt.text == "kite"
    assert run.state.paused
    assert any(text.startswith("words need") for text in said)


@pytest.mark.parametrize("heat", [True, False])
def test_a_paused_frame_without_heat_is_found_in_anew_too(heat: bool) -> None:
    run, _, _, _ = run_with(
        (after(6), [Action.PAUSE]),
        (later(0.3), [Action.CHANGE_PROMPT, *[BACKSPACE] * 5, *words("kite"), ENTER]),
        (later(0.5), QUIT),
        state=WindowState(heatmap=heat),
    )
    assert found(run) == "kite"


def test_focus_tracks_and_smoothing_begin_anew_with_other_classes() -> None:
    restarts: list[str] = []
    model, forgotten = Model(), []

    class Tracker:
        def follow(self, explanation: Explanation) -> Explanation:
            return explanation

        def forget(self) -> None:
            forgotten.append(True)

    explaining = Explaining(model, Tracker())
    viewer = FakeViewer(
        (after(6), [Action.FOCUS_NEXT]),
        (later(0.1), [Action.CHANGE_PROMPT, *[BACKSPACE] * 5, *words("kite"), ENTER]),
        (later(0.6), QUIT),
    )
    run = session(
        Stream(is_live=True, fps=50), viewer, explaining, load=ready, waits_for=explaining.waits_for
    )
    restart = run.parts.renderer.restart

    def noting() -> None:
        entry = run.playback.history.now
        assert entry is not None
        restarts.append(entry.explanation.detections.class_names[0])
        restart()

    run.parts.renderer.restart = noting  # type: ignore[method-assign]
    run.run()
    assert restarts == ["kite"]
    assert forgotten == [True]
    assert run.state.focus is None


def test_an_example_counts_on_the_frame_it_was_drawn_on_which_stays_while_it_is_drawn() -> None:
    start, half, over = dragged((10, 5), (29, 24))
    run, viewer, _, _ = run_with(
        (after(6), [Action.SHOW_EXAMPLE]),
        (later(0.05), [start, half]),
        (later(0.5), [over]),
        (later(0.6), QUIT),
        source=Stream(is_live=True, fps=50),
    )
    assert run.state.prompt is not None
    (example,) = run.state.prompt.examples
    assert (example.box_xyxy, example.name) == ((10, 5, 30, 25), "object")
    assert found(run) == "thing, object", "beside the words"
    shades = [int(picture[100, 5].min()) for picture in viewer.shown]
    drawn_on = int(example.image_bgr.min())
    held = max(sum(1 for _ in run_) for run_ in _runs(shades, drawn_on))
    assert held >= 2
    assert run.stats.frames_shown < run.stats.frames_taken, "frames that came meanwhile were not shown"


def _runs(shades: list[int], value: int) -> list[list[int]]:
    """The stretches of pictures whose corner is of about this shade."""
    stretches: list[list[int]] = [[]]
    for shade in shades:
        if abs(shade - value) <= 2:
            stretches[-1].append(shade)
        elif stretches[-1]:
            stretches.append([])
    return stretches


def test_examples_of_one_name_are_one_class_and_the_last_is_taken_back() -> None:
    first, second = dragged((10, 5), (29, 24)), dragged((50, 50), (80, 80))
    run, _, said, _ = run_with(
        (after(6), [Action.SHOW_EXAMPLE, *first]),
        (later(0.1), [Action.CHANGE_PROMPT, *words("my mug"), ENTER]),
        (later(0.1), [*second, *second, Action.UNDO_COVER]),
        (later(0.1), [Action.CHANGE_PROMPT, *[BACKSPACE] * 6, *words("plate"), ENTER]),
        (later(0.1), first),
        (later(0.5), QUIT),
    )
    assert run.state.prompt is not None
    assert [one.name for one in run.state.prompt.examples] == ["my mug", "my mug", "plate"]
    assert run.state.prompt.names == ("thing", "my mug", "plate")
    assert "what you show next is called plate" in said
    assert run.state.questions.strokes == ()


def test_backspace_without_an_example_says_so_and_too_many_are_refused() -> None:
    run, _, said, _ = run_with(
        (after(6), [Action.SHOW_EXAMPLE, Action.UNDO_COVER]),
        (later(0.1), [event for _ in range(MOST_EXAMPLES + 1) for event in dragged((10, 5), (29, 24))]),
        (later(0.3), QUIT),
    )
    assert "there is no example to take back" in said
    assert f"{MOST_EXAMPLES} examples are the most: Backspace takes the last one back" in said
    assert run.state.prompt is not None
    assert len(run.state.prompt.examples) == MOST_EXAMPLES


def test_a_model_that_cannot_says_so_in_one_line_and_nothing_opens() -> None:
    facts = ready(
        no_words="eye takes no prompts; give a YOLOE", no_places="eye takes no places; give a YOLOE"
    )
    run, _, said, _ = run_with(
        (after(6), [Action.CHANGE_PROMPT]),
        (later(0.1), [Action.SHOW_EXAMPLE]),
        (later(0.1), QUIT),
        facts=facts,
    )
    assert "eye takes no prompts; give a YOLOE" in said
    assert "eye takes no places; give a YOLOE" in said
    assert (run.state.field, run.state.tool) == (None, Tool.NONE)


def test_escape_puts_the_tool_down_in_the_middle_of_a_drag_and_the_stream_goes_on() -> None:
    start, half, over = dragged((10, 5), (29, 24))
    run, _, _, _ = run_with(
        (after(6), [Action.SHOW_EXAMPLE, start, half]),
        (later(0.1), [Action.LEAVE, over]),
        (later(0.2), QUIT),
    )
    assert (run.state.prompt, run.state.tool, run.state.drawn_box) == (None, Tool.NONE, None)
    assert run.presenter._frozen is None


def test_both_models_are_asked_for_the_prompt() -> None:
    model = Model()
    explaining = Explaining(model)
    prompt = WindowPrompt("kite")
    explaining(frame(0), ExplainRequest(prompt=prompt, compared=ComparedView.BOTH))
    assert model.made[0][5:] == (ComparedView.BOTH, prompt)


def test_explainers_of_other_prompts_are_not_kept() -> None:
    made = Preparing(lambda key: object())
    keys = [Key("live", "", False, prompt=WindowPrompt(text)) for text in "abc"]
    for key in keys:
        made.get(key, waits=True)
        made.get(key._replace(still=True), waits=True)
    assert {key.prompt for key in made._made} == {WindowPrompt("c")}
    assert len(made._made) == 2


def test_the_settings_of_a_snapshot_have_the_prompt_that_the_picture_was_found_by(tmp_path: Any) -> None:
    run_with(
        (after(6), [Action.SAVE_SNAPSHOT]),
        (later(0.3), [Action.SHOW_EXAMPLE, *dragged((10, 5), (29, 24)), Action.SHOW_EXAMPLE]),
        (later(0.5), [Action.SAVE_SNAPSHOT]),
        (later(0.3), QUIT),
        folder=tmp_path,
    )
    first, second = (json.loads(path.read_text("utf-8")) for path in sorted(tmp_path.glob("*.json")))
    assert first["prompt"] == {"text": "thing", "examples": []}
    assert second["prompt"]["text"] == "thing"
    (shown,) = second["prompt"]["examples"]
    assert (shown["class_name"], shown["box_xyxy"]) == ("object", [10, 5, 30, 25])
    assert len(shown["picture_blake2b"]) == 32


def test_pictures_are_told_apart_by_size_and_pixels() -> None:
    image = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    box = (0.0, 0.0, 2.0, 2.0)
    assert example_of(image, box) == example_of(image.copy(), box)
    assert example_of(image, box) != example_of(image.reshape(5, 4, 3), box)
    assert hash(WindowPrompt("a", (example_of(image, box),))) == hash(
        WindowPrompt("a", (example_of(image, box),))
    )


def typed(text: str, *keys: str) -> tuple[str, int]:
    """Text and cursor after keys; a key is a letter or the name of one without."""
    field = field_with(TextFor.PROMPT, text)
    for key in keys:
        event = Typed(key) if len(key) == 1 else Typed(key=TextKey[key.upper()])
        field = typed_into(field, event)
    return field.text, field.cursor


def test_keys_of_the_field_do_what_they_do_elsewhere() -> None:
    assert typed("", "a", "b") == ("ab", 2)
    assert typed("ab", "backspace") == ("a", 1)
    assert typed("", "backspace", "delete") == ("", 0)
    assert typed("abc", "left", "left", "x") == ("axbc", 2)
    assert typed("abc", "home", "delete", "end", "z") == ("bcz", 3)
    assert typed("abc", "right", "home", "left", "right") == ("abc", 1)
    assert typed("abc", "left", "backspace") == ("ac", 1)


def test_hostile_text_is_printable_only_and_bounded() -> None:
    assert typed("a\u202eb\n", "\x1b") == ("a\\u202eb\\n\\x1b", 14)
    full = "x" * MOST_CHARACTERS
    assert typed(full + "more", "y") == (full, MOST_CHARACTERS)


def test_a_prompt_that_was_reset_leaves_the_field_and_the_examples_name() -> None:
    state = WindowState(prompt=WindowPrompt("a"), field=field_with(TextFor.PROMPT, "a"), example_name="mug")
    again = changed(state, Action.RESET, Choices(("live",), ("",)))
    assert (again.prompt, again.field, again.example_name) == (None, None, "")


def test_inference_knows_by_what_a_frame_was_found_while_another_prompt_is_prepared() -> None:
    """Used by ``FrameFeed``: classes change with the first frame of the new ones, not with the key."""
    go, model = threading.Event(), Model()
    model.waits = {"kite": go}
    explaining = Explaining(model)
    stream = Stream(4)
    run = session(stream, FakeViewer(), explaining, waits_for=explaining.waits_for)
    inference: Inference = run.parts.inference
    from heatcam.live.capture import FIRST_STRETCH, Captured

    one = inference._next(Captured(frame(0), FIRST_STRETCH), ExplainRequest())
    two = inference._next(Captured(frame(1), FIRST_STRETCH), ExplainRequest(prompt=WindowPrompt("kite")))
    go.set()
    while explaining.waits_for() is not None:
        three = inference._next(
            Captured(frame(2), FIRST_STRETCH), ExplainRequest(prompt=WindowPrompt("kite"))
        )
    assert [one.request.prompt, two.request.prompt, three.request.prompt] == [
        None,
        None,
        WindowPrompt("kite"),
    ]
