"""Checks of a recording before anything is computed: its name, codec, disk space and end, and what an earlier run has left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heatcam.commands.options import Extent, ModelChoice, Output, RecordingOptions, RecordOptions
from heatcam.commands.recover import offer_recovery
from heatcam.commands.reporting import say_resumption
from heatcam.commands.resume import Resumption, manifest_of, resumption_of
from heatcam.commands.terminal import Terminal
from heatcam.errors import UsageError
from heatcam.sinks import (
    OutputPath,
    check_recording_path,
    codec_of,
    codecs_here,
    output_path_of,
    parse_size,
    require_space,
)
from heatcam.sources import DEMO, CaptureOptions, Source


@dataclass(frozen=True)
class Destination:
    """File or files of a recording, and what an earlier run has left of them.

    Attributes:
        target: the file or files.
        manifest: what two runs must have in common to make one recording, see ``resume``; empty if it cannot be resumed.
        resumption: the frames that an earlier run has left.
    """

    target: OutputPath
    manifest: Mapping[str, Any]
    resumption: Resumption


def checked_destination(
    spec: str, model: ModelChoice, options: RecordOptions, asked: CaptureOptions, terminal: Terminal
) -> Destination:
    """Return where the recording goes, after everything that can be refused about that.

    Args:
        spec: the source; it is not opened.
        model: which model explains, and how.
        options: settings of the recording.
        asked: what the source is asked for.
        terminal: asks about an interrupted recording, and says from where this one resumes.

    Raises:
        HeatcamError: the name, the codec or what an earlier run has left does not allow it, or the disk is (nearly) full.
    """
    path = target_path(spec, options.output)
    target = _checked_target(path, options.output, options.recording, terminal)
    manifest = manifest_of(spec, model, options.look, options.motion, options.recording, asked, target)
    if not options.recording.resume:
        return Destination(target, manifest, Resumption(target))
    resumption = resumption_of(target, manifest)
    say_resumption(resumption, terminal)
    return Destination(target, manifest, resumption)


def new_destination(path: Path, output: Output, terminal: Terminal) -> Destination:
    """Return where a recording goes that cannot be resumed, after everything that can be refused about that.

    Args:
        path: the file, or the pattern of the pictures.
        output: whether it may replace what is there.
        terminal: asks about an interrupted recording.

    Raises:
        HeatcamError: the name does not allow it, or the disk is (nearly) full.
    """
    target = _checked_target(path, output, RecordingOptions(), terminal)
    return Destination(target, {}, Resumption(target))


def target_path(spec: str, output: Output) -> Path:
    """Return ``-o``, or ``NAME-heat.mp4`` in this folder."""
    return Path(output.output or f"{Path(spec).stem if Path(spec).exists() else 'recording'}-heat.mp4")


def require_an_end(source: Source, extent: Extent) -> None:
    """Refuse a scene that never ends: rendered faster than it plays, it would fill the disk unasked.

    Raises:
        UsageError: it is the demo scene, and nothing says how long it is recorded.
    """
    endless = source.name == DEMO and not source.is_live and source.frame_count is None
    if endless and extent.max_frames is None and extent.seconds is None:
        raise UsageError("the demo scene never ends", "say how long: --seconds 10 or --max-frames 300")


def _checked_target(
    path: Path, output: Output, recording: RecordingOptions, terminal: Terminal
) -> OutputPath:
    """Return the recording's name, after all that can be refused by it."""
    target = output_path_of(path)
    codec = codec_of(target.path, recording.codec, recording.crf)
    if recording.codec and codec not in codecs_here():
        raise UsageError(f"this PyAV cannot encode {codec}", f"take one of {', '.join(codecs_here())}")
    least = parse_size(recording.min_free)
    if not output.overwrite and not recording.resume:
        offer_recovery(target, terminal)
    if not recording.resume:
        check_recording_path(path, output.overwrite)
    elif output.overwrite:
        raise UsageError("--resume and --overwrite exclude each other", "give one")
    require_space(target.path.parent, least)
    return target
