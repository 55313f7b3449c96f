"""Setup of explainer and painter from the user's options, with notes on the way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from heatcam.commands.default_model import default_model, named_model
from heatcam.commands.options import LookOptions, ModelChoice, overlay_options
from heatcam.commands.prompts import have_words_encoded, prompt_of, require_prompt
from heatcam.commands.refusals import require_model
from heatcam.commands.terminal import Terminal
from heatcam.enums import Renorm
from heatcam.frames import Explanation
from heatcam.geometry import Uint8Array
from heatcam.models import official
from heatcam.options import LIKELY_SIZE_WH, class_ids_of
from heatcam.overlay import Status, draw
from heatcam.pipeline import Painter, Run
from heatcam.smoothing import Smoother
from heatcam.sources import CaptureOptions, Source, open_source, require_start

if TYPE_CHECKING:
    from heatcam.blackbox import BlackBoxExplainer
    from heatcam.exported import FileExplainer
    from heatcam.saliency import Explainer, ExplainerCache


#: Whatever explains pictures for a command.
AnyExplainer: TypeAlias = "Explainer | FileExplainer | BlackBoxExplainer"

_NAMED = 6  # classes of a prompt


def start_explainer(
    choice: ModelChoice,
    terminal: Terminal,
    size_wh: tuple[int, int] = LIKELY_SIZE_WH,
    pictures: int | None = None,
    *,
    by_trial: bool = False,
) -> Explainer:
    """Load the chosen model, ready for pictures of ``size_wh``, and print which model runs where.

    Args:
        choice: the model, and how it explains.
        terminal: prints results and notes.
        size_wh: size of the pictures to come, in pixels.
        pictures: number of pictures to come; None for a stream.
        by_trial: True if the command can make maps by trial.

    Raises:
        HeatcamError: the model or an option cannot be used; the message names the next step.
    """
    return start_explainer_cache(choice, terminal, size_wh, pictures, by_trial=by_trial)[1]


def start_explainer_cache(
    choice: ModelChoice,
    terminal: Terminal,
    size_wh: tuple[int, int] = LIKELY_SIZE_WH,
    pictures: int | None = None,
    *,
    by_trial: bool = False,
) -> tuple[ExplainerCache, Explainer]:
    """Do the same, and also return the cache that further explainers of the model come from."""
    options = choice.explain_options(pictures, by_trial=by_trial)
    choice = ready_model(choice, terminal)
    model = str(choice.model)
    with terminal.status(f"loading {Path(model).name}"):
        from heatcam.saliency import open_explainer_cache  # noqa: PLC0415 (torch: seconds)

        cache = open_explainer_cache(model, choice.device, options, size_wh, prompt_of(choice))
        explainer = cache.take(options)
    say_what_runs(choice, explainer, terminal)
    return cache, explainer


def kept_class_names(wanted: tuple[str, ...], class_names: dict[int, str]) -> tuple[str, ...]:
    """Return the names of the classes that are kept, each once, in the order of their numbers; all where none is wanted.

    Raises:
        UsageError: the model has no such class.
    """
    ids = class_ids_of(wanted, class_names) or tuple(class_names)
    return tuple(dict.fromkeys(class_names[own] for own in sorted(ids)))


def ready_model(choice: ModelChoice, terminal: Terminal) -> ModelChoice:
    """Return the choice with a model that can be loaded without a further question: downloaded, its prompt's words encoded.

    Raises:
        HeatcamError: the model or its prompt cannot be used; the message names the next step.
    """
    model = model_at_hand(choice.model, default_model(""), terminal)
    choice = replace(choice, model=model)
    require_prompt(model, choice)
    require_model(model, choice.device, downloadable=False)
    have_words_encoded(choice, terminal)
    return choice


def say_what_runs(choice: ModelChoice, explainer: AnyExplainer, terminal: Terminal) -> None:
    """Print a note of the model, its device, size, method and target."""
    terminal.note(
        f"model {explainer.title} on {explainer.engine.device} ({explainer.engine.name}), {explainer.imgsz} px, "
        f"method {choice.quality if choice.by_trial else explainer.method}"
        + (f", evidence for '{choice.why}' at every box" if choice.why else "")
        + (f", target {choice.target}" if choice.target != "class" else "")
        + (f", finds {_classes_of(explainer)}" if choice.is_prompted else "")
    )
    if explainer.calibrating_s:
        terminal.note(
            f"measured the threshold of low evidence, once for this model and map: {explainer.calibrating_s:.1f} s"
        )


def _classes_of(explainer: AnyExplainer) -> str:
    """Return the first classes in words, and how many more there are."""
    names = list(explainer.class_names.values())
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def say_scale(look: LookOptions, explainer: AnyExplainer, terminal: Terminal) -> None:
    """Print a note if the fixed scale that was asked for is not known for this model."""
    if look.renorm is Renorm.FIXED and explainer.calibration.full_heat is None:
        terminal.note(
            "no fixed scale is known for this model (nothing was detected in the pictures it is measured on): "
            "each frame is scaled by itself"
        )


def channels_of(explainer: AnyExplainer) -> int:
    """Return the number of channels of the pictures that an explainer's network reads."""
    return explainer.facts().channels


