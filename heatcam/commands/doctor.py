"""``heatcam doctor``: faults of this machine, each with its remedy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from heatcam.commands.tables import show_table
from heatcam.commands.terminal import Terminal
from heatcam.doctor import CHECKS, Check, Finding, State, examine

HEADINGS = ("", "what", "found", "mend it with")


def run_doctor(json: str | None, terminal: Terminal, checks: Mapping[str, Check] = CHECKS) -> int:
    """Check for everything that is known to keep commands from working.

    Args:
        json: a file for the machine-readable report, ``-`` for standard output, None for none.
        terminal: prints results and notes.
        checks: the checks by name; tests pass fakes.

    Returns:
        0, or 1 when a fault keeps a command from working.

    Raises:
        SinkError: the JSON file cannot be written.
    """
    with terminal.status("examining this machine"):
        found = list(examine(checks))
    faults = sum(finding.state is State.FAULT for _, finding in found)
    if json:
        rows = [_row(name, finding) for name, finding in found]
        terminal.document({"ok": not faults, "checks": rows}, json)
    if json != "-":
        cells = [[finding.state.value, name, finding.text, finding.mend or None] for name, finding in found]
        show_table(terminal, HEADINGS, cells, numbers=())
        terminal.note(_verdict(faults))
    return int(bool(faults))


def _verdict(faults: int) -> str:
    if not faults:
        return "nothing keeps a command from working"
    return f"{faults} {'fault keeps' if faults == 1 else 'faults keep'} commands from working"


def _row(name: str, finding: Finding) -> dict[str, Any]:
    return {"name": name, "state": finding.state.value, "text": finding.text, "mend": finding.mend}
