"""Doing again what a pool of actors has lost, so that each picture has one answer, whatever dies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from heatcam.batch.columns import failed_columns
from heatcam.batch.parts import Columns, Task
from heatcam.batch.plan import BatchPlan
from heatcam.errors import HeatcamError

_MOST_TRIES = 2  # of a picture alone: one may be lost with a machine
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
    """Yield the answers of all tasks. What a pass has lost is done again picture by picture; one lost twice alone has failed.

    Args:
        tasks: what is to be done.
        one_pass: does them once.
        plan: decides the columns of a failed picture.

    Raises:
        HeatcamError: of ``one_pass``; its ``PoolError`` where it ends a pass without any answer.
    """
    tries: Counter[int] = Counter()
    left = list(tasks)
    while left:
        missing, broke = {task.first: task for task in left}, None
        try:
            for task, columns in one_pass(left):
                if missing.pop(task.first, None) is not None:
                    yield task, columns
        except PoolError as error:
            broke = error
        if broke is not None and len(missing) == len(left):
            raise broke
        left = list(missing.values())
        if broke is None:  # (else most of them were never begun)
            tries.update(task.first for task in left if task.alone)
            yield from (
                (task, failed_columns(plan, task.rows[0], _REASON)) for task in left if _is_lost(task, tries)
            )
            left = [part for task in left if not _is_lost(task, tries) for part in _each_alone(task)]


def _is_lost(task: Task, tries: Counter[int]) -> bool:
    return task.alone and tries[task.first] >= _MOST_TRIES


def _each_alone(task: Task) -> list[Task]:
    return [replace(task, rows=(row,), alone=True) for row in task.rows]