def say_source(source: Source, terminal: Terminal) -> None:
    """Print a note of the format negotiated with a camera, stream or screen; nothing for files."""
    if source.negotiated_format:
        terminal.note(source.negotiated_format)


def size_to_come(spec: str, options: CaptureOptions | None = None) -> tuple[int, int]:
    """Return width and height of a file's or the demo's frames; a likely size where only the first frame will tell.

    A camera is not opened for this, because some are busy when opened twice; nor is standard input, which can be read only once.

    Raises:
        HeatcamError: the source cannot be opened.
    """
    source = open_source(spec, options)
    if not source.reopenable:
        return (options and options.size_wh) or LIKELY_SIZE_WH
    with source:
        require_start(source, options.start_s if options else 0.0)
        return source.size_wh if all(source.size_wh) else LIKELY_SIZE_WH


def model_at_hand(model: str | None, default: str, terminal: Terminal) -> str:
    """Return the model that was named, else the built-in ``default`` with a note; offer to download weights that are missing.

    Without a yes they may still be missing: see ``refusals.require_model``.
    """
    model = named_model(model, default, terminal)
    offer_download(model, terminal)
    return model


def offer_download(model: str, terminal: Terminal) -> None:
    """Offer to download missing published weights, unless ``--yes`` has answered; without a yes nothing is downloaded.

    A note says if an earlier download has changed since.
    """
    name = official.official_name(model)
    if official.is_missing(model):
        question = f"{name} is not here. Download it from Ultralytics (AGPL-3.0) to {official.downloaded_path(name)}?"
        if terminal.says_yes or (terminal.confirm is not None and terminal.confirm(question)):
            official.download(name)
        return
    is_here = any(path.is_file() for path in (Path(model), Path(name)))
    changed = "" if is_here or not name else official.change_of(name)
    if changed:
        terminal.note(changed)


@dataclass(frozen=True)
class Caption:
    """The constant parts of a recording's top line.

    Attributes:
        model, backend: their names.
        conf: the confidence above which boxes are kept.
    """

    model: str
    backend: str
    conf: float


def caption_of(explainer: AnyExplainer) -> Caption:
    """Return the caption of an explainer."""
    engine = explainer.engine
    return Caption(explainer.title, f"{engine.device} {engine.name}", explainer.facts().conf)


def painter(
    look: LookOptions,
    caption: Caption | None = None,
    smooth: float = 0.0,
    region_share: float | None = None,
) -> Painter:
    """Return the painter of one run, which draws the overlay on each frame, with the top line or without.

    Args:
        look: look of the overlay.
        caption: of the top line; None draws none.
        smooth: amount of smoothing of the heat over frames, in ``[0, 1]``; with 0 every picture stands alone.
        region_share: see ``FindingsChoice``.
    """
    options = overlay_options(look, region_share)
    smoother = Smoother(smooth, look.renorm) if smooth > 0 else None

    def paint(explanation: Explanation, run: Run) -> Uint8Array:
        status = None if caption is None else _status(explanation, run, caption)
        if smoother is None:
            return draw(explanation, options, status)
        shown = smoother.smooth(explanation)
        return draw(explanation, options, status, smoothed=shown.explanation, scales=shown.scales)

    return paint


def _status(explanation: Explanation, run: Run, caption: Caption) -> Status:
    """Return the top line of one frame of a recording."""
    timings = explanation.timings
    return Status(
        mode="HEATMAP",
        fps=run.recent_fps,
        forward_ms=timings.prepare_ms + timings.forward_ms,
        map_ms=timings.map_ms,
        model=caption.model,
        backend=caption.backend,
        message=explanation.map_error,
        conf=caption.conf,
    )
