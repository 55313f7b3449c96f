"""The benchmarks speak of the package as it is now: what README names can be started."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NAMES = sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py"))
IMPORT_ALL = """
import importlib, json, sys, traceback

failed = {}
for name in sys.argv[1:]:
    try:
        importlib.import_module(f"benchmarks.{name}")
    except BaseException:
        failed[name] = traceback.format_exc()[-500:]
print(json.dumps(failed))
"""


@pytest.fixture(scope="module")
def failed() -> dict[str, str]:
    """The end of the traceback of each that cannot be imported: all in one process, because most load torch."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, *NAMES], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", NAMES)
def test_every_import_of_it_is_there(name: str, failed: dict[str, str]) -> None:
    assert name not in failed, failed[name]
