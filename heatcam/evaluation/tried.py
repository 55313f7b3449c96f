"""Maps that are made by trial: of pictures whose pixels are covered by an infill, and never judged by that same infill.

Such a map is fitted to what the score does under its infill, as a map from gradients is not. Judged by the same infill it would
show how well it was fitted, not how true it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from heatcam.blackbox import MaskExplainer
from heatcam.enums import FINE_MAP, LIVE_MAP, MASK_MAPS, TRUE_MAP
from heatcam.frames import Explanation, SaliencyMap
from heatcam.options import USUAL_MASKS, USUAL_TRIALS
from heatcam.perturbation import TRIALS_INFILL

if TYPE_CHECKING:
    from heatcam.saliency import Explainer

#: Takes the explanation of one picture, with a map of the method that the trials start from for each object that is asked about;
#: returns the maps made by trial, one an object, in the same order.
Refine = Callable[[Explanation], Sequence[SaliencyMap]]


@dataclass(frozen=True)
class TriedMap:
    """A kind of map that is made by trial.

    Attributes:
        name: value of ``--methods``.
        infill: name of the infill that its trials cover pixels with; it is judged by others.
        method: the CAM method whose maps the trials start from.
        start: prepares the trials with the explainer of these maps, once for all pictures.
    """

    name: str
    infill: str
    method: str
    start: Callable[[Explainer], Refine]


def _by_trial(explainer: Explainer) -> Refine:
    """Prepare what ``--quality true`` does, with as many trials."""
    from heatcam.saliency import TrialExplainer  # noqa: PLC0415 (loads torch)

    trials = TrialExplainer(explainer, USUAL_TRIALS)

    def refine(explanation: Explanation) -> Sequence[SaliencyMap]:
        with explainer.engine.exclusive_threads():
            tried = trials.trials_of(explanation)
            for _ in tried.run(trials.trials):
                pass
            return tried.explanation().object_maps

    return refine


def _by_masks(method: str, explainer: Explainer) -> Refine:
    """Prepare what ``--method`` of this name does, with as many masks; of the maps to start from it takes nothing."""
    from heatcam.saliency import NetworkPredicts  # noqa: PLC0415 (loads torch)

    predicts = NetworkPredicts(explainer)
    masked = MaskExplainer(explainer, predicts.predict, method, USUAL_MASKS, has_boxes=predicts.has_boxes)

    def refine(explanation: Explanation) -> Sequence[SaliencyMap]:
        return masked.mapped(replace(explanation, saliency=None, object_maps=())).object_maps

    return refine


#: Kinds of map that are made by trial, by name.
TRIED = {TRUE_MAP: TriedMap(TRUE_MAP, TRIALS_INFILL, FINE_MAP, _by_trial)} | {
    name: TriedMap(name, TRIALS_INFILL, LIVE_MAP, partial(_by_masks, name)) for name in MASK_MAPS
}
