"""Checks before torch is loaded, which takes seconds. Checks that need a network come later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from heatcam.bench import NAMES, Conditions, Plan, chosen
from heatcam.commands.compare_options import ComparedChoice
from heatcam.commands.options import ModelChoice, WindowChoice
from heatcam.commands.prompts import require_prompt
from heatcam.commands.serve_options import ServeChoice, ServedChoice
from heatcam.errors import UsageError
from heatcam.evaluation import EvalPlan, Judged, Outputs
from heatcam.models import WORDS, find_checkpoint, official
from heatcam.options import DetectOptions
from heatcam.runtime import require_device_name
from heatcam.sinks import output_paths, refuse_existing, require_folder
from heatcam.sources import find_pictures, open_source


def require_model(model: str | None, device: str | None = None, *, downloadable: bool = True) -> None:
    """Refuse a model that does not exist, and an unknown device name.

    Args:
        model: as given; None is a built-in one.
        device: as given; None takes the fastest.
        downloadable: let missing published weights pass, because the user may still be asked about a download.

    Raises:
        HeatcamError: the model or the device is refused; the message names the next step.
    """
    require_device_name(device)
    if model is None or model in WORDS or (downloadable and official.is_missing(model)):
        return
    find_checkpoint(model)


def before_layers(model: str | None, imgsz: int | None) -> None:
    """Refuse invalid options of ``heatcam layers`` at once.

    Raises:
        HeatcamError: the message names the next step.
    """
    DetectOptions(imgsz=imgsz).require_valid()
    require_model(model)


def before_live(source: str, choice: ModelChoice, window: WindowChoice) -> None:
    """Refuse invalid options of ``heatcam live`` at once; source and sinks are looked up, not opened.

    Raises:
        HeatcamError: the message names the next step.
    """
    choice.require_valid()
    require_prompt(choice.model, choice)
    open_source(source)
    require_model(choice.model, choice.device)
    require_model(window.compare)
    window.sinks()
    window.trials_of_paused()


def before_serve(source: str, choice: ServedChoice, service: ServeChoice) -> None:
    """Refuse invalid options of ``heatcam serve`` at once; the source is looked up, not opened.

    Raises:
        HeatcamError: the message names the next step.
    """
    require_extra("web", "fastapi", "uvicorn", "websockets", "python_multipart", "prometheus_client")
    service.require_valid()
    choices = choice.choices()
    open_source(source)
    for one in choices:
        require_prompt(one.model, one)
        require_model(one.model, one.device)


def require_extra(name: str, *packages: str) -> None:
    """Refuse to go on without the packages of an extra.

    Raises:
        UsageError: one of them is not installed.
    """
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        raise UsageError(
            f"this needs the extra heatcam[{name}] ({missing[0].replace('_', '-')} is not installed)",
            f"pip install 'heatcam[{name}]', or in a clone pip install '.[{name}]'",
        )


def before_compare(source: str, choice: ComparedChoice) -> None:
    """Refuse invalid options of ``heatcam compare`` at once; the source is looked up, not opened.

    Raises:
        HeatcamError: the message names the next step.
    """
    sides = choice.sides()
    open_source(source)
    for side in sides:
        require_prompt(side.model, side)
        require_model(side.model, side.device)


def before_bench(source: str | None, conditions: Conditions, plan: Plan) -> None:
    """Refuse invalid options of ``heatcam bench`` at once; the source is looked up, not opened.

    Raises:
        HeatcamError: the message names the next step.
    """
    chosen(NAMES, plan.only)
    conditions.require_valid()
    if source is not None:
        open_source(source)
    require_model(conditions.model, conditions.device)


def before_eval(
    photos: Sequence[str], judged: Judged, plan: EvalPlan, outputs: Outputs, *, recursive: bool = False
) -> None:
    """Refuse invalid options of ``heatcam eval`` at once.

    Raises:
        HeatcamError: the message names the next step.
    """
    plan.require_valid()
    judged.require_valid()
    checked_outputs(outputs, find_pictures(photos, recursive=recursive).paths)
    require_model(judged.model, judged.device)


def checked_outputs(outputs: Outputs, inputs: Sequence[Path]) -> Outputs:
    """Check that every output file may be written, and return the outputs with the full name of the plot.

    Raises:
        UsageError: an output exists, is an input or another output, or is a picture of unknown format.
    """
    if outputs.curves is not None:
        (curves,) = output_paths([Path("curves")], outputs.curves)
        outputs = replace(outputs, curves=curves)
    json = None if outputs.json in (None, "-") else Path(str(outputs.json))
    targets = [path for path in (json, outputs.csv, outputs.curves) if path is not None]
    known = [path.resolve() for path in inputs]
    for target in targets:
        if target.resolve() in known:
            raise UsageError(f"{target} would be overwritten", "choose another name")
        known.append(target.resolve())
    refuse_existing(targets, outputs.overwrite)
    for target in targets:
        require_folder(target.parent)
    return outputs
