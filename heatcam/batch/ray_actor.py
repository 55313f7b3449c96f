"""Callable of Ray's actors: ``ExplainRows`` with its rows as Arrow tables, and its errors as one of them."""

from __future__ import annotations

import os
import pickle
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from heatcam import __version__
from heatcam.batch.explain_rows import ExplainRows
from heatcam.batch.parts import Columns, Task
from heatcam.batch.plan import BatchPlan
from heatcam.errors import HeatcamError, first_line
from heatcam.frames import ExplainerFacts

_ENDING = "ending"  # column of an error that ends the run, pickled; in no answer


@dataclass(frozen=True)
class RayRequest:
    """Plan of a run and where it comes from.

    Attributes:
        plan: what is made of each picture.
        folder: the current folder of the command, to which paths are relative.
        version: heatcam's version there.
    """

    plan: BatchPlan
    folder: str
    version: str


class ExplainInActor:
    """Callable of an actor: an Arrow table of a task in, one of its rows out. The model is loaded with the first.

    Args:
        asked: the plan and where it comes from.
    """

    def __init__(self, asked: RayRequest) -> None:
        with suppress(OSError):  # where the folder is not there, relative paths fail, each with its reason
            os.chdir(asked.folder)
        self._asked, self._explain = asked, ExplainRows(asked.plan)

    def __call__(self, table: Any) -> Any:
        """Return the rows, or the error that ends the run: Ray would take it for one of this task alone."""
        import pyarrow  # noqa: PLC0415 (that of heatcam[ray])

        try:
            _require_version(self._asked.version)
            columns = self._explain(table.to_pydict())
        except Exception as error:  # noqa: BLE001 (whatever it is, it would happen again)
            return pyarrow.table({_ENDING: [pickle.dumps(_as_ours(error))]})
        return pyarrow.table(columns, schema=_schema(self._explain.columns))


def load_facts(asked: RayRequest) -> ExplainerFacts | HeatcamError:
    """Load the model, and return its facts or why it cannot be loaded."""
    try:
        _require_version(asked.version)
        with suppress(OSError):
            os.chdir(asked.folder)
        return ExplainRows(asked.plan).facts()
    except HeatcamError as error:
        return error


def table_of(task: Task) -> Any:
    """Return the rows of a task as an Arrow table."""
    import pyarrow  # noqa: PLC0415

    numbers = ("input_index", "offset", "length")
    batch = task.batch()
    return pyarrow.table(
        batch, schema=_schema({name: "int" if name in numbers else "text" for name in batch})
    )


def answer_of(table: Any) -> Columns:
    """Return the columns of an actor's answer.

    Raises:
        HeatcamError: the actor's error.
    """
    columns: dict[str, list[Any]] = table.to_pydict()
    if _ENDING in columns:
        raise pickle.loads(columns[_ENDING][0])
    return columns


def _require_version(version: str) -> None:
    """Refuse to explain where another heatcam is.

    Raises:
        HeatcamError: it is.
    """
    if version != __version__:
        raise HeatcamError(
            f"a machine of the Ray cluster has heatcam {__version__} and not {version}",
            f"pip install heatcam=={version} on all of them",
        )


def _as_ours(error: Exception) -> HeatcamError:
    if isinstance(error, HeatcamError):
        return error
    return HeatcamError(f"an actor of Ray failed ({type(error).__name__}: {first_line(error)})")


def _schema(kinds: dict[str, str]) -> Any:
    import pyarrow  # noqa: PLC0415

    types = {
        "text": pyarrow.large_string(),
        "int": pyarrow.int64(),
        "float": pyarrow.float64(),
        "bool": pyarrow.bool_(),
        "bytes": pyarrow.large_binary(),
    }
    return pyarrow.schema([(name, types[kind]) for name, kind in kinds.items()])
