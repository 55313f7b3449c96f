"""Maps by masks for commands: of a black box, or as the arbiter of any model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from heatcam.blackbox import BlackBoxExplainer, MaskExplainer, is_black_box
from heatcam.commands.options import ModelChoice
from heatcam.commands.terminal import Terminal
from heatcam.enums import HIERARCHICAL_MAP, LIVE_MAP
from heatcam.exported import FileExplainer

if TYPE_CHECKING:
    from heatcam.commands.setup import AnyExplainer


def with_masks_for_black_boxes(choice: ModelChoice, terminal: Terminal) -> ModelChoice:
    """Return the choice with a method by masks where the model is a black box and none is named; a note says so.

    Raises:
        UsageError: an option is invalid, or cannot be honoured beside a method by masks.
    """
    if choice.by_masks:
        choice.require_valid()
    if choice.method != LIVE_MAP or not is_black_box(choice.model or ""):
        return choice
    terminal.note(
        f"only the predictions of this model are known: maps are made by masks (--method {HIERARCHICAL_MAP}; or drise)"
    )
    return replace(choice, method=HIERARCHICAL_MAP)


def without_masks(choice: ModelChoice) -> ModelChoice:
    """Return the choice of what finds the boxes, which takes no method by masks."""
    return replace(choice, method=LIVE_MAP) if choice.by_masks else choice


def masked_explainer(explainer: AnyExplainer, method: str, masks: int) -> MaskExplainer:
    """Return what explains pictures by masks.

    Args:
        explainer: finds the boxes.
        method: name of the plan of masks.
        masks: of each picture at most.
    """
    if not isinstance(explainer, (BlackBoxExplainer, FileExplainer)):
        from heatcam.saliency import NetworkPredicts  # noqa: PLC0415 (torch: it is loaded by now)

        predicts = NetworkPredicts(explainer)
        return MaskExplainer(explainer, predicts.predict, method, masks, has_boxes=predicts.has_boxes)
    return MaskExplainer(explainer, explainer.predict, method, masks)
