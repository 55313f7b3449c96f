"""Files of an explanation: a suffix, and the function that writes such a file.

To add one: a function here, and a line in ``_WRITERS``.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from heatcam.enums import ViewName
from heatcam.errors import UsageError
from heatcam.sinks import refuse_existing, write_picture, write_raw_maps, write_whole

if TYPE_CHECKING:
    from heatcam.face.explanation import Explanation


def save(explanation: Explanation, path: str | os.PathLike[str], view: str | None, overwrite: bool) -> None:
    """Write a file by its suffix; see ``Explanation.save``."""
    target = Path(path)
    refuse_existing([target], overwrite, "choose another name or pass overwrite=True")
    _WRITERS.get(target.suffix.lower(), _write_picture)(explanation, target, view)


def _write_picture(explanation: Explanation, path: Path, view: str | None) -> None:
    write_picture(path, explanation.render(view or ViewName.OVERLAY.value), overwrite=True)


def _write_page(explanation: Explanation, path: Path, view: str | None) -> None:
    _write_picture(explanation, path, view or ViewName.SHEET.value)


def _write_document(explanation: Explanation, path: Path, view: str | None) -> None:
    _require_no_view(path, view)
    write_whole(path, (explanation.to_json() + "\n").encode())


def _write_archive(explanation: Explanation, path: Path, view: str | None) -> None:
    _require_no_view(path, view)
    write_raw_maps(path, explanation, overwrite=True)


def _require_no_view(path: Path, view: str | None) -> None:
    if view is not None:
        raise UsageError(f"{path} holds no view", "leave the view out, or name a picture such as out.png")


_WRITERS: dict[str, Callable[[Explanation, Path, str | None], None]] = {
    ".pdf": _write_page,
    ".json": _write_document,
    ".npz": _write_archive,
}
