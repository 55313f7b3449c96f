"""No number outlives the code that made it: who changes that code decides whether ``CACHE_VERSION`` has to rise."""

from __future__ import annotations

import json

import pytest

from tests.cache_code import STORED, code_behind, digest_of, now

ADVICE = (
    "the code behind remembered numbers changed: {}. If a calibration, proof, speed or converted network can come out "
    "differently, raise CACHE_VERSION in heatcam/runtime/json_cache.py. Then, either way: python -m tests.cache_code"
)


def test_the_code_behind_remembered_numbers_is_the_one_that_somebody_decided_about() -> None:
    stored, found = json.loads(STORED.read_text("utf-8")), now()
    assert stored["CACHE_VERSION"] == found["CACHE_VERSION"], "python -m tests.cache_code"
    before, after = stored["modules"], found["modules"]
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    assert changed == [], ADVICE.format(", ".join(changed))


@pytest.mark.parametrize(
    "name",
    [
        "engine.patches",
        "engine.cells",
        "engine.cell_parts",
        "engine.decompositions",
        "engine.shuffling",
        "measures.evidence",
    ],
)
def test_modules_that_decide_a_number_are_among_them(name: str) -> None:
    assert f"heatcam.{name}" in code_behind()


def test_words_do_not_count_and_code_does() -> None:
    plain = 'def f(x):\n    """Doubles."""\n    return 2 * x\n'
    assert digest_of(plain) == digest_of('def f(x):\n    """Twice x."""  # why\n\n    return 2*x\n')
    assert digest_of(plain) != digest_of(plain.replace("2 * x", "3 * x"))
    assert digest_of("CACHE_VERSION = 1\n") == digest_of("CACHE_VERSION = 2\n")
