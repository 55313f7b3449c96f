"""``heatcam live``: the window."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace
from pathlib import Path

from heatcam import stopping
from heatcam.choices import MethodName, Quality
from heatcam.commands.default_model import with_model
from heatcam.commands.interrupts import on_interrupt
from heatcam.commands.live_report import live_report
from heatcam.commands.options import Extent, FilmChoice, Look, ModelChoice, Motion, WindowChoice
from heatcam.commands.starting import (
    explain_options,
    names_in,
    say_scale,
    say_source,
    size_to_come,
    start_shelf,
)
from heatcam.commands.terminal import Terminal
from heatcam.errors import UsageError
from heatcam.live.capture import Capture, FilmOptions
from heatcam.live.explaining import ExplainerFor, Explaining
from heatcam.live.inference import Inference
from heatcam.live.painting import Painting
from heatcam.live.parts import Parts, Plan
from heatcam.live.saving import Recording, Snapshots
from heatcam.live.screen import Caption
from heatcam.live.session import Session
from heatcam.live.state import Choices, WindowState
from heatcam.live.wants import Wants
from heatcam.pipeline import Limits
from heatcam.saliency.building import Shelf
from heatcam.saliency.explainer import Explainer
from heatcam.saliency.kinds import layer_sets
from heatcam.saliency.methods import METHODS
from heatcam.saliency.options import ExplainOptions
from heatcam.settings import Settings, load_settings, save_settings
from heatcam.sinks.keys import DEFAULT_KEYS
from heatcam.sinks.viewer import Viewer
from heatcam.sources.base import Source
from heatcam.sources.completeness import shortfall
from heatcam.sources.images import ImageSource
from heatcam.sources.opening import open_source
from heatcam.sources.options import CaptureOptions, parse_size
from heatcam.tracking import tracker_of


@dataclass(frozen=True)
class LiveOptions:
    """How the window is to be.

    Attributes:
        look: how the overlay looks.
        motion: what only moving pictures have.
        extent: when to stop by itself.
        window: the window and its pace.
        capture: what to ask the source for.
        given: names of the options that stand on the command line, which go before what was kept from the last run.
    """

    look: Look
    motion: Motion
    extent: Extent
    window: WindowChoice
    capture: FilmChoice
    given: frozenset[str] = frozenset()


def live(spec: str, model: ModelChoice, options: LiveOptions, terminal: Terminal) -> int:
    """Show the source until it ends or the user quits; what was chosen is kept for the next run.

    Call ``sinks.display.require_display`` before.

    Args:
        spec: the source.
        model: which model explains, and how.
        options: how the window is to be.
        terminal: where to say it.

    Returns:
        0, 1 when a recording or a snapshot could not be finished or a file gave fewer frames than it holds, or 130 after Ctrl-C.

    Raises:
        HeatcamError: no source or no model; each says the next step.
    """
    window = options.window
    kept = Settings() if window.reset_settings else load_settings()
    kept = replace(kept, window_wh=parse_size(window.window_size, "--window-size") or kept.window_wh)
    if window.report is not None and not window.report.absolute().parent.is_dir():
        raise UsageError(f"there is no folder for {window.report}", "make it first or choose another")
    asked = options.capture.options()
    source = open_source(spec, asked)
    tracker = tracker_of(options.motion.track)
    start = first_state(model, options.look, options.window)
    state = as_kept(start, kept, options.given)
    model = with_model(replace(model, method=MethodName(state.method), conf=state.conf), spec, terminal)
    shelf, explainer = start_shelf(model, terminal, size_to_come(spec, asked))
    say_scale(replace(options.look, renorm=state.renorm), explainer, terminal)
    explaining = Explaining(explainer_for(shelf, explain_options(model)), tracker)
    film = film_options(source, window, asked)
    capture = Capture(
        source, film, realtime=window.realtime, on_open=lambda opened: say_source(opened, terminal)
    )
    session = _session(capture, explainer, explaining, (start, state), options, kept)
    try:
        with on_interrupt(session.interrupt, ends_the_program=True), session.parts.viewer:
            session.run()
    finally:
        for text in session.last_words:
            terminal.note(text)
        save_settings(to_keep(session.state, state, kept, options.given, session.window_wh))
        if window.report is not None:
            terminal.document(live_report(session, explainer.engine.name), str(window.report))
    if session.interrupted:
        return stopping.exit_code()
    lacking = shortfall(source) if session.saw_the_end else ""
    if lacking:
        terminal.note(lacking)
    elif not session.numbers.frames_shown:
        terminal.note(f"{source.name} gave no picture")
    return int(session.parts.recording.failed or session.parts.snapshots.failed or bool(lacking))


def _session(
    capture: Capture,
    explainer: Explainer,
    explaining: Explaining,
    states: tuple[WindowState, WindowState],
    options: LiveOptions,
    kept: Settings,
) -> Session:
    """The threads, the window and what they share, not started yet.

    ``states``: the choices that ``0`` goes back to, and those that it begins with.
    """
    source = capture.source
    about = {"model": explainer.title, "source": source.name, "imgsz": explainer.imgsz}
    parts = Parts(
        capture,
        Inference(capture.frames, explaining, Wants(), drops=capture.drops, on_jump=explaining.jump),
        Viewer(f"heatcam - {source.name}", size_wh=kept.window_wh),
        Painting(options.motion.smooth, DEFAULT_KEYS),
        Snapshots(Path(), about),
        Recording(Path()),
    )
    fps = options.window.display_fps
    backend = f"{explainer.engine.device} {explainer.engine.name}"
    caption = Caption(explainer.title, backend, 1 / fps if fps else 0.0)
    extent = Limits(options.extent.max_frames, options.extent.seconds)
    start, state = states
    layers = tuple(dict.fromkeys((start.layers, *layer_sets(explainer.engine))))
    choices = Choices(tuple(METHODS), layers, start)
    holds = holds_at_the_end(source, options.window, options.extent)
    plan = Plan(caption, extent, stays=isinstance(source, ImageSource), holds=holds)
    return Session(parts, state, choices, plan)


def film_options(source: Source, window: WindowChoice, asked: CaptureOptions) -> FilmOptions:
    """How a file is to play.

    Raises:
        UsageError: something was asked for that only files can do, or that contradicts itself.
    """
    if window.loop and window.exit_at_end:
        raise UsageError("--loop and --exit-at-end exclude each other", "give one")
    if window.loop and (source.is_live or not source.can_seek):
        raise UsageError(f"{source.name} cannot begin again", "--loop is for files")
    if window.speed != 1 and source.is_live:
        raise UsageError(f"{source.name} plays at its own speed", "--speed is for files")
    return FilmOptions(asked.start_s, window.loop, window.speed)


def holds_at_the_end(source: Source, window: WindowChoice, extent: Extent) -> bool:
    """Whether the last frame is held: of what can be sought in, where nothing says that nobody sits there."""
    limited = extent.max_frames is not None or extent.seconds is not None
    by_itself = window.exit_at_end or limited or window.report is not None
    return source.can_seek and not source.is_live and not by_itself


def explainer_for(shelf: Shelf, options: ExplainOptions) -> ExplainerFor:
    """How the window gets the explainer that it wants of one model.

    A frame that stands still is worth the fine map, made with torch: compiling it would take longer than it can give back.
    """

    def explainer(method: str, layers: str, still: bool) -> Explainer:
        wanted = replace(options, method=method, layers=names_in(layers))
        if still and method == MethodName.LIVE.value and not layers:
            wanted = replace(wanted, quality=Quality.FINE.value, backend="torch", precision="auto")
        return shelf.take(wanted)

    return explainer


def first_state(model: ModelChoice, look: Look, window: WindowChoice) -> WindowState:
    """What the options say."""
    return WindowState(
        colormap=look.colormap,
        alpha=look.alpha,
        renorm=look.renorm,
        boxes=look.boxes,
        hud=look.hud,
        conf=model.conf,
        method=model.method.value,
        layers=model.layers,
        every=window.every,
        full_screen=window.fullscreen,
    )


#: Fields of the state that have another name on the command line.
_OPTION_OF = {"full_screen": "fullscreen"}
_KEPT = (
    *("heatmap", "layout", "colormap", "alpha", "renorm", "boxes"),
    *("conf", "method", "every", "numbers", "graphs", "full_screen"),
)


def as_kept(start: WindowState, kept: Settings, given: Set[str]) -> WindowState:
    """``start`` with what was kept from the last run, but for what was given on the command line."""
    changes = {name: getattr(kept, name) for name in _KEPT if _OPTION_OF.get(name, name) not in given}
    if "method" in changes:
        changes["method"] = kept.method.value
    return replace(start, **changes)


def to_keep(
    state: WindowState, begun: WindowState, kept: Settings, given: Set[str], window_wh: tuple[int, int] | None
) -> Settings:
    """What the next run starts with: what was chosen by keys, and of what stood on the command line only that.

    Args:
        state: the choices at the end.
        begun: those that it began with.
        kept: what was kept before.
        given: names of the options on the command line, which hold for one run.
        window_wh: the window's size at the end, in screen pixels; None when there was none.
    """
    changes = {
        name: getattr(state, name)
        for name in _KEPT
        if _OPTION_OF.get(name, name) not in given or getattr(state, name) != getattr(begun, name)
    }
    if "method" in changes:
        changes["method"] = MethodName(state.method)
    return replace(
        kept, **changes, window_wh=kept.window_wh if state.full_screen or window_wh is None else window_wh
    )
