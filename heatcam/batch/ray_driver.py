"""Process that speaks to Ray: a pool of actors runs over tasks that come through a pipe, by ``Dataset.map_batches``.

Paths travel to the actors, rows and packed maps come back. Ray's own retries are off: a picture that ends its actor would end
others for ever, and tasks of an actor on a machine that is gone would wait for another machine. Instead Ray leaves out what is
lost (``max_errored_blocks``), starts a new actor where there is room, and ``redoing`` gives what is missing out again.
"""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from heatcam import __version__
from heatcam.batch.parts import Columns, Task
from heatcam.batch.plan import BatchPlan, pinned
from heatcam.batch.ray_actor import ExplainInActor, RayRequest, answer_of, load_facts, table_of
from heatcam.batch.redoing import PoolError, all_answers, joined
from heatcam.errors import DeviceError, HeatcamError, UsageError, first_line
from heatcam.frames import ExplainerFacts
from heatcam.runtime import stopping

_TASKS_OF_A_CALL = 4  # joined to one call of an actor: Ray needs 8 ms of this process for each, measured
_LOST = 32  # calls that one pass may lose, and a few for each actor: a machine with 8 GPUs loses 16 at once
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_USAGE_STATS_PROMPT_ENABLED": "0",
}
#: Of a Ray that is started here alone. Its head asks a name server and 169.254.169.254 in which cloud it is, usage statistics or
#: not; requests to a proxy that is not there do not leave the machine.
_ALONE = {"http_proxy": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}


@dataclass(frozen=True)
class Share:
    """Numbers of processors and GPUs of one actor, as Ray counts them."""

    num_cpus: int
    num_gpus: int


def serve(pipe: Any, plan: BatchPlan, count: int) -> None:
    """Send the facts of the model; then for each list of tasks their answers and None. An error instead is the last one.

    Args:
        pipe: both directions; ends with the process at its other side, however that ends.
        plan: what is made of each picture.
        count: number of actors.
    """
    _keep_to_itself()
    with suppress(EOFError, OSError):
        try:
            pool = _Pool(plan, count)
            pipe.send(pool.facts())
            while True:
                for answer in pool.run(pipe.recv()):
                    pipe.send(answer)
                pipe.send(None)
        except HeatcamError as error:
            pipe.send(error)
        finally:
            _leave()


