"""Several explainers of one model that explain at the same time, each in one thread."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from heatcam.engine import Gatherer, TappedEngine, TappedNetwork, choose_device
from heatcam.models import Prompt, load_model
from heatcam.options import LIKELY_SIZE_WH, ExplainOptions
from heatcam.saliency.explainer import Explainer
from heatcam.saliency.factory import ExplainerCache
from heatcam.saliency.methods import method_formula


def build_streams(
    model: str,
    device: str | None,
    options: ExplainOptions,
    prompt: Prompt | None = None,
    *,
    count: int = 1,
    threads: int | None = None,
) -> tuple[Explainer, ...]:
    """Build explainers that share one model's weights, ready for pictures: see ``build_explainer``.

    Args:
        model: a ``.pt`` file or an embedded model's name.
        device: a torch device; None takes the fastest.
        options: which boxes are kept and how their evidence is mapped.
        prompt: what the model is to look for; None for the classes that it has.
        count: number of explainers; each may be called from a thread of its own.
        threads: threads of torch in each pass, for the whole process from now on; None leaves them, with several explainers one.

    Raises:
        ModelError, DeviceError, UsageError: model, device or options cannot be used; the message names the next step.
    """
    options.require_valid()
    method_formula(options.formula_name)  # refused before the model is read
    limit = threads or (1 if count > 1 else None)
    if limit is not None:
        torch.set_num_threads(limit)
    loaded, where = load_model(model, prompt), choose_device(device)
    streams = tuple(ExplainerCache(loaded, where, LIKELY_SIZE_WH).take(options) for _ in range(count))
    if count > 1 and where.type != "cpu":
        gather(streams)
    return streams


def gather(streams: Sequence[Explainer]) -> None:
    """Let explainers that share weights run the pictures of the same moment in one batch, as far as no gradient is needed.

    Not for CPUs, where one picture keeps all cores busy and a batch only leaves the caches. It changes numbers as rounding does.

    Args:
        streams: of one network, in torch; those of another library's network stay as they are.
    """
    cuts = [explainer.engine.cut for explainer in streams if isinstance(explainer.engine, TappedEngine)]
    cuts = [cut for cut in cuts if isinstance(cut, TappedNetwork)]
    if cuts:
        together = Gatherer(cuts[0].below, len(cuts))
        for cut in cuts:
            cut.run_below = together
