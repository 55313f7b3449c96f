"""Renderer of the window: one picture from an explained frame and the current choices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from heatcam.enums import Layout
from heatcam.frames import Explanation, Frame
from heatcam.geometry import Uint8Array
from heatcam.live.frame_history import HistoryEntry
from heatcam.live.state import WindowState
from heatcam.measures import EvidenceHistory
from heatcam.overlay import (
    OverlayOptions,
    Status,
    View,
    at_size,
    compose_on,
    draw,
    draw_banner,
    draw_graphs,
    draw_help,
    draw_numbers,
    draw_status,
    natural_wh,
    places_on,
    top_line_box,
)
from heatcam.sinks import KeyTable
from heatcam.smoothing import Smoothed, Smoother


class Renderer:
    """Paints the entries of one run. Called from the display thread.

    Heat is smoothed once for each new frame, however often that frame is painted; a refined frame is painted unsmoothed.

    Args:
        smooth: strength of the smoothing, in ``[0, 1]``.
        keys: key table for the help.
    """

    def __init__(self, smooth: float, keys: KeyTable) -> None:
        self._smooth = smooth
        self._keys = keys
        self._smoother: Smoother | None = None
        self._of_renorm: object = None
        self._smoothed: Smoothed | None = None
        self._attended: Frame | None = None
        self.evidence = EvidenceHistory()

    def take(self, explanation: Explanation, state: WindowState) -> None:
        """Take the next frame of the stream: smooth its heat and add it to the evidence history."""
        self._attend(explanation)
        if self._smooth <= 0:
            return
        if self._smoother is None or self._of_renorm is not state.renorm:
            self._smoother, self._of_renorm = Smoother(self._smooth, state.renorm), state.renorm
        self._smoothed = self._smoother.smooth(explanation)

    def restart(self) -> None:
        """Restart smoothing and graphs: the next frame does not follow the one before."""
        self._smoother = self._smoothed = self._attended = None
        self.evidence = EvidenceHistory()

    def refine(self, explanation: Explanation) -> None:
        """Take a refined explanation of a paused frame: add it to the evidence history if the frame is not in it yet."""
        if self._attended is not explanation.frame:
            self._attend(explanation)

    def _attend(self, explanation: Explanation) -> None:
        """Add to the evidence history, from objects' own maps only: a share of all evidence is another number."""
        if explanation.object_maps or not len(explanation.detections):
            self.evidence.add(explanation)
            self._attended = explanation.frame

    def paint(
        self,
        entry: HistoryEntry,
        state: WindowState,
        status: Status,
        banner: tuple[str, str] | None = None,
        canvas_wh: tuple[int, int] | None = None,
    ) -> View:
        """Paint the window's picture.

        Args:
            entry: the explained frame.
            state: the current choices.
            status: content of the top line.
            banner: a line and its detail to draw over a picture that is not live; None for none.
            canvas_wh: width and height to draw for, in pixels; None for the frame's own, or two frames side by side.

        Returns:
            uint8 ``(H, W, 3)`` BGR, a new picture, and the way back from its pixels to the frame's.
        """
        view = self._composed(entry, state, canvas_wh)
        picture, explanation = view.picture, entry.explanation
        if banner is not None:
            draw_banner(picture, *banner)
        focus = _place(entry.object_ids, state.focus)
        seen = [] if focus is None else view.boxes_of(explanation.detections.boxes_xyxy[focus].tolist())
        card = draw_numbers(picture, explanation, focus, seen) if state.numbers else None
        if state.graphs:
            draw_graphs(picture, self.evidence, seen, [] if card is None else [card])
        if state.hud:
            draw_status(picture, status, len(explanation.detections))
        if state.help:
            draw_help(picture, self._keys.as_lines())
        return view

    def _composed(self, entry: HistoryEntry, state: WindowState, canvas_wh: tuple[int, int] | None) -> View:
        frame_wh, layout = entry.explanation.frame.size_wh, state.layout
        canvas_wh = canvas_wh or natural_wh(frame_wh, layout)
        left, top, right, bottom = places_on(canvas_wh, frame_wh, layout)[-1]
        size_wh = right - left, bottom - top
        covered = max(0, top_line_box(canvas_wh)[3] - top) if state.hud else 0
        look = OverlayOptions(
            state.colormap, state.alpha, state.renorm, state.boxes, state.hud, min(covered, size_wh[1])
        )
        shown = replace(entry, explanation=at_size(entry.explanation, size_wh))
        parts = []
        if layout is not Layout.SINGLE or not state.heatmap:
            parts.append(self._plain(shown, state, look))
        if layout is not Layout.SINGLE or state.heatmap:
            parts.append(self._hot(entry, shown, state, look))
        return compose_on(canvas_wh, frame_wh, parts, layout, state.split)

    def _plain(self, shown: HistoryEntry, state: WindowState, look: OverlayOptions) -> Uint8Array:
        bare = replace(shown.explanation, saliency=None, object_maps=(), low_evidence=())
        return draw(bare, look, focus=_place(shown.object_ids, state.focus))

    def _hot(
        self, entry: HistoryEntry, shown: HistoryEntry, state: WindowState, look: OverlayOptions
    ) -> Uint8Array:
        """Draw the frame with its heat; ``shown`` is the entry resized to the pixels it is shown in."""
        explanation, focus = shown.explanation, _place(entry.object_ids, state.focus)
        if (
            state.focus is not None and focus is None
        ):  # the object is briefly undetected: the others' heat would only flash up
            return self._plain(shown, state, look)
        smoothed = self._smoothed
        if (
            smoothed is None
            or not _same(smoothed.explanation, entry.explanation)
            or self._of_renorm is not state.renorm
        ):
            return draw(explanation, look, focus=focus)
        smooth = at_size(smoothed.explanation, explanation.frame.size_wh)
        return draw(explanation, look, focus=focus, smoothed=smooth, scales=smoothed.scales)


def _same(smoothed: Explanation, explanation: Explanation) -> bool:
    """Return True if the smoothed explanation was made from this one, not from a refinement of the frame."""
    return smoothed.frame is explanation.frame and smoothed.timings is explanation.timings


def _place(object_ids: Sequence[int], focus: int | None) -> int | None:
    """Return the index of the object in focus; None if no object is in focus, or it is not in the frame."""
    return object_ids.index(focus) if focus is not None and focus in object_ids else None
