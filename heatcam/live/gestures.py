"""Drags over the window's picture: what is drawn with the mouse, and what it is for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from heatcam.live.current_state import CurrentState
from heatcam.live.presenter import Presenter
from heatcam.live.questions import Box, Tool
from heatcam.sinks import Drag, MouseButton

LEAST_SIDE = 4.0  # frame pixels; a smaller box is a click


class Gestures:
    """Turns drags into boxes in frame pixels, and hands each to its tool. Called on the main thread.

    Args:
        current: the choices in force: the tool in hand, and the box that is being drawn.
        presenter: the picture under the mouse.
        tools: what a finished box is handed to, for each tool.
    """

    def __init__(
        self, current: CurrentState, presenter: Presenter, tools: Mapping[Tool, Callable[[Box], None]]
    ) -> None:
        self._current, self._presenter, self._tools = current, presenter, tools

    def tool_of(self, drag: Drag) -> Tool:
        """Return the tool that a drag is made with; ``NONE`` for a mere move of the mouse."""
        return Tool.ASK if drag.button is MouseButton.RIGHT else self._current.state.tool

    def drag(self, drag: Drag) -> None:
        """Show the box that is being drawn; hand it to its tool when the button goes up."""
        tool, shown = self.tool_of(drag), self._presenter.shown
        if tool is Tool.NONE or shown is None:
            return
        self._presenter.freeze(tool is Tool.EXAMPLE and not drag.is_over)  # (an example moves on meanwhile)
        box = shown.view.box_between(drag.start_xy, drag.to_xy)
        if not drag.is_over:
            self._current.change_drawing(replace(self._current.state, drawn_box=box))
            return
        self._current.change_drawing(replace(self._current.state, drawn_box=None))
        if min(box[2] - box[0], box[3] - box[1]) >= LEAST_SIDE:
            self._tools[tool](box)
