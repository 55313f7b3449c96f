"""Worker processes: all answers, whatever dies, and nothing that goes on without the parent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from heatcam.batch import BatchPlan, worker_processes
from heatcam.batch.input_rows import InputRow
from heatcam.batch.parts import Columns, Task
from heatcam.batch.worker_processes import WorkerProcesses
from heatcam.errors import HeatcamError, ModelError
from tests.batch import fakes
from tests.batch.fakes import save


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> Iterator[WorkerProcesses]:
    monkeypatch.setattr(worker_processes, "serve", fakes.serve_fakes)
    made = WorkerProcesses(BatchPlan(), 2)
    yield made
    made.close()


def test_a_picture_that_kills_its_process_is_a_failed_one_and_all_others_are_explained_once(
    workers: WorkerProcesses, tmp_path: Path
) -> None:
    blues = [1, 2, 254, 1, 0, 1, 3, 1, 1, 1]
    rows = [InputRow(str(save(tmp_path / f"{n}.png", blue)), n) for n, blue in enumerate(blues)]
    workers.facts()
    answers: list[tuple[Task, Columns]] = list(
        workers.run(Task((0, 10), tuple(rows[at : at + 4])) for at in (0, 4, 8))
    )
    assert sorted(row.index or 0 for task, _ in answers for row in task.rows) == list(range(10))
    told = sorted(
        (index, status, reason)
        for _, columns in answers
        for index, status, reason in zip(
            columns["input_index"], columns["status"], columns["reason"], strict=True
        )
    )
    assert [index for index, *_ in told] == [0, 1, 1, 2, 3, 4, 5, 6, 6, 6, 7, 8, 9]
    failed = [(index, reason) for index, status, reason in told if status == "failed"]
    assert failed == [(2, "the process that explained it ended (signal 9)")]


def test_the_other_processes_have_the_backend_that_the_first_one_chose(workers: WorkerProcesses) -> None:
    facts = workers.facts()
    assert (facts.backend, workers._plan.options.backend) == ("fake", "fake")


def test_processes_that_die_while_they_load_end_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_processes, "serve", fakes.serve_nothing)
    with pytest.raises(HeatcamError, match=r"worker processes die.*signal 9.*fewer --workers"):
        WorkerProcesses(BatchPlan(), 2).facts()


def test_an_error_of_the_model_comes_back_as_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_processes, "serve", fakes.serve_refused)
    made = WorkerProcesses(BatchPlan(), 1)
    with pytest.raises(ModelError, match=r"best\.pt is damaged; fetch it again"):
        made.facts()
    made.close()


def test_ending_leaves_no_process(workers: WorkerProcesses, tmp_path: Path) -> None:
    workers.facts()
    processes: list[Any] = [worker._process for worker in workers._workers]
    assert all(process.is_alive() for process in processes)
    workers.close()
    assert not any(process.is_alive() for process in processes)
