"""Writing of the page, sheet by sheet: memory does not grow with the number of objects, but for their numbers."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from string import Template
from typing import Any

import polars

import heatcam
from heatcam.audit.changes import Changes
from heatcam.audit.clusters import Clusters
from heatcam.audit.figures import Figures
from heatcam.audit.objects import Parts
from heatcam.audit.page.colours import palettes
from heatcam.audit.page.columns import columns_of
from heatcam.audit.page.plain import plain
from heatcam.audit.sprites import draw_sheet, pack_maps, with_places
from heatcam.sinks import GrowingFile
from heatcam.text import escaped_in_json, printable

#: Objects with a picture on the page: 20,000 take 40 to 60 MB. Mistakes come first, then those with the least evidence.
MOST_SHOWN = 20_000
_FILES = Path(__file__).with_name("files")
#: Scripts in their order: one function scope holds them all.
SCRIPTS = (
    *("dom", "words", "data", "maps", "sheets", "choice", "flags", "exports"),
    *("charts", "overview", "confusion", "separation", "context", "classes", "clusters", "changes"),
    *("filters", "gallery", "stage", "detail", "main"),
)
STYLES = ("page", "overview", "gallery", "detail")


@dataclass(frozen=True, eq=False)
class AuditPage:
    """Contents of the page.

    Attributes:
        title: of the page, such as the data set's name.
        head: facts of the audit in their order, name and value: model, data, date, thresholds. Those whose name begins with
            ``mAP`` are headline numbers.
        table: the objects, of ``OBJECT_SCHEMA``; ``sheet`` and ``cell`` are filled here where they are not.
        parts: gives thumbnails and maps of some objects by their numbers, in any order; asked for a hundred at a time.
        figures, clusters, changes: what else is known; None where not.
        root: the data set's folder, for the commands that open an object: ``root/image`` is the picture.
        options: options of these commands, such as ``("-m", "best.pt", "--conf", "0.3")``.
    """

    title: str
    head: Mapping[str, str]
    table: polars.DataFrame
    parts: Callable[[Sequence[int]], Parts]
    figures: Figures | None = None
    clusters: Clusters | None = None
    changes: Changes | None = None
    root: str = ""
    options: Sequence[str] = field(default=())


def write_page(path: Path, page: AuditPage, most: int = MOST_SHOWN) -> int:
    """Write the page as one HTML file, whole or not at all, over what is there.

    Crops in ``crops/NNNNNN.jpg`` beside it, by the object's number, are shown where they are there; thumbnails otherwise.

    Args:
        path: of the file, such as ``audit/index.html``.
        page: what it shows.
        most: so many objects are on it at most.

    Returns:
        The number of objects on it.

    Raises:
        SinkError: it cannot be written; nothing is left behind.
    """
    table = with_places(page.table) if page.table["sheet"].null_count() else page.table
    shown = table.sort("sheet", "cell").head(most).sort("number")
    with GrowingFile(path) as file:
        for text in _texts(page, shown):
            file.write(text)
        file.finish()
    return shown.height


def _texts(page: AuditPage, shown: polars.DataFrame) -> Iterator[str]:
    """Yield the file's parts."""
    before, after = _file("index.html").split("$sheets")
    script, style = _script(), _style()
    yield Template(before).substitute(
        title=html.escape(printable(page.title)),
        style=style,
        style_hash=_digest(style),
        script=script,
        script_hash=_digest(script),
        data=_in_html(_document(page, shown)),
    )
    for _, rows in shown.sort("sheet", "cell").group_by("sheet", maintain_order=True):
        yield from _sheet(rows["sheet"][0], rows, page.parts)
    yield after


def _sheet(number: int, rows: polars.DataFrame, read: Callable[[Sequence[int]], Parts]) -> Iterator[str]:
    """Yield one sheet's thumbnails and maps, as elements that no browser runs or decodes before the page asks for them."""
    wanted = rows["number"].to_list()
    parts = read(wanted)
    at = {one: place for place, one in enumerate(parts.numbers)}
    order = [at[one] for one in wanted]
    thumbs = draw_sheet([parts.thumbs_jpeg[place] for place in order])
    maps = pack_maps(parts.own[order], parts.signed[order])
    for kind, data in (("thumbs", thumbs), ("maps", maps)):
        yield f'<script type="text/plain" id="{kind}-{number}">{base64.b64encode(data).decode()}</script>\n'


def _document(page: AuditPage, shown: polars.DataFrame) -> dict[str, Any]:
    """Return everything but the pictures, as plain values."""
    return {
        "title": printable(page.title),
        "id": _name_of(page.table),
        "version": heatcam.__version__,
        "head": [[printable(name), printable(value)] for name, value in page.head.items()],
        "objects": page.table.height,
        "root": page.root,
        "options": list(page.options),
        "table": columns_of(shown),
        "palettes": palettes(),
        "figures": plain(page.figures),
        "clusters": plain(
            page.clusters and {"list": page.clusters.clusters, "classes": page.clusters.classes}
        ),
        "changes": plain(page.changes),
    }


def _name_of(table: polars.DataFrame) -> str:
    """Return a short name of the audit, which the browser keeps its flags under: the same for the same objects."""
    rows = table.select("number", "image", "kind", "x1", "y1", "x2", "y2").rows()
    return hashlib.sha256(repr(rows).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _in_html(document: dict[str, Any]) -> str:
    """Return JSON that may stand in a script element: nothing in it can end the element, and no character is invisible."""
    text = escaped_in_json(json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _script() -> str:
    """Return all scripts in one function scope."""
    return '"use strict";\n(() => {\n' + "\n".join(_file(f"{name}.js") for name in SCRIPTS) + "\n})();\n"


def _style() -> str:
    """Return all styles; their colours are those of the live view's page."""
    tokens = Path(heatcam.__file__).parent.joinpath("web", "page", "tokens.css").read_text("utf-8")
    return tokens + "\n".join(_file(f"{name}.css") for name in STYLES)


@lru_cache
def _file(name: str) -> str:
    return (_FILES / name).read_text("utf-8")


def _digest(text: str) -> str:
    """Return the SHA-256 that a content security policy names a script or a style by."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
