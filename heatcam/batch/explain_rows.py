"""The callable that every engine runs: a batch of paths in, columns of findings out, with the model loaded once a process."""

from __future__ import annotations

import hashlib
import pickle
import queue
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

from heatcam.batch.columns import EMPTY, FAILED, OBJECT, in_columns, row_columns
from heatcam.batch.files import write_files
from heatcam.batch.input_rows import InputRow, bytes_of, input_rows, pixels_of
from heatcam.batch.packing import pack_map
from heatcam.batch.plan import BatchPlan
from heatcam.batch.tar_members import TarMembers
from heatcam.enums import MapsAs
from heatcam.errors import HeatcamError, SinkError, UnreadableInputError, first_line
from heatcam.frames import ExplainerFacts, Explanation, Frame
from heatcam.measures import FindingsOptions, findings_of
from heatcam.runtime import map_ahead
from heatcam.sinks import object_rows
from heatcam.text import printable

if TYPE_CHECKING:
    from heatcam.saliency import Explainer

Row = dict[str, Any]
_AHEAD = 2  # pictures in memory for each stream, beside the one that it explains
_NO_REGIONS = FindingsOptions(regions=False)  # (no column tells them, and they take most of the time)


class ExplainRows:
    """Explains batches of pictures: a callable for Ray Data, Daft or Spark, and what ``heatcam batch`` runs.

    Columns with paths go in, columns with a row for each object come out, with the names and numbers of
    ``heatcam snapshot --parquet``. The model is loaded with the first batch, once a process for equal plans, however many
    instances there are. An instance can be pickled, and may be called from any thread; calls wait for one another.

    With Ray, ``paths.map_batches(heatcam.ExplainRows, fn_constructor_kwargs={"plan": plan}, concurrency=2)`` runs it in two
    actors, where ``paths`` is ``ray.data.read_parquet("paths.parquet")``.

    Args:
        plan: what is made of each picture.

    Raises:
        UsageError: the plan contradicts itself.

    >>> import heatcam
    >>> next(heatcam.load("markers").stream("demo")).save("demo.png", "original")
    >>> explain = heatcam.ExplainRows(heatcam.BatchPlan(model="markers", maps="none"))
    >>> rows = explain({"path": ["demo.png", "missing.png"]})
    >>> rows["status"][0], rows["class_name"][0], rows["status"][-1]
    ('object', 'data-matrix', 'failed')
    >>> rows["reason"][-1]
    'there is no file missing.png; check the path'
    """

    def __init__(self, plan: BatchPlan) -> None:
        plan.require_valid()
        self.plan = plan

    @property
    def columns(self) -> dict[str, str]:
        """Name and type of each column that comes out: ``text``, ``int`` (64 bits), ``float`` (64 bits), ``bool`` or ``bytes``.

        Any value may be None, but for those of ``path``, ``status``, ``model``, ``method`` and ``unit``.
        """
        return row_columns(self.plan)

    def __reduce__(self) -> tuple[type[ExplainRows], tuple[BatchPlan]]:
        """Pickle the plan alone."""
        return type(self), (self.plan,)

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, list[Any]]:
        """Explain the pictures of a batch.

        Args:
            batch: columns of equal length, lists or arrays: ``path``; or ``tar`` and ``member`` for members of tar files, best
                in their order. ``input_index`` comes back unchanged. Other columns are left out.

        Returns:
            The columns that ``columns`` names, rows in the order of the batch. ``status`` is ``object`` for a detected object;
            ``empty`` for the single row of a picture where nothing was found; ``failed`` for that of a picture that could not be
            read or explained, with the ``reason``. An object without a map has the ``reason`` too.

        Raises:
            UsageError: the batch names no pictures.
            ModelError, DeviceError: the model cannot be loaded here.
            SinkError: a file cannot be written, which ends a run.
        """
        rows = input_rows(batch)
        made = [row for picture in self._loaded().rows_of(rows) for row in picture]
        return in_columns(made, self.columns)

    def facts(self) -> ExplainerFacts:
        """Return model, method, thresholds and what runs them here; loads the model."""
        return self._loaded().facts

    def _loaded(self) -> _LoadedPlan:
        return _loaded_for(self.plan)