def _keep_to_itself() -> None:
    """Print nothing, leave Ctrl-C to the other process, and let SIGTERM end this one."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):
        os.dup2(nothing, stream)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, stopping.SIGNALS)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    os.environ.update(_QUIET)


def _leave() -> None:
    if "ray" in sys.modules:
        import ray  # noqa: PLC0415

        ray.shutdown()


class _Pool:
    """Actors of a cluster, one pool for each list of tasks.

    Args:
        plan: what is made of each picture.
        count: number of actors.

    Raises:
        HeatcamError: there is no cluster, or no machine of it has room for an actor.
    """

    def __init__(self, plan: BatchPlan, count: int) -> None:
        _connect()
        plan, self._share = fitted(plan, _machines())
        self._asked, self._count = RayRequest(plan, str(Path.cwd()), __version__), count

    def facts(self) -> ExplainerFacts:
        """Load the model on one machine, in a process that ends then; the actors will have the backend that it has chosen.

        Raises:
            HeatcamError: the model cannot be loaded there, or heatcam is not there.
        """
        import ray  # noqa: PLC0415

        load = ray.remote(
            num_cpus=self._share.num_cpus, num_gpus=self._share.num_gpus, max_calls=1, max_retries=1
        )(load_facts)
        try:
            facts = ray.get(load.remote(self._asked))
        except ray.exceptions.RayError as error:
            raise in_words(error) from error
        if isinstance(facts, HeatcamError):
            raise facts
        assert isinstance(facts, ExplainerFacts)
        self._asked = replace(self._asked, plan=pinned(self._asked.plan, facts.backend, facts.precision))
        return facts

    def run(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, Columns]]:
        """Yield the answer of each task, in any order, some joined and some divided; each picture once.

        Raises:
            HeatcamError: a file cannot be written, or actors die again and again.
        """
        size = min(_TASKS_OF_A_CALL, max(1, len(tasks) // (4 * self._count)))
        yield from all_answers(joined(tasks, size), self._one_pass, self._asked.plan)

    def _one_pass(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, Columns]]:
        """Yield the answers of tasks; what Ray loses is left out.

        Raises:
            PoolError: more is lost than one pass may lose, or the cluster fails.
            HeatcamError: of an actor.
        """
        import ray  # noqa: PLC0415

        by_first = {task.first: task for task in tasks}
        try:
            for table in self._tables(tasks):
                columns = answer_of(table)
                task = by_first[columns["input_index"][0]]
                if len(set(columns["input_index"])) == len(task.rows):
                    yield task, columns
        except ray.exceptions.RayError as error:
            raise in_words(error) from error

    def _tables(self, tasks: Sequence[Task]) -> Iterator[Any]:
        """Yield an Arrow table of each task that an actor has answered."""
        import ray  # noqa: PLC0415

        settings = ray.data.DataContext.get_current()
        settings.enable_progress_bars = False
        settings.target_max_block_size = None  # an answer stays one table
        ahead = 1 if tasks[0].alone else 2  # one that ends its actor takes what waits there with it
        settings.max_errored_blocks = _LOST + 4 * self._count
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            answered = ray.data.from_blocks([table_of(task) for task in tasks]).map_batches(
                ExplainInActor,
                fn_constructor_kwargs={"asked": self._asked},
                batch_size=None,
                batch_format="pyarrow",
                compute=ray.data.ActorPoolStrategy(size=self._count, max_tasks_in_flight_per_actor=ahead),
                num_cpus=self._share.num_cpus,
                num_gpus=self._share.num_gpus,
                max_restarts=-1,
                max_task_retries=0,
            )
        yield from answered.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=2)


def _connect() -> None:
    """Connect to the cluster of ``RAY_ADDRESS``, or start Ray here.

    Raises:
        HeatcamError: it cannot be.
    """
    import ray  # noqa: PLC0415
    import ray.data  # noqa: PLC0415

    address = os.environ.get("RAY_ADDRESS") or "local"
    here: dict[str, Any] = {}
    if address == "local":
        here = {"include_dashboard": False}
        os.environ.update(_ALONE)
    try:
        ray.init(address, log_to_driver=False, **here)
    except Exception as error:
        told = f"there is no Ray at RAY_ADDRESS {address}" if not here else "Ray cannot be started here"
        raise HeatcamError(f"{told} ({first_line(error)})", "ray status tells what is there") from error


def _machines() -> list[dict[str, float]]:
    """Return what each living machine of the cluster has, by Ray's names: ``CPU``, ``GPU``."""
    import ray  # noqa: PLC0415

    return [node["Resources"] for node in ray.nodes() if node["Alive"]]


def fitted(plan: BatchPlan, machines: Sequence[dict[str, float]]) -> tuple[BatchPlan, Share]:
    """Return the plan for an actor, and what the actor needs: a processor for each stream, and a GPU where it has one.

    Args:
        plan: what was asked; a device of None or ``auto`` is a GPU where any machine has one.
        machines: what each machine has: ``CPU``, ``GPU``.

    Raises:
        DeviceError: a GPU was asked for, and no machine has one.
        UsageError: no machine has so many processors.
    """
    wanted = (plan.device or "auto").lower()
    are_there = any(machine.get("GPU", 0) >= 1 for machine in machines)
    on_gpu = wanted.startswith("cuda") or wanted.isdecimal() or (wanted == "auto" and are_there)
    if on_gpu and not are_there:
        raise DeviceError("no machine of the Ray cluster has a GPU", "give --device cpu")
    share = Share(plan.streams, int(on_gpu))
    room = [machine for machine in machines if machine.get("GPU", 0) >= share.num_gpus]
    if not any(machine.get("CPU", 0) >= share.num_cpus for machine in room):
        raise UsageError(
            f"no machine of the Ray cluster has {share.num_cpus} CPU{'s' * (share.num_cpus > 1)} for an actor",
            "give fewer --streams, or start a machine",
        )
    return replace(plan, device="cuda" if on_gpu else plan.device, threads=1), share


def in_words(error: Exception) -> HeatcamError:
    """Return the error of a run for one that Ray has raised."""
    told = str(error)
    if "No module named 'heatcam" in told:
        return HeatcamError(
            "a machine of the Ray cluster has no heatcam, or another version of it",
            f"pip install heatcam=={__version__} on all of them",
        )
    last = told.strip().splitlines()[-1] if told.strip() else type(error).__name__
    return PoolError(
        f"Ray's actors or machines die ({type(error).__name__}: {last})",
        "give fewer --workers; memory may be too small",
    )
