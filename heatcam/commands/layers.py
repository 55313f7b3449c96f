"""``heatcam layers``: the layers of a network, and those that maps are taken from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from heatcam.commands.refusals import require_model
from heatcam.commands.setup import model_at_hand
from heatcam.commands.tables import show_table
from heatcam.commands.terminal import Terminal
from heatcam.engine import (
    CandidateNetwork,
    LayerRow,
    NamedLayerRow,
    describe_layers,
    describe_named_layers,
    input_side,
)
from heatcam.errors import ModelError
from heatcam.models import MARKERS, LoadedModel, load_any_task, require_explainable
from heatcam.options import DetectOptions
from heatcam.saliency import family_of

HEADINGS = ("index", "type", "from", "stride", "channels", "output", "parameters", "chosen")
NAMED_HEADINGS = ("layer", "type", "stride", "channels", "output", "parameters", "chosen")
NUMBERS = {"index", "stride", "channels", "parameters"}


def show_layers(model: str | None, imgsz: int | None, json: str | None, terminal: Terminal) -> int:
    """List the layers of a model of any task, as it runs: batch normalisation fused.

    Args:
        model: a ``.pt`` file or a built-in model's name; None is ``markers``, with a note about others.
        imgsz: side of the network's square input in pixels; None takes the model's own.
        json: a file for the machine-readable list, ``-`` for standard output, None for none.
        terminal: prints results and notes.

    Returns:
        0.

    Raises:
        HeatcamError: the model cannot be loaded or does not run at this size, or the JSON file cannot be written.
    """
    DetectOptions(imgsz=imgsz).require_valid()  # refuses an invalid size before anything is loaded
    spec = model_at_hand(model, MARKERS, terminal)
    require_model(spec, downloadable=False)
    with terminal.status("loading the model"):
        loaded = load_any_task(spec)
        if isinstance(loaded.network, CandidateNetwork):
            return _show_named(loaded, loaded.network, imgsz, json, terminal)
        side = input_side(loaded.network, imgsz or loaded.imgsz)
        rows = describe_layers(loaded.network, side)
    obstacle = _obstacle(loaded, Path(spec).name)
    total = sum(row.parameters for row in rows)
    terminal.note(f"model {loaded.title}, {side} px, {len(rows)} layers, {total} parameters")
    if obstacle:
        terminal.note(f"{obstacle}; the marks say what would be chosen")
    if json:
        document = {"model": loaded.title, "imgsz": side, "explainable": not obstacle}
        terminal.document(document | {"layers": [_as_json(row) for row in rows]}, json)
    if json != "-":
        show_table(terminal, HEADINGS, [_cells(row) for row in rows], NUMBERS)
    return 0


def _show_named(
    loaded: LoadedModel, network: CandidateNetwork, imgsz: int | None, json: str | None, terminal: Terminal
) -> int:
    """List the layers of another library's model that maps can be taken from; arguments and value as of ``show_layers``."""
    rows = describe_named_layers(network, imgsz or loaded.imgsz)
    side = network.fit((imgsz or loaded.imgsz,) * 2, imgsz or loaded.imgsz).model_wh[0]
    total = sum(p.numel() for p in network.parameters())
    terminal.note(f"model {loaded.title}, {side} px, {len(rows)} layers with maps, {total} parameters")
    if json:
        document = {"model": loaded.title, "imgsz": side, "explainable": True}
        terminal.document(document | {"layers": [_named_as_json(row) for row in rows]}, json)
    if json != "-":
        cells = [
            (
                row.name,
                row.type_name,
                row.stride,
                row.output_shape[0],
                "x".join(map(str, row.output_shape)),
                row.parameters,
            )
            for row in rows
        ]
        chosen = [", ".join(mark.value for mark in row.marks) for row in rows]
        show_table(
            terminal, NAMED_HEADINGS, [(*own, mark) for own, mark in zip(cells, chosen, strict=True)], NUMBERS
        )
    return 0


def _named_as_json(row: NamedLayerRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "type": row.type_name,
        "stride": row.stride,
        "channels": row.output_shape[0],
        "output_shape": list(row.output_shape),
        "parameters": row.parameters,
        "marks": [mark.value for mark in row.marks],
    }


def _obstacle(loaded: LoadedModel, name: str) -> str:
    """Return the reason why the model cannot be explained; "" when it can."""
    try:
        require_explainable(loaded, name)
        family_of(loaded.network).check(loaded.network)
    except ModelError as error:
        return error.problem
    return ""


def _as_json(row: LayerRow) -> dict[str, Any]:
    return {
        "index": row.index,
        "type": row.type_name,
        "from": list(row.reads),
        "stride": row.stride,
        "channels": row.channels,
        "output_shape": None if row.output_shape is None else list(row.output_shape),
        "parameters": row.parameters,
        "marks": [mark.value for mark in row.marks],
    }


def _cells(row: LayerRow) -> list[object]:
    return [
        row.index,
        row.type_name,
        ", ".join(map(str, row.reads)) or "picture",
        row.stride,
        row.channels,
        None if row.output_shape is None else "x".join(map(str, row.output_shape)),
        row.parameters,
        ", ".join(mark.value for mark in row.marks),
    ]
