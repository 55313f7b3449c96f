"""``heatcam live``: the window."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from heatcam.commands.capture_options import FilmChoice
from heatcam.commands.default_model import default_model
from heatcam.commands.interrupts import on_interrupt
from heatcam.commands.live_model import LiveModel, SecondModel
from heatcam.commands.live_report import live_report
from heatcam.commands.options import Extent, LookOptions, ModelChoice, MotionOptions, WindowChoice
from heatcam.commands.prompts import have_words_encoded, prompt_of, require_prompt
from heatcam.commands.refusals import require_model
from heatcam.commands.settings import Settings, load_settings, save_settings
from heatcam.commands.setup import model_at_hand, say_source
from heatcam.commands.terminal import Terminal
from heatcam.enums import ComparedView
from heatcam.errors import UsageError
from heatcam.live import (
    CaptureThread,
    Choices,
    ExplainRequest,
    FilmOptions,
    Inference,
    RecordingToggle,
    Renderer,
    RunCaption,
    Session,
    SessionParts,
    SessionPlan,
    Snapshots,
    Trying,
    WindowState,
)
from heatcam.models import WORDS, find_checkpoint
from heatcam.options import LIKELY_SIZE_WH
from heatcam.pipeline import Limits, Sink
from heatcam.runtime import stopping
from heatcam.sinks import DEFAULT_KEYS, Action, Viewer
from heatcam.sources import CaptureOptions, Source, open_source, parse_size, require_start


@dataclass(frozen=True)
class LiveOptions:
    """Settings of the window.

    Attributes:
        look: look of the overlay.
        motion: smoothing and tracking.
        extent: when to stop by itself.
        window: the window, its pace and the sinks beside it.
        capture: size, rate and start to ask the source for.
        given: names of the options on the command line, which take precedence over the settings of the last run.
    """

    look: LookOptions
    motion: MotionOptions
    extent: Extent
    window: WindowChoice
    capture: FilmChoice
    given: frozenset[str] = frozenset()


def run_live(spec: str, model: ModelChoice, options: LiveOptions, terminal: Terminal) -> int:
    """Show the source until it ends or the user quits; the user's choices are saved for the next run.

    Call ``sinks.display.require_display`` before.

    Args:
        spec: the source.
        model: the model, and how it explains.
        options: settings of the window.
        terminal: prints results and notes.

    Returns:
        0, 1 when a recording or a snapshot could not be finished or a file gave fewer frames than it holds, or 130 after Ctrl-C.

    Raises:
        HeatcamError: the source, the model or a sink cannot be used; the message names the next step.
    """
    with options.window.opened_sinks() as sinks:
        return _run(spec, model, options, sinks, terminal)


def _run(
    spec: str, model: ModelChoice, options: LiveOptions, sinks: tuple[Sink, ...], terminal: Terminal
) -> int:
    window = options.window
    kept = Settings() if window.reset_settings else load_settings()
    kept = replace(kept, window_wh=parse_size(window.window_size, "--window-size") or kept.window_wh)
    if window.report is not None and not window.report.absolute().parent.is_dir():
        raise UsageError(f"there is no folder for {window.report}", "make it first or choose another")
    asked = options.capture.options()
    source = open_source(spec, asked)
    film = film_options(source, window, asked)
    start = first_state(model, options.look, options.window)
    state = as_kept(start, kept, options.given)
    name = model_at_hand(model.model, default_model(spec), terminal)
    model = replace(model, model=name, method=state.method, conf=state.conf)
    require_model(name, model.device, downloadable=False)
    model.explain_options()  # refused before the window opens
    have_words_encoded(model, terminal)
    second = None if window.compare is None else second_model(window.compare, model, terminal)

    def opened(source: Source) -> None:
        require_start(source, asked.start_s)
        say_source(source, terminal)

    capture = CaptureThread(source, film, realtime=window.realtime, on_open=opened)
    look = replace(options.look, renorm=state.renorm)
    size_wh = partial(_size_to_come, capture, asked)
    trials = window.trials_of_paused()
    live_model = LiveModel(model, look, options.motion, size_wh, terminal, second=second, trials=trials)
    session = _session(capture, live_model, model, (start, state), options, kept, sinks)
    try:
        with on_interrupt(session.interrupt, ends_the_program=True), session.parts.viewer:
            session.run()
    finally:
        for text in session.last_words:
            terminal.note(text)
        save_settings(to_keep(session.state, state, kept, options.given, session.window_wh))
        if window.report is not None:
            terminal.document(live_report(session, live_model.backend), str(window.report))
    if session.interrupted:
        return stopping.exit_code()
    lacking = source.shortfall() if session.saw_the_end else ""
    if lacking:
        terminal.note(lacking)
    elif not session.saw_something:
        terminal.note(f"{source.name} gave no picture")
    return int(session.parts.recording.failed or session.parts.snapshots.failed or bool(lacking))


def second_model(given: str, first: ModelChoice, terminal: Terminal) -> SecondModel:
    """Load the model to compare with, before the window opens.

    Args:
        given: ``--compare``.
        first: the other model, whose prompt is this one's too.
        terminal: prints results and notes.

    Raises:
        HeatcamError: it is the other model, or cannot be loaded; the message names the next step.
    """
    name = model_at_hand(given, "", terminal)
    require_model(name, downloadable=False)
    require_prompt(name, first)
    if _is_same(name, str(first.model)):
        raise UsageError(f"--compare {name} is the model itself", "give another one")
    have_words_encoded(replace(first, model=name), terminal)
    with terminal.status(f"loading {Path(name).name}"):
        from heatcam.models import load_model  # noqa: PLC0415 (torch: seconds)

        return SecondModel(name, load_model(name, prompt_of(first)))


def _is_same(one: str, other: str) -> bool:
    """Return True if two names mean one built-in model or one file."""
    if one in WORDS or other in WORDS:
        return one == other
    return find_checkpoint(one).samefile(find_checkpoint(other))


def _size_to_come(capture: CaptureThread, asked: CaptureOptions) -> tuple[int, int]:
    """Return width and height of the frames: the first one's, if it has come already, else as asked for, else a likely size."""
    return capture.first_wh or asked.size_wh or LIKELY_SIZE_WH


