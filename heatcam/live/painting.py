"""From what was seen and what is chosen to the one picture in the window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from heatcam.attention import AttentionHistory
from heatcam.choices import Layout
from heatcam.frames import Explanation, Frame
from heatcam.geometry import Uint8Array
from heatcam.live.past import Moment
from heatcam.live.state import WindowState
from heatcam.overlay import OverlayOptions, Status, draw
from heatcam.overlay.banner import draw_banner
from heatcam.overlay.graphs import draw_graphs
from heatcam.overlay.help import draw_help
from heatcam.overlay.panel import draw_numbers
from heatcam.overlay.topline import draw_status
from heatcam.overlay.views import View, compose, line_rows
from heatcam.sinks.keys import KeyTable
from heatcam.steady.smoother import Smoother, Steadied


class Painting:
    """Paints the moments of one run. Called from the thread that shows.

    Heat is steadied once for each new frame, however often that frame is painted; a second look is painted as it is.

    Args:
        smooth: how much heat is steadied, in ``[0, 1]``.
        keys: what the help shows.
    """

    def __init__(self, smooth: float, keys: KeyTable) -> None:
        self._smooth = smooth
        self._keys = keys
        self._smoother: Smoother | None = None
        self._of_renorm: object = None
        self._steadied: Steadied | None = None
        self._attended: Frame | None = None
        self.attention = AttentionHistory()

    def take(self, explanation: Explanation, state: WindowState) -> None:
        """The next frame of the stream."""
        self._attend(explanation)
        if self._smooth <= 0:
            return
        if self._smoother is None or self._of_renorm is not state.renorm:
            self._smoother, self._of_renorm = Smoother(self._smooth, state.renorm), state.renorm
        self._steadied = self._smoother.steady(explanation)

    def restart(self) -> None:
        """The next frame does not follow the one before: nothing is steadied from it, and the graphs begin anew."""
        self._smoother = self._steadied = self._attended = None
        self.attention = AttentionHistory()

    def look_again(self, explanation: Explanation) -> None:
        """A second look at a frame that stands still."""
        if self._attended is not explanation.frame:
            self._attend(explanation)

    def _attend(self, explanation: Explanation) -> None:
        """Only objects' own maps make the graphs: a share of all evidence is another number."""
        if explanation.object_maps or not len(explanation.detections):
            self.attention.add(explanation)
            self._attended = explanation.frame

    def paint(
        self, moment: Moment, state: WindowState, status: Status, banner: tuple[str, str] | None = None
    ) -> View:
        """What the window shows.

        Args:
            moment: what was seen.
            state: what is chosen.
            status: what the top line says.
            banner: a line and its detail to lay over a picture that is not live; None for none.

        Returns:
            uint8 ``(H, W, 3)`` BGR, a new picture, and the way back from its pixels to the frame's.
        """
        view = self._composed(moment, state)
        picture = view.picture
        if banner is not None:
            draw_banner(picture, *banner)
        if state.graphs:
            draw_graphs(picture, self.attention)
        if state.numbers:
            draw_numbers(picture, moment.explanation, _place(moment.numbers, state.focus))
        if state.hud:
            draw_status(picture, status, len(moment.explanation.detections))
        if state.help:
            draw_help(picture, self._keys.as_lines())
        return view

    def _composed(self, moment: Moment, state: WindowState) -> View:
        if state.layout is Layout.SINGLE:
            picture = self._hot(moment, state) if state.heatmap else self._plain(moment, state)
            return compose(picture, picture, Layout.SINGLE)
        return compose(self._plain(moment, state), self._hot(moment, state), state.layout, state.split)

    def _plain(self, moment: Moment, state: WindowState) -> Uint8Array:
        bare = replace(moment.explanation, saliency=None, object_maps=(), low_evidence=())
        return draw(bare, _look(state, bare.frame.size_wh), focus=_place(moment.numbers, state.focus))

    def _hot(self, moment: Moment, state: WindowState) -> Uint8Array:
        explanation, focus = moment.explanation, _place(moment.numbers, state.focus)
        if (
            state.focus is not None and focus is None
        ):  # not seen for a moment: others' heat would only flash up
            return self._plain(moment, state)
        look, steadied = _look(state, explanation.frame.size_wh), self._steadied
        if (
            steadied is None
            or not _same(steadied.explanation, explanation)
            or self._of_renorm is not state.renorm
        ):
            return draw(explanation, look, focus=focus)
        return draw(explanation, look, focus=focus, steadied=steadied.explanation, scales=steadied.scales)


def _same(steadied: Explanation, explanation: Explanation) -> bool:
    """Whether what was steadied is this look at this frame."""
    return steadied.frame is explanation.frame and steadied.timings is explanation.timings


def _look(state: WindowState, size_wh: tuple[int, int]) -> OverlayOptions:
    """How the frame is drawn; labels stay clear of the top line, which comes later."""
    line = line_rows(size_wh, state.layout) if state.hud else 0
    return OverlayOptions(state.colormap, state.alpha, state.renorm, state.boxes, state.hud, line)


def _place(numbers: Sequence[int], focus: int | None) -> int | None:
    """The index of the object with a number; None for all."""
    return numbers.index(focus) if focus is not None and focus in numbers else None
