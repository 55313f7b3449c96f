"""A traced gradient cut in two: the part that the forward pass can already calculate, and the part that needs cotangents.

Backpropagation needs derivatives at the activations of the forward pass. Traced as one function of the picture's tensors and the
cotangents, everything that no cotangent reaches belongs to the forward pass and is handed over; the backward pass that is left
runs nothing twice. (The idea is that of AOTAutograd's default partition; here weights stay in both halves, as constants.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.fx import Graph, GraphModule, Node


@dataclass(frozen=True)
class Halves:
    """A function of given tensors and cotangents, split into two functions.

    Attributes:
        forward: from the given tensors to ``(*results, *saved)``.
        backward: from ``(*saved, *cotangents)`` to the gradients.
        saved: number of tensors that the forward half hands to the backward half.
    """

    forward: GraphModule
    backward: GraphModule
    saved: int


def in_halves(joint: GraphModule, given: int, results: int) -> Halves:
    """Cut a trace of ``(*given, *cotangents) -> (*results, *gradients)``.

    Args:
        joint: the trace, from ``make_fx``.
        given: number of its inputs that are not cotangents.
        results: number of its outputs that are not gradients; no cotangent reaches them.

    Raises:
        NotImplementedError: an operation changes a tensor in place, which the other half would not see.
    """
    nodes = list(joint.graph.nodes)
    for node in nodes:
        if getattr(getattr(node.target, "_schema", None), "is_mutable", False):
            raise NotImplementedError(f"{node.target} in a traced gradient")
    inputs = [node for node in nodes if node.op == "placeholder"]
    outputs: Sequence[Node] = nodes[-1].args[0]
    gradients = outputs[results:]
    handed = _read_across(nodes[:-1], inputs, given, gradients)
    return Halves(
        _part(joint, nodes, inputs[:given], [*outputs[:results], *handed]),
        _part(joint, nodes, [*handed, *inputs[given:]], gradients),
        len(handed),
    )


def _reached_from(nodes: Sequence[Node], sources: Sequence[Node]) -> set[Node]:
    """Return ``sources`` and every node that depends on one."""
    reached = set(sources)
    for node in nodes:
        if not reached.isdisjoint(node.all_input_nodes):
            reached.add(node)
    return reached


def _waiting(nodes: Sequence[Node], cotangents: Sequence[Node]) -> set[Node]:
    """Return the nodes of the backward half alone: all that depend on a cotangent, and the comparisons that those read.

    Repeating a comparison takes no time, and many may read the same map; handed over, its booleans would be eight-byte integers.
    """
    waiting = _reached_from(nodes, cotangents)
    for node in reversed(
        nodes
    ):  # (from the last to the first: a comparison may read another one, as in ReLU6)
        if node in waiting:
            waiting |= {source for source in node.all_input_nodes if _is_boolean(source)}
    return waiting


def _is_boolean(node: Node) -> bool:
    return node.op == "call_function" and getattr(node.meta.get("val"), "dtype", None) == torch.bool


def _read_across(
    nodes: Sequence[Node], inputs: Sequence[Node], given: int, gradients: Sequence[Node]
) -> list[Node]:
    """Return the nodes of the forward half that the backward half reads, in order, without constants."""
    waiting, varying = _waiting(nodes, inputs[given:]), _reached_from(nodes, inputs)
    needed = {read for node in nodes if node in waiting for read in node.all_input_nodes} | set(gradients)
    return [node for node in nodes if node in needed and node in varying and node not in waiting]


def _part(
    joint: GraphModule, nodes: Sequence[Node], inputs: Sequence[Node], outputs: Sequence[Node]
) -> GraphModule:
    """Copy the part of a trace from ``inputs`` to ``outputs``, with the constants that it needs."""
    graph = Graph()
    copies: dict[Node, Node] = {node: graph.placeholder(f"input_{i}") for i, node in enumerate(inputs)}
    wanted = _behind(outputs, set(inputs))
    for node in nodes:
        if node in wanted and node not in copies:
            copies[node] = graph.node_copy(node, copies.__getitem__)
    graph.output(tuple(copies[node] for node in outputs))
    return GraphModule(joint, graph)


def _behind(outputs: Sequence[Node], inputs: set[Node]) -> set[Node]:
    """Return every node that ``outputs`` need, back to ``inputs``."""
    wanted: set[Node] = set()
    waiting = list(outputs)
    while waiting:
        node = waiting.pop()
        if node not in wanted:
            wanted.add(node)
            waiting += [] if node in inputs else node.all_input_nodes
    return wanted


def tensors_of(halves: Halves, given: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Run the forward half and return the tensors it hands over, so that the backward half can be traced with real ones."""
    outputs: Any = halves.forward(*given)
    return tuple(outputs[len(outputs) - halves.saved :])