def _session(
    capture: CaptureThread,
    live_model: LiveModel,
    model: ModelChoice,
    states: tuple[WindowState, WindowState],
    options: LiveOptions,
    kept: Settings,
    sinks: tuple[Sink, ...],
) -> Session:
    """Build the threads, the window and what they share, not started yet.

    ``states``: the choices that the key ``0`` returns to, and those that the session begins with.
    """
    source, title = capture.source, Path(str(model.model)).stem
    keys = DEFAULT_KEYS if options.window.compare is not None else DEFAULT_KEYS.without(Action.NEXT_COMPARED)
    trials, tries = (
        options.window.trials_of_paused(),
        options.window.compare is None and model.target == "class",
    )
    inference = Inference(
        capture.frames,
        live_model.explain,
        ExplainRequest(),
        drops=capture.drops,
        on_jump=live_model.jump,
        waits_for=live_model.waits_for,
        load=live_model.load,
        answer=live_model.answer,
        trying=Trying(live_model.trials_of, trials) if trials and tries else None,
    )
    parts = SessionParts(
        capture,
        inference,
        Viewer(f"heatcam - {source.name}", keys, size_wh=kept.window_wh),
        Renderer(options.motion.smooth, keys),
        Snapshots(Path(), {"model": title, "source": source.name}),
        RecordingToggle(Path()),
        sinks,
    )
    fps = options.window.display_fps
    caption = RunCaption(title, "", 1 / fps if fps else 0.0)
    extent = Limits(options.extent.max_frames, options.extent.seconds)
    start, state = states
    compared = (ComparedView.A,) if options.window.compare is None else tuple(ComparedView)
    choices = Choices((start.method,), (start.layers,), start, compared)
    holds = holds_at_the_end(source, options.window, options.extent)
    plan = SessionPlan(caption, extent, slideshow=source.is_slideshow, holds=holds)
    return Session(parts, state, choices, plan)


def film_options(source: Source, window: WindowChoice, asked: CaptureOptions) -> FilmOptions:
    """Return the playback settings of a file: start, loop and speed.

    Raises:
        UsageError: an option is for files only and the source is none, or two options exclude each other.
    """
    if window.loop and window.exit_at_end:
        raise UsageError("--loop and --exit-at-end exclude each other", "give one")
    if window.loop and (source.is_live or not source.can_seek):
        raise UsageError(f"{source.name} cannot begin again", "--loop is for files")
    if window.speed != 1 and source.is_live:
        raise UsageError(f"{source.name} plays at its own speed", "--speed is for files")
    return FilmOptions(asked.start_s, window.loop, window.speed)


def holds_at_the_end(source: Source, window: WindowChoice, extent: Extent) -> bool:
    """Return True if the window holds the last frame: for files that can seek, unless an option ends the run by itself."""
    limited = extent.max_frames is not None or extent.seconds is not None
    by_itself = window.exit_at_end or limited or window.report is not None
    return source.can_seek and not source.is_live and not by_itself


def first_state(model: ModelChoice, look: LookOptions, window: WindowChoice) -> WindowState:
    """Return the window's state as the options say."""
    return WindowState(
        colormap=look.colormap,
        alpha=look.alpha,
        renorm=look.renorm,
        boxes=look.boxes,
        hud=look.hud,
        conf=model.conf,
        method=model.method,
        layers=",".join(model.layers),
        iou=model.iou,
        classes=model.classes,
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
    """Return ``start`` with the settings of the last run, except for options that were given on the command line."""
    changes = {name: getattr(kept, name) for name in _KEPT if _OPTION_OF.get(name, name) not in given}
    return replace(start, **changes)


def to_keep(
    state: WindowState, begun: WindowState, kept: Settings, given: Set[str], window_wh: tuple[int, int] | None
) -> Settings:
    """Return the settings for the next run; an option on the command line is saved only if a key has changed it.

    Args:
        state: the choices at the end.
        begun: those at the beginning.
        kept: the settings that were saved before.
        given: names of the options on the command line, which hold for one run.
        window_wh: the window's size at the end, in screen pixels; None when there was none.
    """
    changes = {
        name: getattr(state, name)
        for name in _KEPT
        if _OPTION_OF.get(name, name) not in given or getattr(state, name) != getattr(begun, name)
    }
    return replace(
        kept, **changes, window_wh=kept.window_wh if state.full_screen or window_wh is None else window_wh
    )
