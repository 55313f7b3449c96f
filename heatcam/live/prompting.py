"""Prompts while the window runs: typed into a field over the picture, or shown by a box that is drawn around an example."""

from __future__ import annotations

from dataclasses import replace

from heatcam.live.current_state import CurrentState
from heatcam.live.explain_request import NO_PROMPTS
from heatcam.live.inference import Inference
from heatcam.live.presenter import Presenter
from heatcam.live.questions import Box, Tool
from heatcam.live.state import changed, said
from heatcam.live.text_field import TextField, TextFor, field_with, typed_into
from heatcam.live.window_prompt import OWN_CLASSES, UNNAMED, WindowPrompt, example_of
from heatcam.sinks import Action, TextKey, Typed
from heatcam.text import printable

MOST_EXAMPLES = 12  # each keeps the frame that it was drawn on


class Prompting:
    """Handles the text field and the examples. Called on the main thread.

    Args:
        inference: knows the model, once it is loaded.
        current: the choices in force, the prompt and the field among them.
        presenter: the picture that examples are drawn on, and the notes.
    """

    def __init__(self, inference: Inference, current: CurrentState, presenter: Presenter) -> None:
        self._inference, self._current, self._presenter = inference, current, presenter
        self._attempts = 0

    @property
    def in_force(self) -> WindowPrompt:
        """The prompt that is chosen; the one that the model was loaded with if no other is."""
        return self._current.state.prompt or self._first

    @property
    def _first(self) -> WindowPrompt:
        ready = self._inference.ready
        return OWN_CLASSES if ready is None else ready.prompt

    def open_field(self) -> None:
        """Open the field: for the prompt or, with the tool for examples in hand, for the name of what is shown."""
        state, reason = self._current.state, self._refusal(places=False)
        if reason:
            self._presenter.say(reason)
            return
        named = state.tool is Tool.EXAMPLE
        use = TextFor.EXAMPLE_NAME if named else TextFor.PROMPT
        begins = state.example_name if named else self.in_force.text
        self._current.change_drawing(replace(state, field=field_with(use, begins)))

    def type(self, typed: Typed) -> None:
        """Handle a key of the text field."""
        state = self._current.state
        if state.field is None:
            return
        if typed.key is TextKey.ESCAPE:
            self._current.change_drawing(replace(state, field=None))
        elif typed.key is TextKey.ENTER:
            self._current.change_drawing(replace(state, field=None))
            self._entered(state.field)
        else:
            self._current.change_drawing(replace(state, field=typed_into(state.field, typed)))

    def take_tool(self) -> None:
        """Take the tool for examples, or put it down."""
        before, reason = self._current.state, self._refusal(places=True)
        if reason:
            self._presenter.say(reason)
            return
        self._presenter.freeze(False)
        self._current.change(changed(before, Action.SHOW_EXAMPLE, self._current.choices))
        self._presenter.say(said(before, self._current.state))

    def show(self, box: Box) -> None:
        """Look for more like what is in a box of the frame that is shown."""
        shown, prompt = self._presenter.shown, self.in_force
        if shown is None:
            return
        if len(prompt.examples) >= MOST_EXAMPLES:
            self._presenter.say(f"{MOST_EXAMPLES} examples are the most: Backspace takes the last one back")
            return
        image = shown.entry.explanation.frame.image_bgr
        example = example_of(image, box, self._current.state.example_name)
        self._find(replace(prompt, examples=(*prompt.examples, example)))

    def take_back(self) -> None:
        """Take the last example back."""
        prompt = self.in_force
        if prompt.examples:
            self._find(replace(prompt, examples=prompt.examples[:-1]))
        else:
            self._presenter.say("there is no example to take back")

    def _entered(self, field: TextField) -> None:
        text = field.text.strip(" ,")
        if field.use is TextFor.EXAMPLE_NAME:
            self._name_examples(text)
        elif not text:
            self._find(OWN_CLASSES)
        elif text != printable(self.in_force.text):
            self._find(replace(self.in_force, text=text))

    def _name_examples(self, name: str) -> None:
        """Name the examples to come, and those that have no name yet."""
        prompt = self.in_force
        named = tuple(
            replace(one, name=name) if one.name == UNNAMED and name else one for one in prompt.examples
        )
        self._current.change_drawing(replace(self._current.state, example_name=name))
        if named != prompt.examples:
            self._find(replace(prompt, examples=named))
        else:
            self._presenter.say(f"what you show next is called {name or UNNAMED}")

    def _find(self, prompt: WindowPrompt) -> None:
        """Let the model find what a prompt asks for; other classes are other objects, so none is in focus then."""
        before, same = self._current.state, prompt.asks_like(self.in_force)
        if same:
            return
        self._attempts += 1
        chosen = None if prompt.asks_like(self._first) else replace(prompt, attempt=self._attempts)
        kept = (
            self._current.choices.start.classes if chosen is None else ()
        )  # (all that is asked for is kept)
        self._current.change(replace(before, prompt=chosen, focus=None, classes=kept))
        self._presenter.say(said(before, self._current.state))

    def _refusal(self, *, places: bool) -> str:
        """Return why the model takes no such prompt, in one line; "" if it does."""
        ready = self._inference.ready
        if ready is not None:
            return ready.no_places if places else ready.no_words
        return "the model is still loading" if self._inference.is_loading else NO_PROMPTS
