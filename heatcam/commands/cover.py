"""``heatcam cover``: what covering places of a picture changes, beside what the maps had foretold."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from heatcam.commands.options import LookOptions, overlay_options
from heatcam.commands.probing_checks import boxes_at, planned_picture, require_detector
from heatcam.commands.probing_options import CoverChoice, ProbedOutput
from heatcam.commands.setup import model_at_hand, start_explainer
from heatcam.commands.tables import show_table
from heatcam.commands.terminal import Terminal
from heatcam.errors import UsageError
from heatcam.frames import Explanation, Frame
from heatcam.geometry import Float32Array, Uint8Array
from heatcam.models import MARKERS
from heatcam.overlay import draw_cover
from heatcam.probing import (
    CoverEffect,
    cover_effect,
    cover_row,
    cover_words,
    covered,
    foretold_by,
    foretold_row,
    percent,
)
from heatcam.sinks import make_folder, write_picture
from heatcam.sources import read_picture

if TYPE_CHECKING:
    from heatcam.commands.options import ModelChoice
    from heatcam.enums import Fill
    from heatcam.saliency import Explainer, Prober

HEADINGS = (
    "cover",
    "object",
    "before",
    "after",
    "logit before",
    "logit after",
    "evidence under",
    "logit lost",
)


def run_cover(
    photo: str,
    choice: ModelChoice,
    covers: CoverChoice,
    look: LookOptions,
    output: ProbedOutput,
    terminal: Terminal,
) -> int:
    """Cover each place by itself, and all of them together, and tell what changes.

    Args:
        photo: the picture's file.
        choice: the model, and how it explains.
        covers: where, and with what.
        look: look of heat and boxes.
        output: the picture and the document.
        terminal: prints results and notes.

    Returns:
        0.

    Raises:
        HeatcamError: picture, model or an output cannot be used; raised before torch is imported where possible.
    """
    if not covers.at:
        raise UsageError("give --at", "for example: heatcam cover photo.jpg --at 40,60,200,310 --fill blur")
    require_detector(choice)
    target = planned_picture(photo, output, "cover")
    image = read_picture(Path(photo))
    boxes = np.array(boxes_at(covers.at, (image.shape[1], image.shape[0])), np.float32)
    choice = replace(choice, model=model_at_hand(choice.model, MARKERS, terminal))
    explainer = start_explainer(choice, terminal, (image.shape[1], image.shape[0]), 1)
    from heatcam.saliency import Prober  # noqa: PLC0415 (torch: loaded by now)

    before = explainer.explain(_frame(image, photo), with_object_maps=True)
    if before.map_error:
        terminal.note(f"no heat map ({before.map_error})")
    each, together, took_ms = _effects(Prober(explainer), image, boxes, covers.fill, before)
    _write(explainer, before, together, covers.fill, look, target, output)
    if output.json != "-":
        terminal.result(f"{photo} -> {target}")
        _show(each, together, terminal)
    if output.json:
        head = {
            "image": {"path": photo, "size_wh": list(before.frame.size_wh), "output": str(target)},
            "model": explainer.title,
            "method": explainer.method,
            "fill": covers.fill.value,
        }
        terminal.document({**head, **_document(each, together), "cover_ms": round(took_ms, 1)}, output.json)
    return 0


def _effects(
    prober: Prober, image: Uint8Array, boxes: Float32Array, fill: Fill, before: Explanation
) -> tuple[list[CoverEffect], CoverEffect, float]:
    """Return the effect of each cover by itself, that of all together, and the milliseconds that one takes."""
    first, started = prober.candidates(image), time.perf_counter()

    def effect(covers: Float32Array) -> CoverEffect:
        after = prober.candidates(covered(image, covers, fill))
        return cover_effect(first, after, before.object_maps, covers)

    each = [effect(boxes[n : n + 1]) for n in range(len(boxes))]
    took_ms = 1e3 * (time.perf_counter() - started) / len(each)
    return each, effect(boxes) if len(each) > 1 else each[0], took_ms


def _write(
    explainer: Explainer,
    before: Explanation,
    together: CoverEffect,
    fill: Fill,
    look: LookOptions,
    target: Path,
    output: ProbedOutput,
) -> None:
    """Draw and write the picture before and after all covers."""
    image = covered(before.frame.image_bgr, together.covers_xyxy, fill)
    after = explainer.explain(replace(before.frame, image_bgr=image), with_object_maps=True)
    make_folder(target.parent)
    write_picture(target, draw_cover(before, after, together, overlay_options(look)), output.overwrite)


def _document(each: Sequence[CoverEffect], together: CoverEffect) -> dict[str, Any]:
    return {
        "covers": [cover_row(one) for one in each],
        "together": cover_row(together) if len(each) > 1 else None,
        "foretold": {
            **foretold_row(foretold_by(each)),
            "objects": [
                {"index": own.detection, "class_name": own.class_name}
                | foretold_row(foretold_by(each, own.detection))
                for own in together.objects
            ],
        },
    }


def _show(each: Sequence[CoverEffect], together: CoverEffect, terminal: Terminal) -> None:
    """Print what changed, a table of the objects' numbers, and how well it was foretold."""
    terminal.result(cover_words(together)[0])
    rows = [
        [
            *(f"#{n}", own.class_name, f"{own.confidence_before:.2f}", f"{own.confidence_after:.2f}"),
            *(f"{own.logit_before:.2f}", f"{own.logit_after:.2f}"),
            *(percent(own.evidence_share), percent(own.logit_lost)),
        ]
        for n, effect in enumerate(each, 1)
        for own in effect.objects
    ]
    if rows:
        show_table(terminal, HEADINGS, rows, HEADINGS[2:])
    foretold = foretold_by(each)
    if foretold.rank_correlation is not None:
        terminal.result(
            f"rank correlation of evidence under the cover with logit lost: {foretold.rank_correlation:.2f} "
            f"over {foretold.pairs} pairs of cover and object"
        )


def _frame(image: Uint8Array, name: str) -> Frame:
    return Frame(image, 0, time.monotonic(), 0.0, name)
