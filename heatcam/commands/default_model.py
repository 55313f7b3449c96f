"""The default model where none was named, the note about it, and advice where it finds nothing."""

from __future__ import annotations

from dataclasses import replace

from heatcam.commands.options import ModelChoice
from heatcam.commands.terminal import Terminal
from heatcam.models import EVERYDAY, MARKERS

#: Notes when a default model is used: what it finds, and what would find more.
HINTS = {
    EVERYDAY: "using the built-in model 'everyday', which names 1,000 everyday things but no people; "
    "--model markers finds QR codes and other markers, --model yolo26n.pt people and 79 kinds of things, each in its box",
    MARKERS: "using the built-in model 'markers' (QR codes, barcodes, data matrices, ArUco, chessboards); "
    "--model everyday names 1,000 everyday things, --model yolo26n.pt finds people and 79 kinds of things",
}
#: Advice where a built-in model found nothing.
OTHERS = {
    EVERYDAY: "--model yolo26n.pt finds people and 79 kinds of things, --model markers QR codes and other markers",
    MARKERS: "--model everyday names 1,000 everyday things, --model yolo26n.pt finds people and 79 kinds of things",
}
_LESS_SURE = 0.1


def default_model(source: str) -> str:
    """Return the built-in model for a source: ``markers`` for the demo scene, which shows markers; ``everyday`` for any other."""
    return MARKERS if source == "demo" else EVERYDAY


def with_model(choice: ModelChoice, source: str, terminal: Terminal) -> ModelChoice:
    """Return the choice itself where it names a model, else with the default for ``source``; a note says which."""
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
    """Return advice, in one line, on how to find more than this choice did."""
    if choice.classes:
        return f"leave out --classes to see what else there is than {', '.join(choice.classes)}"
    less_sure = f"--conf {_LESS_SURE} shows what it is less sure of" if choice.conf > _LESS_SURE else ""
    other = OTHERS.get(choice.model or "", "" if less_sure else "try another --model")
    return "; ".join(filter(None, (less_sure, other)))
