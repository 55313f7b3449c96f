"""Files of a run in its output folder, and what an earlier run has left there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from heatcam.batch.inputs import INPUTS, Find, InputList, found_rows, read_inputs, write_inputs
from heatcam.batch.manifest import Manifest
from heatcam.batch.ranges import Shard
from heatcam.errors import UsageError
from heatcam.sinks import make_folder, require_folder


@dataclass(frozen=True)
class BatchPlace:
    """Files of one shard's run in the output folder; those of other shards stand beside them.

    Attributes:
        folder: the output folder.
        shard: the part of the pictures that this run is for.
    """

    folder: Path
    shard: Shard = field(default_factory=Shard)

    @property
    def manifest(self) -> Path:
        """The manifest: ``manifest.jsonl``, of a shard ``manifest-3-of-16.jsonl``."""
        return self._own("manifest")

    @property
    def failed(self) -> Path:
        """The dead-letter file: ``failed.jsonl``, of a shard ``failed-3-of-16.jsonl``."""
        return self._own("failed")

    @property
    def inputs(self) -> Path:
        """The list of all pictures, which all shards share."""
        return self.folder / INPUTS

    def _own(self, name: str) -> Path:
        of = "" if self.shard.of == 1 else f"-{self.shard.number}-of-{self.shard.of}"
        return self.folder / f"{name}{of}.jsonl"

    def prepare(self, *, overwrite: bool, resume: bool) -> None:
        """Make the folder, and refuse or remove what an earlier run has left there.

        Raises:
            UsageError: there is an earlier run, and neither option is given.
            SinkError: the folder cannot be made or written into.
        """
        if overwrite and resume:
            raise UsageError("--overwrite and --resume exclude each other", "give one")
        require_folder(self.folder)
        make_folder(self.folder)
        there = [path for path in (self.manifest, *self._parts()) if path.exists()]
        if overwrite:
            self._remove()
        elif there and not (resume and self.manifest.exists()):
            raise UsageError(
                f"{there[0]} exists already", "add --resume to go on, or --overwrite, or choose another -o"
            )

    def list_inputs(self, specs: Sequence[str], *, recursive: bool, find: Find) -> InputList:
        """Return the list of all pictures: the one that is there, or a new one.

        Raises:
            HeatcamError: an input cannot be read or has no pictures, or the list that is there is of others.
        """
        head: dict[str, Any] = {"inputs": list(specs), "recursive": recursive}
        if self.inputs.exists():
            return read_inputs(self.inputs, head)
        return write_inputs(self.inputs, head, found_rows(specs, find))

    def remove_drafts(self) -> None:
        """Remove the drafts that a killed process has left; nothing where other shards may be writing theirs."""
        if self.shard.of == 1:
            for pattern in (".*.part", f".*-{INPUTS}"):
                for path in self.folder.glob(pattern):
                    path.unlink(missing_ok=True)

    def _parts(self) -> list[Path]:
        """Return the parts of an earlier run; of a shard none, as those of others may be there."""
        return sorted(self.folder.glob("part-*.parquet")) if self.shard.of == 1 else []

    def _remove(self) -> None:
        """Remove an earlier run; the list of pictures stays where other shards use it."""
        if self.manifest.exists():
            with Manifest(self.manifest, None) as earlier:  # (refused while another process is at it)
                for part in earlier.parts:
                    (self.folder / Path(str(part["file"])).name).unlink(missing_ok=True)
        for path in (*self._parts(), self.failed, self.manifest):
            path.unlink(missing_ok=True)
        if not any(self.folder.glob("manifest*.jsonl")):
            self.inputs.unlink(missing_ok=True)
