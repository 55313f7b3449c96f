"""One run over a great many pictures, which can be killed at any moment and gone on with: parts, dead letters, manifest.

A part's file is written first, under a name that only its first picture decides, then its failed pictures, last its line in the
manifest. What a crash leaves behind without that line is made again under the same name, so that nothing is there twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from heatcam.batch.columns import FAILED, OBJECT, row_columns
from heatcam.batch.dead_letters import append_failed, keep_failed_of
from heatcam.batch.engines import RowEngine
from heatcam.batch.inputs import InputList
from heatcam.batch.manifest import Manifest
from heatcam.batch.parts import PartGatherer, TablePart, Task, write_part
from heatcam.batch.place import BatchPlace
from heatcam.batch.plan import BatchPlan, pinned
from heatcam.batch.ranges import in_chunks, left_over
from heatcam.frames import ExplainerFacts
from heatcam.runtime import stopping

_ROWS_OF_A_TASK = 16  # for each stream: enough that reading ahead pays, few enough that a bar moves


@dataclass(frozen=True)
class BatchStep:
    """Numbers of pictures, objects and failed pictures that one step of a run has done."""

    pictures: int
    objects: int
    failed: int


@dataclass(frozen=True)
class BatchRun:
    """One shard's run.

    Attributes:
        plan: what is made of each picture.
        inputs: all pictures.
        place: where everything is written.
        manifest: open and locked.
        chunk: pictures in a part.
    """

    plan: BatchPlan
    inputs: InputList
    place: BatchPlace
    manifest: Manifest
    chunk: int

    @property
    def pictures(self) -> int:
        """Number of pictures of this shard, done or not."""
        first, end = self.place.shard.range_of(self.inputs.count)
        return end - first

    def as_before(self) -> BatchRun:
        """Return the run with the backend that an earlier start had, so that all numbers are of the same."""
        ran_on = self.manifest.ran_on
        if not ran_on:
            return self
        return replace(self, plan=pinned(self.plan, ran_on["backend"], ran_on["precision"]))

    def runs_on(self, facts: ExplainerFacts) -> None:
        """Note what runs the model, for later starts."""
        self.manifest.runs_on({name: getattr(facts, name) for name in ("device", "backend", "precision")})

    def explain(self, engine: RowEngine) -> Iterator[BatchStep]:
        """Explain what is not done yet, each chunk written as soon as it is complete; leaving early keeps its beginning.

        Yields:
            What each task has done.

        Raises:
            HeatcamError: of the engine; or a part cannot be written.
        """
        gatherer = PartGatherer()
        self.place.remove_drafts()
        keep_failed_of(self.place.failed, self.manifest.ranges())
        try:
            for task, columns in engine.run(self._tasks()):
                if (part := gatherer.add(task, columns)) is not None:
                    self._write(part)
                counts = Counter(columns["status"])
                yield BatchStep(len(task.rows), counts[OBJECT], counts[FAILED])
        finally:
            for part in gatherer.begun():
                self._write(part)
            keep_failed_of(self.place.failed, self.manifest.ranges())

    def _tasks(self) -> Iterator[Task]:
        """Yield the tasks that are not done, in order; the list of pictures is read as they are asked for."""
        first, end = self.place.shard.range_of(self.inputs.count)
        size = _ROWS_OF_A_TASK * self.plan.streams
        for chunk in in_chunks(left_over(first, end, list(self.manifest.ranges())), self.chunk):
            rows = self.inputs.between(*chunk)
            while some := tuple(islice(rows, size)):
                yield Task(chunk, some)

    def _write(self, part: TablePart) -> None:
        with stopping.held():
            write_part(self.place.folder, part, row_columns(self.plan))
            append_failed(self.place.failed, part.failed())
            self.manifest.add(part.facts())
