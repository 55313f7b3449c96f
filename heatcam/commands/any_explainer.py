"""Setup of what explains frames, whether the model is a network or a file of ``heatcam export``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from heatcam.commands.options import ModelChoice
from heatcam.commands.setup import say_what_runs, start_explainer
from heatcam.commands.terminal import Terminal
from heatcam.errors import UsageError
from heatcam.exported import FileExplainer, exported_file, open_exported
from heatcam.options import LIKELY_SIZE_WH

if TYPE_CHECKING:
    from heatcam.saliency import Explainer


def start_any_explainer(
    choice: ModelChoice,
    terminal: Terminal,
    size_wh: tuple[int, int] = LIKELY_SIZE_WH,
    pictures: int | None = None,
    *,
    by_trial: bool = False,
) -> Explainer | FileExplainer:
    """Do the same as ``start_explainer``, and open a file of ``heatcam export`` without loading torch.

    Raises:
        HeatcamError: the model or an option cannot be used; the message names the next step.
    """
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
