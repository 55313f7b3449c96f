"""Stand-ins for Ray's driver and for what runs in its actors."""

from __future__ import annotations

import sys
from typing import Any

from heatcam.batch import BatchPlan, explain_rows, ray_driver
from heatcam.batch.ray_actor import ExplainInActor, RayRequest
from heatcam.errors import HeatcamError, ModelError
from heatcam.frames import ExplainerFacts
from tests.batch.fakes import ByColour, Deadly, die


def facts_of_fakes(_asked: RayRequest) -> ExplainerFacts | HeatcamError:
    return ByColour().facts()


class DeadlyInActor(ExplainInActor):
    """An actor with ``Deadly`` in the model's place."""

    def __init__(self, asked: RayRequest) -> None:
        explain_rows.explainers_for = lambda plan: [Deadly() for _ in range(plan.streams)]  # type: ignore[assignment, return-value]
        super().__init__(asked)


def serve_deadly(pipe: Any, plan: BatchPlan, count: int) -> None:
    """Ray's driver with ``DeadlyInActor``."""
    ray_driver.load_facts = facts_of_fakes
    ray_driver.ExplainInActor = DeadlyInActor  # type: ignore[misc]
    ray_driver.serve(pipe, plan, count)


def serve_here(pipe: Any, _plan: BatchPlan, _count: int) -> None:
    """A driver without Ray: answers tasks with their numbers, and ends as its parent does."""
    pipe.send(ByColour().facts())
    try:
        while True:
            for task in pipe.recv():
                pipe.send((task, {"input_index": [row.index for row in task.rows]}))
            pipe.send(None)
    except EOFError:
        sys.exit(3)


def serve_refused(pipe: Any, _plan: BatchPlan, _count: int) -> None:
    """A driver whose cluster cannot load the model."""
    pipe.send(ModelError("best.pt is damaged", "fetch it again"))


def serve_nothing(_pipe: Any, _plan: BatchPlan, _count: int) -> None:
    """A driver that dies."""
    die()
