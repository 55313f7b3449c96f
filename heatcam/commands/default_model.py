"""Which model is used where none was named, how that is said, and what to try where it finds nothing."""

from __future__ import annotations

from dataclasses import replace

from heatcam.commands.options import ModelChoice
from heatcam.commands.terminal import Terminal
from heatcam.models import EVERYDAY, MARKERS

#: Said when a model was chosen by itself: what it finds, and what would find more.
HINTS = {
    EVERYDAY: "using the built-in model 'everyday', which names 1,000 everyday things but no people; "
    "--model markers finds QR codes and other markers, --model yolo26n.pt people and 79 kinds of things, each in its box",
    MARKERS: "using the built-in model 'markers' (QR codes, barcodes, data matrices, ArUco, chessboards); "
    "--model everyday names 1,000 everyday things, --model yolo26n.pt finds people and 79 kinds of things",
}
#: What would find more where a built-in model found nothing.
OTHERS = {
    EVERYDAY: "--model yolo26n.pt finds people and 79 kinds of things, --model markers QR codes and other markers",
    MARKERS: "--model everyday names 1,000 everyday things, --model yolo26n.pt finds people and 79 kinds of things",
}
_LESS_SURE = 0.1


def default_model(source: str) -> str:
    """The built-in model for a source: ``markers`` for the demo scene, which shows markers; ``everyday`` for anything else."""
    return MARKERS if source == "demo" else EVERYDAY


def with_model(choice: ModelChoice, source: str, terminal: Terminal) -> ModelChoice:
    """The choice itself where a model was named, else with the default for ``source``, which is said."""
    if choice.model is not None:
        return choice
    return replace(choice, model=named_model(None, default_model(source), terminal))


def named_model(model: str | None, default: str, terminal: Terminal) -> str:
    """The model that was named, else the built-in ``default``, which is said."""
    if model is not None:
        return model
    terminal.note(HINTS[default])
    return default


def advice_for_nothing(choice: ModelChoice) -> str:
    """What would find more than this choice did, in one line."""
    if choice.classes:
        return f"leave out --classes to see what else there is than {', '.join(choice.classes)}"
    less_sure = f"--conf {_LESS_SURE} shows what it is less sure of" if choice.conf > _LESS_SURE else ""
    other = OTHERS.get(choice.model or "", "" if less_sure else "try another --model")
    return "; ".join(filter(None, (less_sure, other)))
