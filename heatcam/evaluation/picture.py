"""Plot of the mean insertion and deletion curves."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from heatcam.evaluation.choices import CONTROL
from heatcam.evaluation.report import by_name, infills_of
from heatcam.geometry import Uint8Array

_WIDTH_INCHES, _HEIGHT_INCHES, _DOTS_PER_INCH = 13.0, 5.4, 100  # height for each infill
_TALLER_INCHES = 4.4  # for each infill but the first
#: Grey and dashes of the controls, in their order; the first, the plain box, is what all are compared with.
_CONTROL_STYLES = (("0.0", "--"), ("0.35", "-."), ("0.35", ":"), ("0.7", "-"), ("0.7", "--"))
_COLOURS = 10  # in matplotlib's cycle; further rows are dashed
_PANELS = (
    ("insertion", "only this shown: high is good"),
    ("deletion", "this taken away: low is good"),
)


def curves_picture(rows: Sequence[dict[str, Any]], title: str, protocol: str) -> Uint8Array:
    """Plot two panels an infill, one infill below the other, with one curve per row: methods in colour, controls in grey.

    Args:
        rows: the rows of the JSON document.
        title: title of the plot.
        protocol: name of the protocol.

    Returns:
        uint8 ``(540 + 440 * (infills - 1), 1300, 3)``, BGR.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 (takes a second, and few ask for it)
    from matplotlib.figure import Figure  # noqa: PLC0415

    infills = infills_of(rows)
    height = _HEIGHT_INCHES + _TALLER_INCHES * (len(infills) - 1)
    figure = Figure(figsize=(_WIDTH_INCHES, height), dpi=_DOTS_PER_INCH, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    figure.suptitle(title)
    maps = by_name(rows)
    looks = _looks(list(dict.fromkeys(row["name"] for row in rows)))
    share = f"share of the {rows[0]['fractions']}, hottest pixels first"
    grid = figure.subplots(len(infills), 2, sharex=True, sharey=True, squeeze=False)
    for infill, pair in zip(infills, grid, strict=True):
        for axes, (key, meaning) in zip(pair, _PANELS, strict=True):
            _draw(axes, {name: own[infill] for name, own in maps.items() if infill in own}, key, looks)
            axes.set(title=f"{key}, infill {infill}: {meaning}", ylim=(0, 1))
        pair[0].set_ylabel(f"IoU x class score ({protocol})")
    for axes in grid[-1]:
        axes.set_xlabel(share)
    _add_legend(figure, maps, looks, infills)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())  # (H, W, 4)
    return np.ascontiguousarray(pixels[..., 2::-1])


def _looks(names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return each row's line style, as matplotlib's ``plot`` takes it."""
    controls = [name for name in names if name.startswith(CONTROL)]
    greys = dict(zip(controls, itertools.cycle(_CONTROL_STYLES), strict=False))
    found: dict[str, dict[str, Any]] = {
        name: {"color": grey, "linestyle": dashes, "linewidth": 1.4} for name, (grey, dashes) in greys.items()
    }
    for number, name in enumerate(name for name in names if name not in greys):
        dashes, colour = "-" if number < _COLOURS else "--", f"C{number % _COLOURS}"
        line = {"color": colour, "linestyle": dashes, "linewidth": 2.2}
        found[name] = line | {"marker": "o", "markersize": 3}
    return found


def _draw(axes: Any, rows: dict[str, dict[str, Any]], key: str, looks: dict[str, dict[str, Any]]) -> None:
    """Draw one curve per row."""
    for name, row in rows.items():
        axes.plot(row["curves"]["fractions"], row["curves"][key], **looks[name])
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)


def _add_legend(
    figure: Any,
    maps: dict[str, dict[str, dict[str, Any]]],
    looks: dict[str, dict[str, Any]],
    infills: Sequence[str],
) -> None:
    """Name each row after its differences, one an infill, the largest mean first."""
    from matplotlib.lines import Line2D  # noqa: PLC0415 (as matplotlib itself)

    handles = [
        Line2D(
            [],
            [],
            label=f"{'  '.join(_difference(own.get(infill)) for infill in infills)}  {name}",
            **looks[name],
        )
        for name, own in maps.items()
    ]
    title = f"insertion minus deletion\n({', '.join(infills)})"
    figure.legend(handles=handles, loc="outside right center", frameon=False, title=title)


def _difference(row: dict[str, Any] | None) -> str:
    """Return a row's difference, and a dash as wide where it was not judged by this infill."""
    return "\N{EM DASH}" if row is None else f"{row['insertion_minus_deletion']:+.2f}"
