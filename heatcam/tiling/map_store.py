"""Maps of tiles, kept in a temporary file: those of a very large picture would fill the memory."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from typing import IO

import numpy as np

from heatcam.errors import SinkError
from heatcam.geometry import Float32Array


class MapStore:
    """Maps by their number; used in a ``with`` statement, after which they are gone."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (as long as this lives)
        self._places: dict[int, tuple[int, tuple[int, ...]]] = {}

    def put(self, number: int, values: Float32Array) -> None:
        """Keep a map, float32 ``(h, w)``.

        Raises:
            SinkError: there is no space for temporary files.
        """
        try:
            place = self._file.seek(0, 2)
            self._file.write(np.ascontiguousarray(values, np.float32).tobytes())
        except OSError as error:
            raise SinkError(
                f"cannot keep the maps ({error.strerror})", "make space, or set TMPDIR"
            ) from error
        self._places[number] = place, values.shape

    def get(self, number: int) -> Float32Array | None:
        """Return a map, float32 ``(h, w)``; None if there is none of this number."""
        if number not in self._places:
            return None
        place, shape = self._places[number]
        self._file.seek(place)
        read = self._file.read(4 * int(np.prod(shape)))
        return np.asarray(np.frombuffer(read, np.float32).reshape(shape).copy(), np.float32)

    @property
    def numbers(self) -> Sequence[int]:
        """Numbers of the maps, in the order in which they came."""
        return tuple(self._places)

    def __enter__(self) -> MapStore:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
