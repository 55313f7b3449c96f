"""Page of ``heatcam audit``: the file, and the crops beside it."""

from __future__ import annotations

from pathlib import Path

from heatcam.audit import AuditPage, write_crops, write_page
from heatcam.text import printable

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
