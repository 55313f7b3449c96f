"""Two models in one window: what is shown of an explanation by one of them or by both."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from heatcam.comparison import ComparedExplanation, ComparedFrame, comparison_rows, explanations_of
from heatcam.enums import ComparedView, Layout
from heatcam.frames import Explanation
from heatcam.live.explain_request import Side
from heatcam.live.frame_history import HistoryEntry
from heatcam.live.state import WindowState
from heatcam.measures import describe


def models_of(explanation: Explanation) -> tuple[str, ...]:
    """Return the names of the models that made an explanation: one, or two of a comparison."""
    return tuple(own.model for own in explanations_of(explanation))


def comparison_shown(explanation: Explanation, state: WindowState) -> ComparedFrame | None:
    """Return the comparison to draw; None where one model alone is to be shown, or has made the explanation."""
    if state.compared.explained is not ComparedView.BOTH or not isinstance(explanation, ComparedExplanation):
        return None
    return explanation.comparison


def alone(entry: HistoryEntry, state: WindowState) -> HistoryEntry:
    """Return the part of a comparison's entry that the chosen model has made: it is shown until that model's own comes."""
    comparison = getattr(entry.explanation, "comparison", None)
    if not isinstance(comparison, ComparedFrame):
        return entry
    side = "b" if state.compared is ComparedView.B else "a"
    own: Explanation = getattr(comparison, side)
    places = {
        getattr(each, side): number for each, number in zip(comparison.objects, entry.object_ids, strict=True)
    }
    return replace(entry, explanation=own, object_ids=tuple(places[n] for n in range(len(own.detections))))


def explanations_shown(explanation: Explanation, state: WindowState) -> dict[str, Explanation]:
    """Return what is shown by what its files end in: ``""`` for one model, ``-a`` and ``-b`` for two."""
    comparison = comparison_shown(explanation, state)
    if comparison is not None:
        return {"-a": comparison.a, "-b": comparison.b}
    own = explanations_of(explanation)
    return {"": own[-1] if state.compared is ComparedView.B else own[0]}


def described(explanation: Explanation, state: WindowState) -> dict[str, Any]:
    """Return the objects that are shown, for a document: those of one model, or those of two with their differences."""
    comparison = comparison_shown(explanation, state)
    if comparison is not None:
        return {
            "models": {"a": comparison.a.model, "b": comparison.b.model},
            **comparison_rows(comparison, {}),
        }
    (own,) = explanations_shown(explanation, state).values()
    return ({"model": own.model} if own.model else {}) | describe(own)


def layout_shown(explanation: Explanation, state: WindowState) -> Layout:
    """Return the layout in effect: two models take a place each, unless a wipe lies between them."""
    is_pair = comparison_shown(explanation, state) is not None and state.compared is ComparedView.BOTH
    return Layout.DUAL if is_pair and state.layout is Layout.SINGLE else state.layout


def side_shown(
    explanation: Explanation, state: WindowState, sides: tuple[Side, ...]
) -> tuple[str, Side] | None:
    """Return letters, name and backend of what is shown: ``A`` and ``yolov8n``, ``A|B`` and ``yolov8n | markers``.

    Args:
        explanation: what is shown, made by one of ``sides`` or by both.
        state: the choices.
        sides: A and B; empty where there is one model, for which None is returned.
    """
    if not sides:
        return None
    if comparison_shown(explanation, state) is not None:
        backends = dict.fromkeys(side.backend for side in sides)
        return state.compared.value, Side(" | ".join(side.name for side in sides), " / ".join(backends))
    (own,) = explanations_shown(explanation, state).values()
    place = next((n for n, side in enumerate(sides) if side.name == own.model), 0)
    return "AB"[place], sides[place]
