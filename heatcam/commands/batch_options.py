"""Options of ``heatcam batch``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from heatcam.enums import EngineName, MapsAs
from heatcam.errors import UsageError

_MOST = 1024


@dataclass(frozen=True)
class BatchChoice:
    """Division of the work.

    Attributes:
        workers: number of processes, each with a model of its own.
        streams: pictures at the same time in each of them, each by one thread.
        shard: the part of all pictures that this run is for, as ``3/16``; "" for all.
        chunk: pictures in a part, which is written when all of them are done.
        engine: what divides it: processes here, or Ray's actors on all machines of a cluster.
    """

    workers: int = 1
    streams: int = 1
    shard: str = ""
    chunk: int = 256
    engine: EngineName = EngineName.LOCAL

    def require_valid(self) -> None:
        """Refuse what cannot be.

        Raises:
            UsageError: there are too many processes or streams.
        """
        if self.workers * self.streams > _MOST:
            raise UsageError(
                f"{self.workers} workers of {self.streams} streams", f"give {_MOST} in all at most"
            )


@dataclass(frozen=True)
class BatchOutput:
    """Outputs of ``batch``.

    Attributes:
        output: the folder.
        maps: form of the maps.
        pictures: also write each picture with its heat map.
        overwrite: replace an earlier run.
        resume: go on with a run that was interrupted.
        json: a file for what came of it, as JSON, ``-`` for standard output, None for none.
    """

    output: Path = Path("maps")
    maps: MapsAs = MapsAs.ROWS
    pictures: bool = False
    overwrite: bool = False
    resume: bool = False
    json: str | None = None
