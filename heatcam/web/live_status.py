"""Status of the live view, from a session and the picture that it shows."""

from __future__ import annotations

import time
from dataclasses import dataclass, fields
from typing import Any

from heatcam.live import Painted, Session, WindowState
from heatcam.measures import energy_in_box
from heatcam.overlay import object_colour
from heatcam.sources import Source
from heatcam.text import printable
from heatcam.web.attention import hex_colour
from heatcam.web.live_documents import LiveDetection, LiveState, LiveStatus, Phase

_SHOWN = frozenset(LiveState.model_fields)


@dataclass(frozen=True)
class LiveFacts:
    """Facts about the live view beside its session.

    Attributes:
        phase, reason: as in ``LiveStatus``.
        source, model: the chosen ones.
        state: the choices in force.
        viewers: number of clients that watch.
        seeks: True if the source can be sought in.
        duration_s: the source's; None if unknown.
    """

    phase: Phase
    reason: str
    source: str
    model: str
    state: WindowState
    viewers: int
    seeks: bool = False
    duration_s: float | None = None


def status_of(facts: LiveFacts, session: Session | None, painted: Painted | None) -> LiveStatus:
    """Return the status with a picture that was shown; None without a session, or before its first one. From any thread."""
    return LiveStatus.model_construct(
        **_head(facts), **_of_session(session), **_of_picture(facts, painted, session)
    )


def _head(facts: LiveFacts) -> dict[str, Any]:
    return {
        "phase": facts.phase,
        "reason": printable(facts.reason),
        "source": facts.source,
        "model": facts.model,
        "state": state_document(facts.state),
        "viewers": facts.viewers,
        "can_seek": facts.seeks,
        "duration_s": facts.duration_s,
    }


def state_document(state: WindowState) -> LiveState:
    """Return the choices that make sense on a page."""
    known = {of.name: getattr(state, of.name) for of in fields(WindowState) if of.name in _SHOWN}
    return LiveState.model_construct(**known | {"classes": list(state.classes)})


def _of_session(session: Session | None) -> dict[str, Any]:
    """Return what is known as soon as there is a session."""
    if session is None:
        return {"dropped": 0, "backend": "", "device": "", "recording_s": None}
    ready = session.parts.inference.ready
    device, _, backend = ("" if ready is None else ready.backend).partition(" ")
    seconds = session.parts.recording.seconds
    return {
        "dropped": session.parts.dropped,
        "backend": backend,
        "device": device,
        "recording_s": None if seconds is None else round(seconds, 1),
    }


def _of_picture(facts: LiveFacts, painted: Painted | None, session: Session | None) -> dict[str, Any]:
    """Return what the picture shows, and what it cost."""
    if painted is None or session is None:
        return {
            "mode": "NORMAL",
            "fps": 0.0,
            "forward_ms": 0.0,
            "map_ms": 0.0,
            "draw_ms": 0.0,
            "age_s": None,
            "size_wh": None,
            "position_s": None,
            "detections": [],
            "note": "",
            "map_error": "",
        }
    explanation, status = painted.entry.explanation, painted.status
    map_error = printable(explanation.map_error)
    message = printable(status.message)
    return {
        "mode": status.mode,
        "fps": round(status.fps, 2) if facts.phase == "running" and not session.current.rests else 0.0,
        "forward_ms": round(status.forward_ms, 2),
        "map_ms": round(status.map_ms, 2),
        "draw_ms": round(status.draw_ms, 2),
        "age_s": _age_s(painted, session.parts.capture.source),
        "size_wh": explanation.frame.size_wh,
        "position_s": round(explanation.frame.pts_s, 3),
        "detections": _detections(painted),
        "note": "" if message == map_error else message,
        "map_error": map_error,
    }


def _age_s(painted: Painted, source: Source) -> float | None:
    """Return the age of a live source's frame, in seconds; None while it is held, and for files."""
    if not source.is_live or painted.status.paused:
        return None
    return round(time.monotonic() - painted.entry.explanation.frame.captured_at_s, 3)


def _detections(painted: Painted) -> list[LiveDetection]:
    """Return the objects, their boxes in shares of the picture: of its second half, with heat, for two side by side."""
    explanation, found = painted.entry.explanation, painted.entry.explanation.detections
    wide, tall = painted.view.picture.shape[1::-1]
    left, top, right, bottom = painted.view.places[-1]
    frame_wide, frame_tall = explanation.frame.size_wh
    along_x, along_y = (right - left) / frame_wide, (bottom - top) / frame_tall

    def shares(box: list[float]) -> tuple[float, float, float, float]:
        x1, y1, x2, y2 = box
        corners = (
            ((left + x1 * along_x) / wide, (top + y1 * along_y) / tall),
            ((left + x2 * along_x) / wide, (top + y2 * along_y) / tall),
        )
        (sx1, sy1), (sx2, sy2) = corners
        return round(sx1, 5), round(sy1, 5), round(sx2, 5), round(sy2, 5)

    own = explanation.object_maps
    return [
        LiveDetection.model_construct(
            object_id=painted.entry.object_ids[n],
            class_name=printable(found.class_names[n]),
            confidence=round(float(found.confidences[n]), 4),
            box_xyxy=shares(found.boxes_xyxy[n].tolist()),
            energy_in_box=_rounded(energy_in_box(own[n], found.boxes_xyxy[n])) if own else None,
            low_evidence=bool(explanation.low_evidence[n]) if explanation.low_evidence else None,
            colour=hex_colour(object_colour(found, n)),
        )
        for n in range(len(found))
    ]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
