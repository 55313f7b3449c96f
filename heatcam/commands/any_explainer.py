"""Setup of what explains frames: a network, a file of ``heatcam export``, or a black box."""

from __future__ import annotations

from heatcam.blackbox import BlackBoxExplainer, is_black_box, open_black_box
from heatcam.commands.options import ModelChoice
from heatcam.commands.setup import AnyExplainer, say_what_runs, start_explainer
from heatcam.commands.terminal import Terminal
from heatcam.errors import UsageError
from heatcam.exported import exported_file, open_exported
from heatcam.models import trusted_specs
from heatcam.options import LIKELY_SIZE_WH


def start_any_explainer(
    choice: ModelChoice,
    terminal: Terminal,
    size_wh: tuple[int, int] = LIKELY_SIZE_WH,
    pictures: int | None = None,
    *,
    by_trial: bool = False,
) -> AnyExplainer:
    """Do the same as ``start_explainer``; a file of ``heatcam export`` and a black box are opened without loading torch.

    (A black box in TorchScript loads it.)

    Raises:
        HeatcamError: the model or an option cannot be used; the message names the next step.
    """
    if is_black_box(choice.model or ""):
        return start_black_box(choice, terminal, pictures)
    path = exported_file(choice.model or "")
    if path is None:
        return start_explainer(choice, terminal, size_wh, pictures, by_trial=by_trial)
    if choice.is_prompted:
        raise UsageError(f"{path.name} has its classes", "leave out --prompt and --like")
    if choice.by_trial:
        raise UsageError(
            f"{path.name} makes its maps in one pass", "leave out --quality, or give its .pt original"
        )
    explainer = open_exported(path, choice.explain_options(pictures), choice.device)
    say_what_runs(choice, explainer, terminal)
    return explainer


def start_black_box(
    choice: ModelChoice, terminal: Terminal, pictures: int | None = None
) -> BlackBoxExplainer:
    """Open a model of which only the predictions are known.

    Raises:
        HeatcamError: it cannot be opened, or an option cannot be honoured; the message names the next step.
    """
    spec = choice.model or ""
    if choice.is_prompted:
        raise UsageError("a black box has its classes", "leave out --prompt and --like")
    with terminal.status("opening the model"):
        explainer = open_black_box(spec, choice.explain_options(pictures), choice.device, trusted_specs())
    terminal.note(
        f"model {explainer.title} in {explainer.engine.name}, {explainer.imgsz} px: only its predictions are known"
    )
    if not explainer.has_metadata:
        terminal.note(
            f"{explainer.title} does not name its classes, and they have numbers; outputs are read as {explainer.layout}"
        )
    return explainer
