"""Engines: what runs ``ExplainRows`` over all tasks of a run. One in this process, one in several; others are a line here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from heatcam.batch.explain_rows import ExplainRows
from heatcam.batch.parts import Columns, Task
from heatcam.batch.plan import BatchPlan
from heatcam.batch.ray_engine import RayEngine, require_ray
from heatcam.batch.worker_processes import WorkerProcesses
from heatcam.enums import EngineName
from heatcam.frames import ExplainerFacts
from heatcam.runtime import stopping


class RowEngine(Protocol):
    """Runs ``ExplainRows`` over tasks."""

    def facts(self) -> ExplainerFacts:
        """Load the model, at least once, and return what explains and what runs it.

        Raises:
            HeatcamError: the model cannot be loaded.
        """

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Columns]]:
        """Yield the answer of each task, in any order; tasks are taken only as they are worked on.

        A task may come back as several that make it up. Called once, after ``facts``.

        Raises:
            HeatcamError: a file cannot be written, or processes die again and again.
        """

    def close(self) -> None:
        """End the processes; what they are at is lost."""


class InThisProcess:
    """Engine that explains here, one task after the other.

    Args:
        plan: what is made of each picture.
    """

    def __init__(self, plan: BatchPlan) -> None:
        self._explain = ExplainRows(plan)

    def facts(self) -> ExplainerFacts:
        """See ``RowEngine``."""
        return self._explain.facts()

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Columns]]:
        """See ``RowEngine``."""
        for task in tasks:
            stopping.raise_if_stopped()
            yield task, self._explain(task.batch())

    def close(self) -> None:
        """See ``RowEngine``: nothing to end."""


def _local(plan: BatchPlan, workers: int) -> RowEngine:
    return InThisProcess(plan) if workers == 1 else WorkerProcesses(plan, workers)


def _nothing() -> None:
    """Require nothing."""


@dataclass(frozen=True)
class EngineKind:
    """One engine.

    Attributes:
        start: makes it, of the plan and the number of processes.
        require: refuses it, with a ``HeatcamError``, where it cannot run; called before anything is written.
    """

    start: Callable[[BatchPlan, int], RowEngine]
    require: Callable[[], None] = _nothing


ENGINES = {
    EngineName.LOCAL: EngineKind(_local),
    EngineName.RAY: EngineKind(RayEngine, require_ray),
}
