"""Doing again what was lost: each picture has one answer, and what ends its process each time has failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatcam.batch import BatchPlan
from heatcam.batch.input_rows import InputRow
from heatcam.batch.parts import Columns, Task
from heatcam.batch.redoing import PoolError, all_answers, joined

PLAN = BatchPlan(maps="none")  # type: ignore[arg-type]


def tasks_of(count: int, size: int = 4, chunk: int = 8) -> list[Task]:
    rows = [InputRow(f"{n}.png", n) for n in range(count)]
    return [
        Task((at // chunk * chunk, min(count, at // chunk * chunk + chunk)), tuple(rows[at : at + size]))
        for at in range(0, count, size)
    ]


def answered(task: Task) -> tuple[Task, Columns]:
    return task, {"input_index": [row.index for row in task.rows], "status": ["empty"] * len(task.rows)}


def numbers(answers: Sequence[tuple[Task, Columns]]) -> list[Any]:
    return sorted(index for _, columns in answers for index in columns["input_index"])


def a_pool(loses: Callable[[Task], bool]) -> Callable[[Sequence[Task]], Iterator[tuple[Task, Columns]]]:
    return lambda tasks: (answered(task) for task in tasks if not loses(task))


def test_what_is_lost_once_is_done_again_alone() -> None:
    lost = iter([True, True])
    seen: list[int] = []

    def one_pass(tasks: Sequence[Task]) -> Iterator[tuple[Task, Columns]]:
        for task in tasks:
            seen.append(len(task.rows))
            if not next(lost, False):
                yield answered(task)

    answers = list(all_answers(tasks_of(12), one_pass, PLAN))
    assert numbers(answers) == list(range(12))
    assert seen == [4, 4, 4] + [1] * 8


def test_a_picture_that_ends_its_process_each_time_has_failed_and_its_neighbours_have_not() -> None:
    pool = a_pool(lambda task: any(row.index == 5 for row in task.rows))
    answers = list(all_answers(tasks_of(12), pool, PLAN))
    assert numbers(answers) == list(range(12))
    (failed,) = [columns for _, columns in answers if columns["status"] == ["failed"]]
    assert (failed["input_index"], failed["path"]) == ([5], ["5.png"])
    assert failed["reason"] == ["the process that explained it ended, each time"]


def test_a_pass_that_breaks_off_goes_on_with_what_is_left_as_it_was() -> None:
    sizes: list[list[int]] = []

    def one_pass(tasks: Sequence[Task]) -> Iterator[tuple[Task, Columns]]:
        sizes.append([len(task.rows) for task in tasks])
        yield answered(tasks[-1])
        if len(tasks) > 1:
            raise PoolError("a machine is gone")

    assert numbers(list(all_answers(tasks_of(12), one_pass, PLAN))) == list(range(12))
    assert sizes == [[4, 4, 4], [4, 4], [4]]


def test_a_pass_that_breaks_off_without_an_answer_ends_the_run() -> None:
    def one_pass(_tasks: Sequence[Task]) -> Iterator[tuple[Task, Columns]]:
        yield from ()
        raise PoolError("actors die")

    with pytest.raises(PoolError, match="actors die"):
        list(all_answers(tasks_of(4), one_pass, PLAN))


def test_an_answer_that_comes_twice_counts_once() -> None:
    def one_pass(tasks: Sequence[Task]) -> Iterator[tuple[Task, Columns]]:
        yield from (answered(task) for task in [*tasks, *tasks])

    assert numbers(list(all_answers(tasks_of(12), one_pass, PLAN))) == list(range(12))


@given(st.lists(st.lists(st.booleans(), max_size=30), max_size=4), st.integers(0, 30), st.integers(1, 5))
def test_whatever_is_lost_each_picture_has_one_answer(
    losses: list[list[bool]], count: int, size: int
) -> None:
    passes = iter(losses)

    def one_pass(tasks: Sequence[Task]) -> Iterator[tuple[Task, Columns]]:
        lost = dict(enumerate(next(passes, [])))
        yield from (answered(task) for n, task in enumerate(tasks) if not lost.get(n))

    answers = list(all_answers(joined(tasks_of(count), size), one_pass, PLAN))
    assert numbers(answers) == list(range(count))


def test_only_neighbours_of_the_same_chunk_are_joined() -> None:
    made = joined(tasks_of(20, size=2, chunk=8), 3)
    assert [[row.index for row in task.rows] for task in made] == [
        [0, 1, 2, 3, 4, 5],
        [6, 7],
        [8, 9, 10, 11, 12, 13],
        [14, 15],
        [16, 17, 18, 19],
    ]
    assert {task.chunk for task in made} == {(0, 8), (8, 16), (16, 20)}


def test_a_picture_that_waits_where_another_one_ends_the_actor_does_not_fail() -> None:
    """Its pass of its own shows it: with others it is lost each time."""
    pool = a_pool(lambda task: False)

    def one_pass(tasks: Sequence[Task]) -> Iterator[tuple[Task, Columns]]:
        ends = {row.index for task in tasks for row in task.rows if row.index == 5}
        yield from pool(
            [task for task in tasks if not {row.index for row in task.rows} & ({5, 6} if ends else set())]
        )

    answers = list(all_answers(tasks_of(12), one_pass, PLAN))
    assert numbers(answers) == list(range(12))
    assert [task.first for task, columns in answers if columns["status"] == ["failed"]] == [5]
