"""Banner text for a picture that is not live any more."""

from __future__ import annotations

from heatcam.sources import Phase, SourceState


def banner_of(name: str, state: SourceState, now_s: float) -> tuple[str, str] | None:
    """Return the banner's line and its detail; None while the source plays.

    Args:
        name: the source's display name.
        state: the source's state.
        now_s: ``time.monotonic()``.
    """
    seconds = max(0.0, now_s - state.since_s)
    if state.phase is Phase.PLAYING:
        return None
    if state.phase is Phase.OPENING:
        return f"opening {name}", f"for {seconds:.0f} s"
    if state.phase is Phase.STALLED:
        return f"{name} gives no frames", f"for {seconds:.0f} s"
    line = f"reconnecting to {name}" + (f", attempt {state.attempt}" if state.attempt else "")
    if state.retry_at_s is not None and state.retry_at_s > now_s:
        return line, f"in {state.retry_at_s - now_s:.0f} s" + (f" ({state.reason})" if state.reason else "")
    return line, state.reason
