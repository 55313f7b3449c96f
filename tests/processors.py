"""The engine's tests on other processors, as far as this one can stand in for them: ``make processors``.

Torch, oneDNN and OpenVINO choose their code by the processor's instruction sets; each can be told to take less. Every run has
other networks and pictures (``HEATCAM_TEST_SEED``) and another combination of instruction sets and threads: nine runs hold every
pair of settings. More than the processor has, oneDNN takes as all that it has; torch would take it and die of it, so there a run
has the most that torch takes by itself.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator

import torch
from rich.console import Console

#: ``ONEDNN_MAX_CPU_ISA`` is read by torch's oneDNN and by OpenVINO's.
SETTINGS = {
    "ATEN_CPU_CAPABILITY": ("default", "avx2", "avx512"),
    "ONEDNN_MAX_CPU_ISA": ("AVX2", "AVX512_CORE", "AVX512_CORE_BF16"),
    "OMP_NUM_THREADS": ("1", "2", "8"),
}
#: The instruction sets up to the one that torch takes by itself here, in small letters.
_MOST = os.environ.get("ATEN_CPU_CAPABILITY", torch.backends.cpu.get_cpu_capability()).lower()
TAKEN_BY_TORCH = SETTINGS["ATEN_CPU_CAPABILITY"][: SETTINGS["ATEN_CPU_CAPABILITY"].index(_MOST) + 1]
TESTS = "tests/engine", "tests/models/test_open_vocabulary.py"


def combinations(runs: int) -> Iterator[dict[str, str]]:
    """One set of variables for each run: a Latin square, so that nine runs hold every pair of two settings."""
    for run in range(runs):
        first, second = run % 3, run // 3 % 3
        chosen = zip(SETTINGS.items(), (first, second, (first + second) % 3), strict=True)
        settings = {name: values[n] for (name, values), n in chosen}
        if settings["ATEN_CPU_CAPABILITY"] not in TAKEN_BY_TORCH:
            settings["ATEN_CPU_CAPABILITY"] = TAKEN_BY_TORCH[-1]
        # (threads that wait go to sleep: more threads than cores would otherwise spend the time on waiting for each other)
        yield {"HEATCAM_TEST_SEED": str(run), "OMP_WAIT_POLICY": "PASSIVE", **settings}


def run_once(variables: dict[str, str], tests: list[str]) -> tuple[int, list[str]]:
    """Pytest's exit code with these variables, and its lines about failures and counts."""
    command = [sys.executable, "-m", "pytest", "-q", "--no-header", *tests]  # (families in soak too)
    done = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, check=False)
    told = re.findall(r"^(?:FAILED|ERROR) .*|^\d+ (?:passed|failed).*", done.stdout, re.MULTILINE)
    return done.returncode, told or [(done.stdout + done.stderr)[-300:]]


def main() -> int:
    """Run them all, one after the other; 0 when all passed."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("tests", nargs="*", default=list(TESTS))
    asked.add_argument("--runs", type=int, default=20)
    given = asked.parse_args()
    console, red = Console(soft_wrap=True, highlight=False, markup=False), 0
    console.print(f"this processor: {torch.backends.cpu.get_cpu_capability()}")
    for variables in combinations(given.runs):
        started = time.monotonic()
        code, told = run_once(variables, given.tests)
        red += code != 0
        console.print(
            " ".join(f"{n}={v}" for n, v in variables.items()), f"{time.monotonic() - started:.0f} s"
        )
        console.print("\n".join(f"  {line}" for line in told))
    console.print(f"{given.runs - red} of {given.runs} runs passed")
    return 1 if red else 0


if __name__ == "__main__":
    raise SystemExit(main())
