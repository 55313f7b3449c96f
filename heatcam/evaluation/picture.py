"""Plot of the mean insertion and deletion curves."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from heatcam.geometry import Uint8Array

_SIZE_INCHES, _DOTS_PER_INCH = (13.0, 5.4), 100
#: Grey and dashes of the controls, in their order; the first, the plain box, is what all are compared with.
_CONTROL_STYLES = (("0.0", "--"), ("0.35", "-."), ("0.35", ":"), ("0.7", "-"), ("0.7", "--"))
_COLOURS = 10  # in matplotlib's cycle; further rows are dashed


def curves_picture(rows: Sequence[dict[str, Any]], title: str, protocol: str) -> Uint8Array:
    """Plot two panels with one curve per row: methods in colour, controls in grey.

    Args:
        rows: the rows of the JSON document.
        title: title of the plot.
        protocol: name of the protocol.

    Returns:
        uint8 ``(540, 1300, 3)``, BGR.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 (takes a second, and few ask for it)
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=_SIZE_INCHES, dpi=_DOTS_PER_INCH, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, sharey=True)
    figure.suptitle(title)
    for axes, key, meaning in (
        (left, "insertion", "only this shown: high is good"),
        (right, "deletion", "this taken away: low is good"),
    ):
        _draw(axes, rows, key)
        axes.set(title=f"{key}: {meaning}", xlabel="share of the picture, hottest pixels first", ylim=(0, 1))
    left.set_ylabel(f"IoU x class score ({protocol})")
    figure.legend(
        *left.get_legend_handles_labels(),
        loc="outside right center",
        frameon=False,
        title="insertion minus deletion",
    )
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())  # (H, W, 4)
    return np.ascontiguousarray(pixels[..., 2::-1])


def _draw(axes: Any, rows: Sequence[dict[str, Any]], key: str) -> None:
    """Draw one curve per row; the legend has the mean before the name."""
    styles = itertools.cycle(_CONTROL_STYLES)
    for number, row in enumerate(rows):
        name = row["name"]
        line = row["curves"]["fractions"], row["curves"][key]
        label = f"{row['insertion_minus_deletion']:+.2f}  {name}"
        if name.startswith("control"):
            grey, dashes = next(styles)
            axes.plot(*line, color=grey, linestyle=dashes, linewidth=1.4, label=label)
        else:
            dashes = "-" if number < _COLOURS else "--"
            axes.plot(*line, linestyle=dashes, linewidth=2.2, marker="o", markersize=3, label=label)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
