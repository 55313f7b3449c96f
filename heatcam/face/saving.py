"""Files of an explanation: a suffix, and the function that writes such a file.

To add one: a function here, and a line in ``_WRITERS``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from heatcam.enums import ViewName
from heatcam.errors import UsageError
from heatcam.face.findings import document_of
from heatcam.frames import ExplainerFacts, Explanation
from heatcam.sinks import refuse_existing, write_picture, write_raw_maps, write_whole
from heatcam.text import json_text
from heatcam.views import render_view

#: Writes a file over what is there; the view is None where none was named.
Writer = Callable[[Explanation, ExplainerFacts, Path, str | None], None]


def save(
    explanation: Explanation, facts: ExplainerFacts, path: Path, view: str | None, overwrite: bool
) -> None:
    """Write a file by its suffix; see ``heatcam.Explanation.save``."""
    refuse_existing([path], overwrite, "choose another name or pass overwrite=True")
    _WRITERS.get(path.suffix.lower(), _write_picture)(explanation, facts, path, view)


def _write_picture(explanation: Explanation, _: ExplainerFacts, path: Path, view: str | None) -> None:
    write_picture(path, render_view(view or ViewName.OVERLAY, explanation), overwrite=True)


def _write_page(explanation: Explanation, facts: ExplainerFacts, path: Path, view: str | None) -> None:
    _write_picture(explanation, facts, path, view or ViewName.SHEET)


def _write_document(explanation: Explanation, facts: ExplainerFacts, path: Path, view: str | None) -> None:
    _require_no_view(path, view)
    write_whole(path, (json_text(document_of(explanation, facts), indent=2) + "\n").encode())


def _write_archive(explanation: Explanation, _: ExplainerFacts, path: Path, view: str | None) -> None:
    _require_no_view(path, view)
    write_raw_maps(path, explanation, overwrite=True)


def _require_no_view(path: Path, view: str | None) -> None:
    if view is not None:
        raise UsageError(f"{path} holds no view", "leave the view out, or name a picture such as out.png")


_WRITERS: dict[str, Writer] = {
    ".pdf": _write_page,
    ".json": _write_document,
    ".npz": _write_archive,
}
