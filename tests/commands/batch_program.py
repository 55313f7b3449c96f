"""``heatcam batch`` with something quick in the model's place, killed at a moment of its own choosing.

``python -m tests.commands.batch_program MOMENT batch ...``: the moment is a name of ``MOMENTS`` and which time it comes, as
``part:2``; ``never`` for none.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any
from unittest import mock

from tests.batch.fakes import die, serve_fakes, take_the_models_place


def _dying(times: int, *, before: bool) -> Callable[[Any], Any]:
    """Wrap a function so that its n-th call ends the process, before or after it has done its work."""

    def wrap(function: Any) -> Any:
        count = 0

        def called(*args: Any, **kwargs: Any) -> Any:
            nonlocal count
            count += 1
            if before and count == times:
                die()
            made = function(*args, **kwargs)
            if count == times:
                die()
            return made

        return called

    return wrap


def _torn(times: int) -> Callable[[Any], Any]:
    """Write half of the n-th line of the manifest."""

    def wrap(function: Any) -> Any:
        count = 0

        def called(self: Any, line: dict[str, Any]) -> None:
            nonlocal count
            count += 1
            if count == times:
                self._file.write(b'{"file": "part-000000')
                self._file.flush()
                die()
            function(self, line)

        return called

    return wrap


class _Patch:
    """Pytest's monkeypatch without pytest, which takes half a second to load."""

    @staticmethod
    def setattr(place: str, value: Any) -> None:
        mock.patch(place, value).start()


#: What ends the process: the function that is wrapped, and how.
MOMENTS: dict[str, tuple[str, Callable[[int], Callable[[Any], Any]]]] = {
    "list": ("heatcam.batch.inputs._publish", lambda n: _dying(n, before=True)),
    "head": ("heatcam.batch.manifest.Manifest.__init__", lambda n: _dying(n, before=False)),
    "picture": ("tests.batch.fakes.ByColour.explain", lambda n: _dying(n, before=False)),
    "part": ("heatcam.batch.run.write_part", lambda n: _dying(n, before=False)),
    "failed": ("heatcam.batch.run.append_failed", lambda n: _dying(n, before=False)),
    "line": ("heatcam.batch.manifest.Manifest._append", _torn),
    "rename": ("pathlib.Path.replace", lambda n: _dying(n, before=True)),
}


if __name__ == "__main__":
    import pkgutil

    from heatcam.cli.program import main

    moment = sys.argv.pop(1)
    take_the_models_place(_Patch())
    mock.patch("heatcam.batch.worker_processes.serve", serve_fakes).start()
    if moment != "never":
        name, _, times = moment.partition(":")
        place, how = MOMENTS[name]
        mock.patch(place, how(int(times))(pkgutil.resolve_name(place))).start()
    main()
