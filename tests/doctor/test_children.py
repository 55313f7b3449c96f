"""A library that ends or fills its process is an answer, not the end of the report."""

from __future__ import annotations

import pytest

from heatcam.doctor.children import ask


@pytest.mark.parametrize(
    ("code", "facts", "problem"),
    [
        ("print('noise')\nfacts = {'version': '1'}", {"version": "1"}, ""),
        ("raise ImportError('libGL.so.1: cannot open shared object file')", {}, "ImportError: libGL.so.1"),
        ("import os; os._exit(3)", {}, "it ended with code 3"),
        ("import no_such_module", {}, "No module named 'no_such_module'"),
    ],
)
def test_what_a_library_says_or_why_it_says_nothing(code: str, facts: dict[str, str], problem: str) -> None:
    answer = ask(code)
    assert answer.facts == facts
    assert problem in answer.problem
    assert bool(answer.problem) == bool(problem)
