"""The service against its own OpenAPI document, as schemathesis makes requests up from it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from heatcam.web.settings import UploadLimits
from tests.web.made_up import made_up_tests
from tests.web.tiny import Service, picture

SERVICE = Service(limits=UploadLimits(most_bytes=20_000, waiting_s=20))
HOST = {"Host": "127.0.0.1"}
CHECKS: Any = [
    not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
]
schema = schemathesis.openapi.from_asgi("/openapi.json", SERVICE.app, headers=HOST).exclude(path="/session")


SEEN: Counter[tuple[str, int]] = Counter()


def check(case: schemathesis.Case) -> None:
    if case.path == "/analyze" and isinstance(case.body, dict) and "file" in case.body:
        case.body["file"] = picture()  # (nobody makes a picture up)
    response = case.call(headers=HOST)
    SEEN[case.path, response.status_code] += 1
    case.validate_response(response, checks=CHECKS)


#: Each answer is one that the document promises.
globals().update(made_up_tests(schema, check, examples=6))


def test_some_of_them_were_answered_and_some_refused() -> None:
    """The gate itself; after those above."""
    for path in ("/analyze", "/v1/models/{name}:predict", "/v1/models/{name}"):
        assert SEEN[path, 200] and (SEEN[path, 422] or SEEN[path, 404]), SEEN


@pytest.mark.soak
@schema.parametrize()
@settings(max_examples=500, suppress_health_check=list(HealthCheck))
def test_many_more_of_them(case: schemathesis.Case) -> None:
    check(case)
