"""``heatcam record``: every frame of a source, with its heatmap, into a video file."""

from __future__ import annotations

from heatcam.commands.any_explainer import start_any_explainer
from heatcam.commands.default_model import with_model
from heatcam.commands.findings_log import check_findings, check_labels
from heatcam.commands.frame_log import WithObjectMaps, as_without_object_maps, check_jsonl, frame_log
from heatcam.commands.options import ModelChoice, RecordOptions
from heatcam.commands.recording_checks import checked_destination, require_an_end
from heatcam.commands.recording_plan import recording_plan
from heatcam.commands.recording_run import RecordingRun, leave_after
from heatcam.commands.reporting import recording_report, say_length, say_result
from heatcam.commands.setup import caption_of, channels_of, painter, say_scale, say_source, size_to_come
from heatcam.commands.terminal import Terminal
from heatcam.commands.view_note import ViewNote
from heatcam.measures import document_head
from heatcam.runtime import stopping
from heatcam.sources import open_source
from heatcam.tracking import tracked, tracker_of


def run_record(spec: str, model: ModelChoice, options: RecordOptions, terminal: Terminal) -> int:
    """Record until the source, the limits or Ctrl-C end it; the file is always playable.

    Returns:
        0, 1 when the source gave fewer frames than it claimed or was lost for good, or 130 after Ctrl-C (``stopping.exit_code``).

    Raises:
        HeatcamError: the source, the model or the file cannot be used, or the disk is (nearly) full.
    """
    asked = options.capture.options()
    check_findings(options.findings, options.output.overwrite)
    check_jsonl(options.output)
    model = with_model(model, spec, terminal)
    destination = checked_destination(spec, model, options, asked, terminal)
    frames = destination.target.path.with_name(f"{destination.target.path.stem}_*")
    check_labels(options.findings, [frames], options.output.overwrite or options.recording.resume)
    source = open_source(spec, asked)
    require_an_end(source, options.extent)
    tracker = tracker_of(options.motion.track)
    explainer = start_any_explainer(model, terminal, size_to_come(spec, asked))
    source = source.for_channels(channels_of(explainer))
    say_scale(options.look, explainer, terminal)
    share = options.findings.region_share
    paint = painter(options.look, caption_of(explainer), options.motion.smooth, share)
    with frame_log(explainer.facts(), options, destination, terminal) as log:
        with source, leave_after(source, options.extent.seconds):
            say_source(source, terminal)
            source.on_outage(terminal.note)
            plan = recording_plan(spec, source, destination, options, asked)
            say_length(destination.target, plan.expected, terminal)
            run = RecordingRun(source, plan)
            follows = tracked(explainer, tracker)
            if log is None:
                run.record(follows, paint, terminal, (ViewNote(terminal),))
            else:
                run.record(
                    WithObjectMaps(follows),
                    as_without_object_maps(paint),
                    terminal,
                    (ViewNote(terminal), log),
                )
        done = run.done()
        if options.output.json:
            report = document_head(explainer.facts()) | recording_report(done, explainer.engine.name)
            terminal.document(report, options.output.json, None if log is None else ("frames", log.frames()))
    say_result(done, terminal, on_results="-" not in (options.output.json, options.output.jsonl))
    return stopping.exit_code() if done.interrupted else int(bool(done.lacking))
