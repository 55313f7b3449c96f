"""Several processes that explain at the same time. One that dies is replaced, and its pictures are done again.

A picture that takes its process with it, as some damaged files do with some decoders, is found by explaining those of its task
one by one, and then is a failed one like others.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from multiprocessing import connection, get_context
from typing import Any

from heatcam.batch.columns import failed_columns
from heatcam.batch.parts import Columns, Task
from heatcam.batch.plan import BatchPlan, pinned
from heatcam.batch.worker import serve
from heatcam.errors import HeatcamError
from heatcam.frames import ExplainerFacts
from heatcam.runtime import stopping

_AHEAD = 2  # tasks of a worker: the one that it is at, and the next
_POLL_S = 0.5
_MOST_DEATHS = 10  # in a row, without an answer between them
_ENDING_S = 5.0  # for a process to end by itself


class WorkerProcesses:
    """Engine that explains in several processes; see ``RowEngine``.

    Args:
        plan: what is made of each picture.
        count: number of processes.
    """

    def __init__(self, plan: BatchPlan, count: int) -> None:
        self._plan, self._count = plan, count
        self._workers: list[_Worker] = []
        self._deaths = 0

    def facts(self) -> ExplainerFacts:
        """Start the first process; the others will have the backend that it has chosen."""
        first = _Worker(self._plan)
        self._workers.append(first)
        facts = first.wait_until_ready()
        self._plan = pinned(self._plan, facts.backend, facts.precision)
        return facts

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Columns]]:
        """See ``RowEngine``."""
        self._workers += [_Worker(self._plan) for _ in range(self._count - len(self._workers))]
        coming, again = iter(tasks), deque[Task]()
        self._hand_out(coming, again)
        while any(worker.tasks for worker in self._workers):
            for worker in self._heard_from():
                yield from self._answer_of(worker, again)
            self._hand_out(coming, again)

    def close(self) -> None:
        """See ``RowEngine``."""
        for worker in self._workers:
            worker.end()
        self._workers.clear()

    def _hand_out(self, coming: Iterator[Task], again: deque[Task]) -> None:
        """Give every worker the tasks that it has room for; those of dead ones first."""
        for room in range(_AHEAD):
            for worker in (worker for worker in self._workers if len(worker.tasks) <= room):
                task = again.popleft() if again else next(coming, None)
                if task is None:
                    return
                worker.give(task)

    def _heard_from(self) -> list[_Worker]:
        """Return the workers that have answered or died; waits until there is one."""
        while True:
            stopping.raise_if_stopped()
            heard = set(connection.wait([worker.pipe for worker in self._workers], _POLL_S))
            if heard:
                return [worker for worker in self._workers if worker.pipe in heard]

    def _answer_of(self, worker: _Worker, again: deque[Task]) -> Iterator[tuple[Task, Columns]]:
        """Yield a worker's answer; of a dead one, have its tasks done again by another."""
        try:
            said = worker.hear()
        except (EOFError, OSError):
            yield from self._replaced(worker, again)
            return
        if said is not None:
            self._deaths = 0
            yield worker.tasks.popleft(), said

    def _replaced(self, worker: _Worker, again: deque[Task]) -> Iterator[tuple[Task, Columns]]:
        """Replace a dead worker; its first task, which it died of, is done picture by picture."""
        reason = worker.end()
        self._deaths += 1
        if not worker.is_ready or self._deaths > _MOST_DEATHS:
            raise _dying(reason)
        self._workers[self._workers.index(worker)] = _Worker(self._plan)
        died, *waiting = worker.tasks or [None]
        again.extend(task for task in waiting if task is not None)
        if died is not None and died.alone:
            yield died, failed_columns(self._plan, died.rows[0], reason)
        elif died is not None:
            again.extend(replace(died, rows=(row,), alone=True) for row in died.rows)


class _Worker:
    """One process, and the tasks that it was given and has not answered."""

    def __init__(self, plan: BatchPlan) -> None:
        context = get_context("spawn")  # (a fork of a process with threads may hang)
        self.pipe, theirs = context.Pipe()
        self.tasks: deque[Task] = deque()
        self.is_ready = False
        self._process = context.Process(target=serve, args=(theirs, plan), daemon=True)
        with stopping.blocked():  # Ctrl-C is for this process alone, which then ends the others
            self._process.start()
        theirs.close()  # so that its end is noticed

    def give(self, task: Task) -> None:
        """Give it one more task."""
        self.tasks.append(task)
        if self.is_ready:
            self._send(task)

    def hear(self) -> Columns | None:
        """Return the answer to its first task; None where it has become ready.

        Raises:
            EOFError, OSError: it is dead.
            HeatcamError: the model cannot be loaded, or a file cannot be written.
        """
        said: Any = self.pipe.recv()
        if isinstance(said, HeatcamError):
            raise said
        if not isinstance(said, ExplainerFacts):
            return dict(said)
        self.is_ready = True
        for task in self.tasks:
            self._send(task)
        return None

    def wait_until_ready(self) -> ExplainerFacts:
        """Return the facts of its model.

        Raises:
            HeatcamError: the model cannot be loaded.
        """
        while not self.pipe.poll(_POLL_S):
            stopping.raise_if_stopped()
        try:
            said: Any = self.pipe.recv()
        except (EOFError, OSError) as error:
            raise _dying(self.end()) from error
        if not isinstance(said, ExplainerFacts):
            raise said
        self.is_ready = True
        return said

    def end(self) -> str:
        """End it, and return how it has ended, in words."""
        self.pipe.close()
        self._process.kill() if self.tasks else self._process.join(_ENDING_S)
        self._process.kill()
        self._process.join()
        code = self._process.exitcode
        return f"the process that explained it ended ({f'signal {-code}' if code and code < 0 else f'exit code {code}'})"

    def _send(self, task: Task) -> None:
        try:
            self.pipe.send(task.batch())
        except OSError:  # it is dead, which the next reading tells
            return


def _dying(reason: str) -> HeatcamError:
    return HeatcamError(f"worker processes die: {reason}", "give fewer --workers; memory may be too small")
