"""Requests that schemathesis makes up from an OpenAPI document, a test an operation."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, settings


def made_up_tests(schema: Any, check: Callable[[schemathesis.Case], None], examples: int) -> dict[str, Any]:
    """A test for each operation of a document, by its name; a module adds them to its own.

    schemathesis' ``parametrize`` gives the tests of all operations one name, of which pytest-xdist runs a single one: so it is
    applied to a document of one operation at a time.
    """
    operations = [result.ok() for result in schema.get_all_operations()]
    return {
        "test_made_up_" + re.sub(r"\W+", "_", operation.label.lower()).strip("_"): _test_of(
            schema.include(path=operation.path, method=operation.method.upper()), check, examples
        )
        for operation in operations
    }


def _test_of(schema: Any, check: Callable[[schemathesis.Case], None], examples: int) -> Any:
    def test(case: schemathesis.Case) -> None:
        check(case)

    return schema.parametrize()(
        settings(
            max_examples=examples,
            database=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )(test)
    )
