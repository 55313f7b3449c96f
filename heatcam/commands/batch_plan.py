"""The plan of a batch: model, folder and pictures, checked before torch is imported."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from heatcam.batch import ENGINES, BatchPlace, BatchPlan, BatchRun, Manifest, head_of, parse_shard
from heatcam.commands.batch_options import BatchChoice, BatchOutput
from heatcam.commands.options import LookOptions, ModelChoice, overlay_options
from heatcam.commands.picture_plan import find_and_say
from heatcam.commands.prompts import prompt_of
from heatcam.commands.setup import ready_model
from heatcam.commands.terminal import Terminal
from heatcam.errors import UsageError
from heatcam.models import trusted_specs
from heatcam.sinks import refuse_existing, require_folder


@dataclass(frozen=True)
class BatchRequest:
    """Inputs, model and options of a batch.

    Attributes:
        inputs: files, folders, globs, lists and tar files.
        recursive: include the pictures in sub-folders.
        model: the model, and how it explains.
        look: look of the pictures that are written.
        choice: how the work is divided.
        output: the folder, and what is written into it.
    """

    inputs: Sequence[str]
    recursive: bool
    model: ModelChoice
    look: LookOptions
    choice: BatchChoice
    output: BatchOutput


def open_run(request: BatchRequest, terminal: Terminal) -> BatchRun:
    """Check everything, list the pictures, and open the manifest; the caller closes it.

    Raises:
        HeatcamError: inputs, model or the folder cannot be used; the message names the next step.
    """
    choice, output = request.choice, request.output
    choice.require_valid()
    place = BatchPlace(output.output, parse_shard(choice.shard))
    plan = _asked_plan(request)
    _check_json(output)
    ENGINES[choice.engine].require()
    model = ready_model(request.model, terminal)
    place.prepare(overwrite=output.overwrite, resume=output.resume)
    inputs = place.list_inputs(
        request.inputs,
        recursive=request.recursive,
        find=lambda specs: find_and_say(specs, request.recursive, terminal, exclude=output.output),
    )
    first, end = place.shard.range_of(inputs.count)
    if first == end:
        raise UsageError(f"--shard {place.shard} of {inputs.count} pictures is empty", "give fewer shards")
    options = replace(plan.options, pictures=inputs.count)
    plan = replace(
        plan, model=str(model.model), options=options, prompt=prompt_of(model), trust=trusted_specs()
    )
    manifest = Manifest(place.manifest, head_of(plan, inputs, place.shard, choice.chunk))
    return BatchRun(plan, inputs, place, manifest, choice.chunk).as_before()


def _asked_plan(request: BatchRequest) -> BatchPlan:
    """Return the plan as far as the options tell it; invalid ones are refused."""
    output = request.output
    plan = BatchPlan(
        device=request.model.device,
        options=request.model.explain_options(),
        maps=output.maps,
        pictures=output.pictures,
        look=overlay_options(request.look),
        folder=str(output.output),
        streams=request.choice.streams,
        threads=_threads(request.choice),
    )
    plan.require_valid()
    return plan


def _threads(choice: BatchChoice) -> int | None:
    """Return the threads of torch in a pass: the processors divided among all; None for one process with one stream."""
    if choice.workers * choice.streams == 1:
        return None
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return 1 if choice.streams > 1 else max(1, cores // choice.workers)


def _check_json(output: BatchOutput) -> None:
    """Refuse a document that is there already, or cannot be written."""
    if output.json not in (None, "-"):
        path = Path(str(output.json))
        refuse_existing([path], output.overwrite or output.resume)
        require_folder(path.parent)
