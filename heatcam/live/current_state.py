"""The choices in force, and what a change of them does to the window and to the other threads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from heatcam.live.loop_parts import LoopParts
from heatcam.live.screen import Screen
from heatcam.live.state import Choices, WindowState


class CurrentState:
    """Holds the choices in force and applies new ones. Called on the main thread.

    Args:
        state: the initial choices; ``apply_all`` puts them in force.
        choices: values that keys cycle through.
        viewer: the window.
        loop: told of a change: inference gets another request, the picture is drawn anew; a pause restarts focus and frame rate.
    """

    def __init__(self, state: WindowState, choices: Choices, viewer: Screen, loop: LoopParts) -> None:
        self._state, self._choices = state, choices
        self._viewer, self._loop = viewer, loop
        #: True while nobody watches: nothing is explained, whatever the choices are.
        self.rests = False

    @property
    def state(self) -> WindowState:
        """The choices in force."""
        return self._state

    @property
    def choices(self) -> Choices:
        """Values that keys cycle through."""
        return self._choices

    @property
    def is_held(self) -> bool:
        """True if the frame in the window stays: paused, or at the end of the source."""
        return self._state.paused or self._loop.playback.ended

    def offer(self, methods: Sequence[str], layer_sets: Sequence[str]) -> None:
        """Replace the values that keys cycle through by those of the loaded model; the initial layers stay the first."""
        layer_sets = tuple(dict.fromkeys((self._choices.start.layers, *layer_sets)))
        self._choices = replace(self._choices, methods=methods, layer_sets=layer_sets)

    def apply_all(self) -> None:
        """Apply the initial choices, before the threads start."""
        self._viewer.set_full_screen(self._state.full_screen)
        self._loop.refinement.set_flowing_request(self._state)

    def change(self, state: WindowState) -> None:
        """Apply other choices, here and in the other threads."""
        before, self._state = self._state, state
        self._loop.refinement.set_flowing_request(state)
        self._loop.presenter.change()
        if before.paused != state.paused and not self.rests:
            self._pause(state.paused)
        if before.full_screen != state.full_screen:
            self._viewer.set_full_screen(state.full_screen)
        self._take_text(before)
        self.refine()

    def change_drawing(self, state: WindowState) -> None:
        """Apply choices that concern drawing alone: the other threads are not told."""
        before, self._state = self._state, state
        self._loop.presenter.change()
        self._take_text(before)

    def _take_text(self, before: WindowState) -> None:
        """Have keys typed while a text field is open."""
        typing = self._state.field is not None
        if typing is (before.field is None):
            self._viewer.take_text(typing)
            self._loop.presenter.leaves_time = typing

    def rest(self, resting: bool) -> None:
        """Stop explaining, or go on with it from the present: a file from where it was, a camera with its newest frame."""
        if resting == self.rests:
            return
        self.rests = resting
        if not self._state.paused:
            self._pause(resting)

    def refine(self) -> None:
        """Request the fine maps of a frame that stays, unless another frame is on its way."""
        if self.is_held and not self._loop.playback.steps:
            self._loop.refinement.ask(self._state)

    def _pause(self, paused: bool) -> None:
        self._loop.playback.pause(paused)
        self._loop.stats.pause()
        self._loop.focus.restart()
