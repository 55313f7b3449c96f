"""Questions to libraries, asked in a child process: a broken library may crash it, or hang."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cache
from typing import Any

TIMEOUT_S = 120
_MARK = "heatcam-facts:"
#: heatcam first: it sets environment variables that must be set before the others are imported.
_PROGRAM = """
import sys
sys.path[:] = {path!r}
import json
import heatcam
{code}
print({mark!r} + json.dumps(facts))
"""


@dataclass(frozen=True)
class LibraryReport:
    """Answer of a library.

    Attributes:
        facts: by name; empty where it could not be asked.
        problem: the reason why it could not be asked, in one line; "" where it could.
    """

    facts: dict[str, Any] = field(default_factory=dict)
    problem: str = ""


@cache
def ask(code: str) -> LibraryReport:
    """Run ``code``, which fills the dict ``facts``, in a child process."""
    program = _PROGRAM.format(path=sys.path, code=code, mark=_MARK)
    try:
        child = subprocess.run(
            [sys.executable, "-c", program],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=TIMEOUT_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return LibraryReport(problem=f"no answer within {TIMEOUT_S} s")
    for line in child.stdout.splitlines():
        if line.startswith(_MARK):
            return LibraryReport(json.loads(line.removeprefix(_MARK)))
    last = (child.stderr.strip().splitlines() or [f"it ended with code {child.returncode}"])[-1]
    return LibraryReport(problem=last[:200])
