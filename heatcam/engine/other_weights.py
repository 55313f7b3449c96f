"""Other weights for an engine that was proved already, such as those of a later epoch."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from heatcam.engine.gradients import GradientEngine
from heatcam.engine.passes import TorchPasses
from heatcam.engine.sparse_head import SparseHead
from heatcam.errors import UsageError


def replace_weights(engine: GradientEngine, state: Mapping[str, Tensor]) -> None:
    """Give an engine's network other weights of the same layers, in place.

    What was proved of the layers still holds: which cells an output reads does not depend on weights. Copies of weights that were
    made for single cells are made anew.

    Args:
        engine: in plain torch.
        state: the state of a network of the same layers, on any device.

    Raises:
        UsageError: a backend has compiled the weights that were there.
        RuntimeError: the state is another network's.
    """
    if not isinstance(engine.passes, TorchPasses):
        raise UsageError(f"{engine.name} has compiled the network's weights", "take the backend torch")
    engine.cut.network.load_state_dict(state)
    reads_cells = engine.reader.reads_cells
    engine.reader = SparseHead(engine.cut)
    engine.reader.reads_cells &= reads_cells
    if engine.uses_patches:
        engine.cell_branches = engine.explaining(engine.branches).cell_branches