class _LoadedPlan:
    """A plan with its model loaded: explains pictures, as many at the same time as there are streams.

    Args:
        plan: the plan.
        explainers: one for each stream.
    """

    def __init__(self, plan: BatchPlan, explainers: Sequence[Explainer]) -> None:
        self._plan, self._members, self._lock = plan, TarMembers(), threading.Lock()
        self._free: queue.SimpleQueue[Explainer] = queue.SimpleQueue()
        for explainer in explainers:
            self._free.put(explainer)
        self.facts = explainers[0].facts()
        self._known = {"model": self.facts.model, "method": self.facts.method, "unit": self.facts.unit}

    def rows_of(self, inputs: Sequence[InputRow]) -> Iterator[list[Row]]:
        """Yield each picture's rows in order; one more thread than there are streams reads and decodes meanwhile."""
        read = ((row, bytes_of(row, self._members)) for row in inputs)
        streams = self._plan.streams
        with (
            self._lock,
            closing(map_ahead(self._rows_of_one, read, streams + 1, _AHEAD * streams + 1)) as made,
        ):
            yield from made

    def _rows_of_one(self, read: tuple[InputRow, bytes | UnreadableInputError | None]) -> list[Row]:
        """Return one picture's rows; called in any of the threads."""
        row, data = read
        try:
            explanation = self._explained(row, data)
        except Exception as error:  # noqa: BLE001 (whatever one picture fails with, the others go on)
            return [self._one(row, FAILED, _reason(error))]
        return self._rows_from(row, explanation)

    def _explained(self, row: InputRow, data: bytes | UnreadableInputError | None) -> Explanation:
        image = pixels_of(row, data)
        explainer = self._free.get()
        try:
            frame = Frame(image, row.index or 0, time.monotonic(), 0.0, row.path)
            return explainer.explain(frame, with_object_maps=True)
        finally:
            self._free.put(explainer)

    def _rows_from(self, row: InputRow, explanation: Explanation) -> list[Row]:
        """Return the rows of an explained picture, after its files are written."""
        written = write_files(self._plan, row, explanation)
        found = object_rows(findings_of(explanation, _NO_REGIONS, path=row.path))
        if not found:
            return [self._one(row, EMPTY) | written]
        common = self._one(row, OBJECT, explanation.map_error) | written
        packs = self._plan.maps is MapsAs.ROWS and explanation.object_maps
        maps = map(pack_map, explanation.object_maps) if packs else ({} for _ in found)
        return [common | values | packed for values, packed in zip(found, maps, strict=True)]

    def _one(self, row: InputRow, status: str, reason: str = "") -> Row:
        where = {"path": printable(row.path), "tar": row.tar or None, "member": row.member or None}
        return self._known | where | {"status": status, "reason": reason or None, "input_index": row.index}


def _reason(error: Exception) -> str:
    """Return the reason of a failed picture in one line.

    Raises:
        SinkError: the error itself, if nothing can be written: the other pictures would fail too.
    """
    if isinstance(error, SinkError):
        raise error
    return str(error) if isinstance(error, HeatcamError) else f"{type(error).__name__}: {first_line(error)}"


#: Models of this process by their plan. Engines make and pickle instances as they like, and a model takes seconds to load.
_LOADED: dict[str, _LoadedPlan] = {}
_LOADING = threading.Lock()


def _loaded_for(plan: BatchPlan) -> _LoadedPlan:
    """Return the loaded plan; the last one that was asked for is kept."""
    key = hashlib.sha256(pickle.dumps(plan)).hexdigest()
    with _LOADING:
        if key not in _LOADED:
            _LOADED.clear()
            _LOADED[key] = _LoadedPlan(plan, explainers_for(plan))
        return _LOADED[key]


def explainers_for(plan: BatchPlan) -> Sequence[Explainer]:
    """Load a plan's model: one explainer for each stream."""
    from heatcam.models import trust  # noqa: PLC0415

    trust(plan.trust)

    from heatcam.saliency import build_streams  # noqa: PLC0415 (torch: seconds)

    return build_streams(
        plan.model, plan.device, plan.options, plan.prompt, count=plan.streams, threads=plan.threads
    )
