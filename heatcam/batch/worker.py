"""One worker process: explains batches that come through a pipe, until the pipe is closed."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from heatcam.batch.explain_rows import ExplainRows
from heatcam.batch.plan import BatchPlan
from heatcam.errors import HeatcamError


def serve(pipe: Any, plan: BatchPlan) -> None:
    """Send the facts of the model, then an answer for each batch; an error instead of an answer is the last one.

    Args:
        pipe: both directions; ends with the process at its other side, however that ends.
        plan: what is made of each picture.
    """
    with suppress(EOFError, OSError):
        try:
            explain = ExplainRows(plan)
            pipe.send(explain.facts())
            while True:
                pipe.send(explain(pipe.recv()))
        except HeatcamError as error:
            pipe.send(error)
