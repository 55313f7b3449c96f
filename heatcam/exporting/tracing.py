"""Tracing of an explained network into a graph of operations of inference, with all that is constant calculated."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.fx import GraphModule, Node, map_arg
from torch.fx.experimental.proxy_tensor import make_fx

from heatcam.engine import inference_only
from heatcam.exporting.graph import ExplainedNetwork


@torch.no_grad()
def traced(network: ExplainedNetwork, picture: Tensor, conf: Tensor) -> GraphModule:
    """Trace a network for pictures of one shape.

    Args:
        network: what to trace.
        picture: float ``(1, channels, H, W)``.
        conf: float ``(classes,)``.

    Raises:
        NotImplementedError: an operation has no form that a runtime for inference knows, or changes a tensor in place.
    """
    table = inference_only()

    def run(images: Tensor, conf: Tensor) -> Any:  # (a module's own signature is not read right)
        return network(images, conf)

    graph = make_fx(run, decomposition_table=table)(picture, conf)
    for node in graph.graph.nodes:
        if getattr(getattr(node.target, "_schema", None), "is_mutable", False):
            raise NotImplementedError(f"{node.target} changes a tensor in place")
    with_constants(graph)
    return graph.eval()


def with_constants(graph: GraphModule) -> None:
    """Calculate, in place, everything that does not depend on an input: flipped kernels, grids, numbers of cells.

    The gradient's kernels are made from the weights; left in the graph, every runtime would make them again.
    """
    known: dict[Node, Any] = {}
    for node in graph.graph.nodes:
        if node.op == "get_attr":
            known[node] = getattr(graph, node.target)
        elif node.op == "call_function" and all(source in known for source in node.all_input_nodes):
            given, named = map_arg((node.args, node.kwargs), known.__getitem__)
            known[node] = node.target(*given, **named)
    for number, node in enumerate(list(graph.graph.nodes)):
        is_read = any(user not in known for user in node.users)
        if is_read and node.op != "get_attr" and isinstance(known.get(node), Tensor):
            _replace(graph, node, f"constant_{number}", known[node])
    graph.graph.eliminate_dead_code()
    graph.recompile()


def _replace(graph: GraphModule, node: Node, name: str, value: Tensor) -> None:
    """Put a constant in a node's place."""
    graph.register_buffer(name, value.detach().contiguous())
    with graph.graph.inserting_before(node):
        node.replace_all_uses_with(graph.graph.get_attr(name))
