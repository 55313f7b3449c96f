"""Renderer of the window: one picture from an explained frame and the current choices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from heatcam.comparison import ComparedFrame, explanations_of
from heatcam.enums import ComparedView, Layout
from heatcam.frames import Explanation, Frame
from heatcam.geometry import Uint8Array
from heatcam.live.asked import AskedPlaceShown, asked_shown
from heatcam.live.compared import alone, comparison_shown, layout_shown
from heatcam.live.covers_shown import (
    cover_marks,
    covers_on,
    draw_card,
    places_shown,
    with_covers,
)
from heatcam.live.frame_history import HistoryEntry
from heatcam.live.objects import shown_numbers
from heatcam.live.state import WindowState
from heatcam.measures import EvidenceHistory, RegionFinder
from heatcam.overlay import (
    HEAT_CAPTION,
    PLAIN_CAPTION,
    AskedMarks,
    OverlayOptions,
    Pixels,
    Status,
    View,
    at_size,
    caption_px,
    colour_bar_room,
    compose_on,
    draw,
    draw_band,
    draw_banner,
    draw_cover_outlines,
    draw_evidence,
    draw_graphs,
    draw_help,
    draw_model,
    draw_models_difference,
    draw_numbers,
    draw_place_marks,
    draw_status,
    draw_text_field,
    draw_text_panel,
    draw_tool,
    evidence_bar_box,
    is_small,
    moved_marks,
    natural_wh,
    places_on,
    resized_comparison,
    top_line_box,
)
from heatcam.sinks import KeyTable
from heatcam.smoothing import Smoothed, Smoother
from heatcam.text import printable


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
        self._finder = RegionFinder()
        self.evidence = EvidenceHistory()

    def take(self, explanation: Explanation, state: WindowState) -> None:
        """Take the next frame of the stream: smooth its heat and add it to the evidence history; of one model alone."""
        if len(explanations_of(explanation)) > 1:
            return
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
        if len(explanations_of(explanation)) > 1:
            return
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
        comparison = comparison_shown(entry.explanation, state)
        if comparison is None:
            entry = alone(entry, state)
        view = self._composed(entry, comparison, state, canvas_wh)
        picture, explanation = view.picture, entry.explanation
        if banner is not None:
            draw_banner(picture, *banner)
        self._draw_panels(view, entry, state, is_alone=comparison is None)
        if state.drawn_box is not None:
            for box in view.boxes_of(state.drawn_box):
                draw_band(picture, box)
        if state.hud:
            draw_status(picture, status, len(explanation.detections))
        else:
            draw_tool(picture, status.tool)
        if state.field is not None:
            field = state.field
            draw_text_field(picture, field.use.value, field.before, field.after, field.use.when_empty)
        if state.help:
            draw_help(picture, self._keys.groups())
        return view

    def _draw_panels(self, view: View, entry: HistoryEntry, state: WindowState, *, is_alone: bool) -> None:
        """Draw numbers, what is told of a place and of covers, and graphs, in place; of two models no numbers and graphs."""
        picture, explanation = view.picture, entry.explanation
        focus, cards = _place(entry.object_ids, state.focus), list[Pixels | None]()
        seen = [] if focus is None else view.boxes_of(explanation.detections.boxes_xyxy[focus].tolist())
        if state.numbers and is_alone:
            cards.append(draw_numbers(picture, explanation, focus, seen))
        asked = asked_shown(entry, state)
        bars = [] if asked is None else _bar_boxes(asked, view, state)
        if asked is not None:
            avoided = [*_laid(cards), *bars]
            seen_there = view.boxes_of(asked.box_xyxy)
            cards.append(draw_text_panel(picture, asked.lines(), seen_there, avoided, view.places))
        clear = [*places_shown(view, entry, state), *seen]
        beside = [*_laid(cards), *(bars or _heat_bars(view, state))]
        cards.append(draw_card(picture, entry, state, focus, clear, beside))
        crowded = len(_laid(cards)) > 1 and is_small((picture.shape[1], picture.shape[0]))
        if state.graphs and is_alone and not crowded:
            draw_graphs(picture, self.evidence, seen, [*_laid(cards), *bars])

    def _composed(
        self,
        entry: HistoryEntry,
        comparison: ComparedFrame | None,
        state: WindowState,
        canvas_wh: tuple[int, int] | None,
    ) -> View:
        frame_wh, layout = entry.explanation.frame.size_wh, layout_shown(entry.explanation, state)
        canvas_wh = canvas_wh or natural_wh(frame_wh, layout)
        places = places_on(canvas_wh, frame_wh, layout)
        size_wh = places[-1][2] - places[-1][0], places[-1][3] - places[-1][1]
        looks = [_look(state, _covered(canvas_wh, place, state)) for place in (places[0], places[-1])]
        if comparison is not None:
            if layout is Layout.DUAL:  # (the captions lie below the top line)
                looks = [replace(look, clear_top=look.clear_top + caption_px(canvas_wh)) for look in looks]
            parts = self._of_both(entry, resized_comparison(comparison, size_wh), state, looks)
            for part in parts:
                _draw_marks(part, _marks(entry, state, size_wh), looks[-1].clear_top)
            captions = _captions(comparison, state)
            return compose_on(canvas_wh, frame_wh, parts, layout, state.split, captions)
        marks, look = _marks(entry, state, size_wh), looks[-1]
        bare = with_covers(entry.explanation, covers_on(entry, state))
        shown = replace(entry, explanation=at_size(bare, size_wh))
        parts = []
        if layout is not Layout.SINGLE or not state.heatmap:
            parts.append(self._plain(shown, state, look, marks))
        if layout is not Layout.SINGLE or state.heatmap:
            parts.append(self._hot(entry, shown, state, look, marks))
        return compose_on(canvas_wh, frame_wh, parts, layout, state.split, _captions_of(entry, state))

    def _of_both(
        self,
        entry: HistoryEntry,
        comparison: ComparedFrame,
        state: WindowState,
        looks: Sequence[OverlayOptions],
    ) -> list[Uint8Array]:
        """Draw A and B, or their difference, beside the plain picture if that is chosen; the object in focus alone."""
        objects, numbers = comparison.objects, shown_numbers(entry.object_ids)
        if state.focus is not None:
            kept = [n for n, own in enumerate(entry.object_ids) if own == state.focus]
            objects, numbers = tuple(objects[n] for n in kept), [numbers[n] for n in kept]
        if not state.heatmap:
            objects = tuple(replace(each, map_a=None, map_b=None) for each in objects)
        shown = replace(comparison, objects=objects)
        if state.compared is ComparedView.BOTH:
            return [draw_model(shown, side, numbers, look) for side, look in zip("ab", looks, strict=True)]
        difference = draw_models_difference(shown, numbers, looks[-1])
        if state.layout is Layout.SINGLE:
            return [difference]
        return [comparison.a.frame.image_bgr.copy(), difference]

    def _plain(
        self, shown: HistoryEntry, state: WindowState, look: OverlayOptions, marks: AskedMarks
    ) -> Uint8Array:
        bare = replace(shown.explanation, saliency=None, object_maps=(), low_evidence=())
        return draw(bare, look, focus=_place(shown.object_ids, state.focus), marks=marks)

    def _hot(
        self,
        entry: HistoryEntry,
        shown: HistoryEntry,
        state: WindowState,
        look: OverlayOptions,
        marks: AskedMarks,
    ) -> Uint8Array:
        """Draw the frame with its heat, or with the evidence at the place that is asked about.

        ``shown`` is the entry resized to the pixels it is shown in; ``marks`` are in these.
        """
        explanation, focus = shown.explanation, _place(entry.object_ids, state.focus)
        asked = asked_shown(entry, state)
        if asked is not None and asked.evidence is not None:
            return draw_evidence(explanation, asked.evidence, look, marks, focus)
        if (
            state.focus is not None and focus is None
        ):  # the object is briefly undetected: the others' heat would only flash up
            return self._plain(shown, state, look, marks)
        smoothed = self._smoothed
        if (
            smoothed is None
            or not _same(smoothed.explanation, entry.explanation)
            or self._of_renorm is not state.renorm
        ):
            return draw(explanation, look, focus=focus, finder=self._finder, marks=marks)
        smooth = at_size(smoothed.explanation, explanation.frame.size_wh)
        return draw(
            explanation,
            look,
            focus=focus,
            smoothed=smooth,
            scales=smoothed.scales,
            finder=self._finder,
            marks=marks,
        )


def _marks(entry: HistoryEntry, state: WindowState, size_wh: tuple[int, int]) -> AskedMarks:
    """Return the marks of what is asked, in a picture of this size."""
    asked, frame_wh = asked_shown(entry, state), entry.explanation.frame.size_wh
    scale_xy = size_wh[0] / frame_wh[0], size_wh[1] / frame_wh[1]
    place = () if asked is None else moved_marks(asked.marks(), scale_xy)
    return AskedMarks(place, cover_marks(entry, state, size_wh))


def _draw_marks(picture: Uint8Array, marks: AskedMarks, top: int) -> None:
    """Draw them where nothing else is drawn with them, in place; text lies on ``top`` rows of the picture."""
    if marks.covers is not None:
        draw_cover_outlines(picture, marks.covers, top)
    draw_place_marks(picture, marks.place)


def _bar_boxes(asked: AskedPlaceShown, view: View, state: WindowState) -> list[Pixels]:
    """Return the rectangle of the bar of the evidence at a place; none where that is not shown."""
    if asked.evidence is None or not state.hud or (state.layout is Layout.SINGLE and not state.heatmap):
        return []
    left, top, right, bottom = view.places[-1]
    x1, y1, x2, y2 = evidence_bar_box(asked.evidence, (right - left, bottom - top))
    return [(left + x1, top + y1, left + x2, top + y2)]


def _laid(cards: Sequence[Pixels | None]) -> list[Pixels]:
    """Return the cards that had room."""
    return [card for card in cards if card is not None]


def _same(smoothed: Explanation, explanation: Explanation) -> bool:
    """Return True if the smoothed explanation was made from this one, not from a refinement of the frame."""
    return smoothed.frame is explanation.frame and smoothed.timings is explanation.timings


def _look(state: WindowState, covered: int) -> OverlayOptions:
    """Return the drawing options of a picture whose first ``covered`` rows other text lies on."""
    return OverlayOptions(state.colormap, state.alpha, state.renorm, state.boxes, state.hud, covered)


def _covered(canvas_wh: tuple[int, int], place: Pixels, state: WindowState) -> int:
    """Return the number of a place's rows that the top line lies on."""
    _, top, _, bottom = place
    return min(max(0, top_line_box(canvas_wh)[3] - top), bottom - top) if state.hud else 0


