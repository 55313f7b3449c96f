"""Doing again what a pool of actors has lost, so that each picture has one answer, whatever dies."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from heatcam.batch.columns import failed_columns
from heatcam.batch.parts import Columns, Task
from heatcam.batch.plan import BatchPlan
from heatcam.errors import HeatcamError

_REASON = "the process that explained it ended, each time"
#: Yields answers of tasks in any order; some may be missing.
Pass = Callable[[Sequence[Task]], Iterator[tuple[Task, Columns]]]


class PoolError(HeatcamError):
    """A pass over tasks ended early: too much was lost, or the cluster failed."""


def joined(tasks: Iterable[Task], count: int) -> list[Task]:
    """Return tasks with up to ``count`` neighbours of the same chunk joined to one."""
    made: list[Task] = []
    for chunk, group in groupby(tasks, key=lambda task: task.chunk):
        several = list(group)
        for at in range(0, len(several), count):
            rows = tuple(row for task in several[at : at + count] for row in task.rows)
            made.append(Task(chunk, rows))
    return made


def all_answers(tasks: Sequence[Task], one_pass: Pass, plan: BatchPlan) -> Iterator[tuple[Task, Columns]]:
    """Yield the answers of all tasks; what is lost is done again picture by picture.

    A picture that is lost once more may have waited at an actor that another one has ended, so it gets a pass of its own. What
    is lost there has failed.

    Args:
        tasks: what is to be done.
        one_pass: does them once.
        plan: decides the columns of a failed picture.

    Raises:
        HeatcamError: of ``one_pass``; its ``PoolError`` where it ends a pass without any answer.
    """
    lost = yield from _answers(tasks, one_pass)
    suspects = yield from _answers([alone for task in lost for alone in _each_alone(task)], one_pass)
    for task in suspects:
        for failed in (yield from _answers([task], one_pass)):
            yield failed, failed_columns(plan, failed.rows[0], _REASON)


def _answers(tasks: Sequence[Task], one_pass: Pass) -> Generator[tuple[Task, Columns], None, list[Task]]:
    """Yield answers and return the tasks that were lost; a pass that ends early is gone on with as long as it gets on."""
    left = {task.first: task for task in tasks}
    while left:
        before = len(left)
        try:
            for task, columns in one_pass(list(left.values())):
                if left.pop(task.first, None) is not None:
                    yield task, columns
            break
        except PoolError:
            if len(left) == before:
                raise
    return list(left.values())


def _each_alone(task: Task) -> list[Task]:
    return [replace(task, rows=(row,), alone=True) for row in task.rows]
