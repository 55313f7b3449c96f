"""Page of ``heatcam audit``: the file, and the crops beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import polars

from heatcam.audit import AuditPage, with_places, write_crops, write_page
from heatcam.text import printable

if TYPE_CHECKING:
    from heatcam.commands.audit_run import AuditRun

PAGE_FILE, CROPS_FOLDER = "index.html", "crops"


def write_audit_page(folder: Path, page: AuditPage) -> str:
    """Write ``index.html`` and ``crops/`` into an audit's folder, over those that are there.

    Args:
        folder: the audit's, which exists.
        page: what the page shows.

    Returns:
        A line for the terminal: where the page is, and if it does not hold all objects.

    Raises:
        SinkError: a file cannot be written.
    """
    write_crops(folder / CROPS_FOLDER, page.table, page.parts)
    shown, there = write_page(folder / PAGE_FILE, page), page.table.height
    line = f"open {printable(str(folder / PAGE_FILE))} in a browser"
    return line if shown == there else f"{line}: the first {shown:,} of {there:,} objects are on it"


def show_page(run: AuditRun) -> None:
    """Write the page of a run and its crops; the last stage, since it shows what the others found.

    Raises:
        SinkError: a file cannot be written.
    """
    table = with_places(run.store.table())
    run.store.put_cells({number: (sheet, cell) for number, sheet, cell in _places(table)})
    page = AuditPage(
        title=_title_of(run.data.path),
        head=run.head,
        table=table,
        parts=run.store.parts,
        figures=run.made.get("figures"),
        clusters=run.made.get("clusters"),
        changes=run.made.get("changes"),
        root=_root_of(run.files),
        options=("-m", run.model),
    )
    run.lines.append(write_audit_page(run.folder, page))


def _title_of(path: Path) -> str:
    """Return the data's name: a folder's own, a file's with its folder's, since many are called ``data.yaml``."""
    whole = path.resolve()
    return whole.name if whole.is_dir() else f"{whole.parent.name}/{whole.name}"


def _places(table: polars.DataFrame) -> list[tuple[int, int, int]]:
    return table.select("number", "sheet", "cell").rows()


def _root_of(files: Mapping[str, Path]) -> str:
    """Return the folder that the pictures' names begin in, from the working folder on; "" where there is none for all of them."""
    roots = {
        str(path)[: -len(name)] if path.as_posix().endswith(f"/{name}") else ""
        for name, path in files.items()
    }
    root = roots.pop() if len(roots) == 1 else ""
    inside = Path(root).is_absolute() and Path(root).is_relative_to(Path.cwd())
    return Path(root).relative_to(Path.cwd()).as_posix() if inside else root
