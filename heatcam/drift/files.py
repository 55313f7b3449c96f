"""Files of drift: baselines and states, read with the reason why one cannot be used, and written whole."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from heatcam.drift.baseline import Baseline
from heatcam.drift.documents import BaselineDocument, StateDocument
from heatcam.errors import SinkError, UnreadableInputError, first_line
from heatcam.runtime import DamagedFileError, read_object, write_atomically
from heatcam.text import escaped_in_json

_Document = TypeVar("_Document", BaselineDocument, StateDocument)


def read_baseline(path: Path) -> Baseline:
    """Read a baseline.

    Raises:
        UnreadableInputError: there is none, or it is damaged.
    """
    document = _read(path, BaselineDocument, "baseline", "learn one: heatcam drift SOURCE --learn FILE")
    if document is None:
        raise UnreadableInputError(
            f"there is no baseline {path}", "learn one: heatcam drift SOURCE --learn FILE"
        )
    return Baseline(document)


def read_state(path: Path) -> StateDocument | None:
    """Read the state of a watch; None where there is none yet.

    Raises:
        UnreadableInputError: it is damaged.
    """
    return _read(path, StateDocument, "state", "remove it to begin anew, or give another file")


def _read(path: Path, kind: type[_Document], name: str, next_step: str) -> _Document | None:
    try:
        return kind.model_validate(read_object(path))
    except FileNotFoundError:
        return None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        raise UnreadableInputError(
            f"{path} is no {name} of drift ({where}: {first['msg']})", next_step
        ) from error
    except DamagedFileError as error:
        raise UnreadableInputError(
            f"{path} is no {name} of drift ({first_line(error)})", next_step
        ) from error


def write_document(path: Path, document: BaseModel) -> None:
    """Write a document whole or not at all; what is there is replaced.

    Raises:
        SinkError: no permission, no folder, no space.
    """
    text = escaped_in_json(
        document.model_dump_json(by_alias=True, indent=1 if isinstance(document, BaselineDocument) else None)
    )
    try:
        write_atomically(path, (text + "\n").encode())
    except OSError as error:
        raise SinkError(
            f"cannot write {path} ({error.strerror or error})", "make space, or check the folder"
        ) from error
