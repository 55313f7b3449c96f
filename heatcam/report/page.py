"""The page: one file that holds its script, styles, pictures and numbers, and asks for nothing from anywhere.

Charts are drawn by uPlot, which stands in ``page/`` with its licence. Of what draws interactive charts it is the smallest: 51 kB,
beside 210 (Chart.js), 500 (ECharts, its simple build), 770 (Vega with Vega-Lite), 1,190 (Plotly's basic build) and 4,830 (Plotly,
as its Python package inlines it). SVG made in Python (pygal, matplotlib) takes less code, but cannot be zoomed.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from heatcam.enums import Colormap
from heatcam.overlay import colour_table
from heatcam.report.document import document_of
from heatcam.report.statistics import RunStatistics
from heatcam.report.words import (
    DRIFT_HEADINGS,
    SERIES_HEADINGS,
    Words,
    number,
)
from heatcam.text import escaped_in_json, printable

_PAGE = Path(__file__).with_name("page")
_MOST_ROWS = 12  # of the table of classes; the others unfold
_UPLOT_VERSION = "1.6.32"
_STOPS = 9  # colours of the colour bar


def page_of(run: RunStatistics) -> str:
    """Return the page as HTML, for a file of its own, in UTF-8.

    Names from outside are escaped: as text in the page, as JSON in its script. A content security policy allows the page's own
    script by its hash and nothing else, and no request at all.

    Args:
        run: the statistics.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 (only where a page is made)

    templates = Environment(
        loader=FileSystemLoader(_PAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words = Words(run)
    known = [one for one in run.drifts if one.first is not None or one.last is not None]
    script = _asset("uPlot.iife.min.js") + "\n" + _asset("page.js")
    return templates.get_template("page.html").render(
        run=run,
        words=words,
        class_rows=[words.series_cells(one) for one in run.classes],
        track_rows=[words.series_cells(one) for one in run.tracks],
        drifts=[one for one in known if one.title == run.whole.title],
        class_drifts=[one for one in known if one.title != run.whole.title],
        series_headings=SERIES_HEADINGS,
        drift_headings=DRIFT_HEADINGS,
        number=number,
        most_rows=_MOST_ROWS,
        uplot_version=_UPLOT_VERSION,
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        styles=_asset("uPlot.min.css") + "\n" + _asset("page.css"),
        data=_json_in_html(document_of(run)),
        colours=colour_stops(),
        picture=_data_address,
        text=printable,
    )


@lru_cache
def _asset(name: str) -> str:
    """Return one of the page's parts, as text."""
    return (_PAGE / name).read_text("utf-8")


def _json_in_html(document: dict[str, Any]) -> str:
    """Return a document as JSON that may stand in a script element: nothing in it can end the element."""
    text = escaped_in_json(json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _data_address(picture: bytes) -> str:
    return f"data:image/webp;base64,{base64.b64encode(picture).decode()}"


def colour_stops() -> str:
    """Return the heat's colours as the stops of a CSS gradient, from cold to hot."""
    table = colour_table(Colormap.TURBO)
    picked = [table[round(255 * n / (_STOPS - 1))] for n in range(_STOPS)]
    return ", ".join(f"#{red:02x}{green:02x}{blue:02x}" for blue, green, red in picked)
