"""``heatcam doctor``: exit codes, the report, and that it runs where nothing else does."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from heatcam.commands.doctor import run_doctor
from heatcam.commands.terminal import Terminal
from heatcam.doctor.finding import Check, fault, note, ok

ROOT = Path(__file__).parents[2]


def in_memory() -> Terminal:
    return Terminal(Console(file=io.StringIO(), width=200), Console(file=io.StringIO(), width=200))


@pytest.mark.parametrize(
    ("check", "exit_code", "said"),
    [
        (lambda: ok("fine"), 0, "nothing keeps a command from working"),
        (lambda: note("slow", "be patient"), 0, "nothing keeps a command from working"),
        (lambda: fault("broken", "pip install it"), 1, "1 fault keeps commands from working"),
    ],
)
def test_only_what_keeps_a_command_from_working_is_exit_code_one(
    check: Check, exit_code: int, said: str
) -> None:
    terminal = in_memory()
    assert run_doctor(None, terminal, {"thing": check}) == exit_code
    assert said in terminal.notes.file.getvalue()


def test_the_report_is_one_document(tmp_path: Path) -> None:
    checks = {"one": lambda: fault("broken", "pip install it"), "two": lambda: ok("fine")}
    path = tmp_path / "report.json"
    terminal = in_memory()
    assert run_doctor(str(path), terminal, checks) == 1
    assert json.loads(path.read_text()) == {
        "ok": False,
        "checks": [
            {"name": "one", "state": "fault", "text": "broken", "mend": "pip install it"},
            {"name": "two", "state": "ok", "text": "fine", "mend": ""},
        ],
    }
    assert "pip install it" in terminal.results.file.getvalue()


def test_it_tells_where_torch_and_cv2_cannot_be_imported(tmp_path: Path) -> None:
    """The whole program, with a torch and a cv2 that fail as broken installations do."""
    for name in ("torch", "cv2"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(f"raise ImportError('lib{name}.so.1: cannot open')")
    run = subprocess.run(
        [sys.executable, "-m", "heatcam", "doctor", "--json", "-"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])},
        cwd=tmp_path, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert run.returncode == 1, run.stderr
    report = json.loads(run.stdout)
    wrong = {row["name"]: row["text"] for row in report["checks"] if row["state"] == "fault"}
    assert "libtorch.so.1: cannot open" in wrong["torch"]
    assert "libcv2.so.1: cannot open" in wrong["opencv"]
    assert not any("could not be checked" in row["text"] for row in report["checks"])
    assert "Traceback" not in run.stderr
