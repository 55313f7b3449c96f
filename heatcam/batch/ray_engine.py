"""Engine for more than one machine: Ray's actors explain, and their answers come back here as those of processes do.

Ray is spoken to by a process of its own (``ray_driver``): it prints to standard output, sets handlers of signals, and blocks
where it waits for a cluster. This process stays free of it, writes all parts, and can be stopped at any moment.
"""

from __future__ import annotations

import importlib.util
import os
import re
import socket
from collections.abc import Iterable, Iterator
from itertools import islice
from multiprocessing import get_context
from typing import Any

from heatcam.batch.parts import Columns, Task
from heatcam.batch.plan import BatchPlan
from heatcam.batch.ray_driver import serve
from heatcam.errors import HeatcamError, UsageError, reason_of
from heatcam.frames import ExplainerFacts
from heatcam.runtime import stopping

_MOST_TASKS = 1 << 16  # handed over at once: a million pictures, 200 bytes each; then models are loaded anew
_POLL_S = 0.5
_CONNECT_S = 5.0
_ENDING_S = 15.0  # for Ray to end its processes; 1.5 s measured
_ADDRESS = re.compile(r"(?P<host>[^:/]+|\[[^\]]+\]):(?P<port>\d{1,5})")
_FROM_A_MACHINE = "run it on a machine of the cluster, with RAY_ADDRESS=HOST:6379, or by ray job submit"


class RayEngine:
    """Engine that explains in Ray's actors, on all machines of a cluster; see ``RowEngine``.

    The cluster is that of ``RAY_ADDRESS``; without it Ray is started here, and ended afterwards.

    Args:
        plan: what is made of each picture.
        count: number of actors, each with a model and as many processors as the plan has streams; with a GPU where the plan's
            device is one, or the cluster has some.
    """

    def __init__(self, plan: BatchPlan, count: int) -> None:
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, plan, count), daemon=True)
        with stopping.blocked():  # Ctrl-C is for this process alone, which then ends the others
            self._process.start()
        theirs.close()  # so that its end is noticed
        self._works = True

    def facts(self) -> ExplainerFacts:
        """See ``RowEngine``: connect to the cluster, and load the model on one of its machines."""
        said = self._heard()
        assert isinstance(said, ExplainerFacts)
        self._works = False
        return said

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Columns]]:
        """See ``RowEngine``; at most ``_MOST_TASKS`` are taken before they are worked on."""
        coming = iter(tasks)
        while some := list(islice(coming, _MOST_TASKS)):
            self._works = True
            self._pipe.send(some)
            while (answer := self._heard()) is not None:
                yield answer
            self._works = False

    def close(self) -> None:
        """See ``RowEngine``: Ray ends its actors, and itself where it was started here."""
        self._pipe.close()
        if self._works:
            self._process.terminate()
        self._process.join(_ENDING_S)
        self._process.kill()
        self._process.join()

    def _heard(self) -> Any:
        """Return what the process says next.

        Raises:
            HeatcamError: it says so, or it has ended.
        """
        while not self._pipe.poll(_POLL_S):
            stopping.raise_if_stopped()
        try:
            said = self._pipe.recv()
        except (EOFError, OSError) as error:
            self._process.join(_ENDING_S)
            code = f"exit code {self._process.exitcode}"
            raise HeatcamError(f"Ray's driver ended ({code})", "memory may be too small") from error
        if isinstance(said, HeatcamError):
            raise said
        return said


def require_ray() -> None:
    """Refuse a run with Ray where it is not installed, or where nothing answers at ``RAY_ADDRESS``.

    Raises:
        HeatcamError: the message names the next step.
    """
    if not all(importlib.util.find_spec(name) for name in ("ray", "pyarrow")):
        raise UsageError("--engine ray needs Ray", "pip install 'heatcam[ray]'")
    address = os.environ.get("RAY_ADDRESS", "")
    if address.startswith("ray://"):
        raise UsageError(f"RAY_ADDRESS {address} is of a Ray client", _FROM_A_MACHINE)
    if found := _ADDRESS.fullmatch(address):
        _require_answer(address, found["host"].strip("[]"), int(found["port"]))


def _require_answer(address: str, host: str, port: int) -> None:
    try:
        socket.create_connection((host, port), _CONNECT_S).close()
    except (OSError, OverflowError) as error:
        raise HeatcamError(
            f"no Ray answers at RAY_ADDRESS {address} ({reason_of(error)})",
            "start it there with ray start --head, or unset RAY_ADDRESS to run here",
        ) from error