def _captions_of(entry: HistoryEntry, state: WindowState) -> tuple[str, str]:
    """Return what two pictures of one model beside each other are."""
    asked = asked_shown(entry, state)
    if asked is None or asked.evidence is None:
        return PLAIN_CAPTION, HEAT_CAPTION
    return PLAIN_CAPTION, f"for and against {printable(asked.evidence.class_name)}"


def _captions(comparison: ComparedFrame, state: WindowState) -> tuple[str, str]:
    """Return what two pictures beside each other are."""
    if state.compared is ComparedView.BOTH:
        return printable(f"A {comparison.a.model}"), printable(f"B {comparison.b.model}")
    return PLAIN_CAPTION, "A - B"


def _heat_bars(view: View, state: WindowState) -> list[Pixels]:
    """Return the rectangle where the colour bar of the heat is; none where there is none."""
    if not state.hud or (state.layout is Layout.SINGLE and not state.heatmap):
        return []
    left, top, right, bottom = view.places[-1]
    x1, y1, x2, y2 = colour_bar_room((right - left, bottom - top))
    return [(left + x1, top + y1, left + x2, top + y2)]


def _place(object_ids: Sequence[int], focus: int | None) -> int | None:
    """Return the index of the object in focus; None if no object is in focus, or it is not in the frame."""
    return object_ids.index(focus) if focus is not None and focus in object_ids else None
