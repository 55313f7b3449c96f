"""``heatcam drift``: a camera that runs for weeks, against a baseline of when all was well."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from heatcam.commands.default_model import with_model
from heatcam.commands.drift_learning import Learning
from heatcam.commands.drift_options import DriftOptions
from heatcam.commands.drift_run import Activity, drift_run
from heatcam.commands.drift_watching import Watching
from heatcam.commands.options import ModelChoice
from heatcam.commands.recording_checks import require_an_end
from heatcam.commands.setup import channels_of, kept_class_names, size_to_come, start_explainer
from heatcam.commands.terminal import Terminal, summary
from heatcam.drift import Baseline, StateDocument, read_baseline, read_state
from heatcam.errors import HeatcamError, UsageError
from heatcam.runtime import stopping
from heatcam.sinks import refuse_existing, require_folder
from heatcam.sources import Source, open_source


def run_drift(spec: str, model: ModelChoice, options: DriftOptions, terminal: Terminal) -> int:
    """Watch a source against a baseline, or learn one, until the source, the limits or Ctrl-C end it.

    Returns:
        0 without drift, or when a baseline was learnt; 1 where something has drifted, no block could be judged, or the source
        was lost or gave less than it claimed; 130 after Ctrl-C (``stopping.exit_code``).

    Raises:
        HeatcamError: the source, the model, the baseline or a file cannot be used; before torch is imported where possible.
    """
    baseline, state = checked_inputs(options)
    left_out: list[HeatcamError] = []
    asked = replace(options.capture.options(), on_unreadable=left_out.append)
    model = with_model(model, spec, terminal)
    source = open_source(spec, asked)
    require_an_end(source, options.extent)
    _require_day(source, baseline)
    explainer = start_explainer(model, terminal, size_to_come(spec, asked), None)
    source = source.for_channels(channels_of(explainer))
    classes = kept_class_names(model.classes, explainer.class_names)
    if baseline is not None:
        baseline.require_same(explainer.facts(), classes, options.choice.every)
    activity: Activity
    if baseline is None or options.choice.learn is not None:
        activity = Learning(source, explainer.facts(), classes, options, baseline, terminal)
    else:
        activity = Watching(source, baseline, state, options, terminal)
    with activity:
        done = drift_run(source, explainer, activity, options, asked.start_s, terminal)
        done.notes += [str(error) for error in left_out]
        code = activity.end(done)
    for error in done.run.errors:
        terminal.note(f"some frames have no heat map ({error})")
    for note in done.notes:
        terminal.note(note)
    terminal.note(summary(done.run.frames, "frames", done.objects, done.run.elapsed_s))
    if done.error is not None:
        raise done.error
    return stopping.exit_code() if done.interrupted else max(code, int(bool(done.notes)))


def checked_inputs(options: DriftOptions) -> tuple[Baseline | None, StateDocument | None]:
    """Return the baseline to watch against or to go on learning, and the watch's state, after all that can be refused at once.

    Raises:
        HeatcamError: an option contradicts another, or a file cannot be used.
    """
    choice, output = options.choice, options.output
    choice.require_valid()
    output.require_valid(watches=choice.learn is None)
    json = None if output.json in (None, "-") else Path(str(output.json))
    _require_different([choice.baseline, choice.learn, output.state, output.log, json])
    new = [own for own in (None if choice.resume else choice.learn, json) if own is not None]
    refuse_existing(new, output.overwrite)
    for file in (choice.learn, output.state, output.log, json):
        if file is not None:
            require_folder(file.parent, may_make=False)
    if choice.learn is not None:
        return (read_baseline(choice.learn) if choice.resume and choice.learn.exists() else None), None
    assert choice.baseline is not None  # (require_valid)
    baseline = read_baseline(choice.baseline)
    state = None if output.state is None else read_state(output.state)
    if state is not None:
        baseline.require_own(state)
    return baseline, state


def _require_different(files: list[Path | None]) -> None:
    """Refuse two files that are one.

    Raises:
        UsageError: so they are.
    """
    given = [file for file in files if file is not None]
    for n, file in enumerate(given):
        if file.resolve() in {other.resolve() for other in given[:n]}:
            raise UsageError(f"{file} is given twice", "choose another name")


def _require_day(source: Source, baseline: Baseline | None) -> None:
    """Refuse a baseline by parts of the day for a source that has no time of day.

    Raises:
        UsageError: so it is.
    """
    if baseline is not None and baseline.document.day_parts > 1 and not source.is_live:
        raise UsageError(
            f"the baseline was learnt by parts of the day, and {source.name} has no time of day",
            "learn one with --day-parts 1",
        )
