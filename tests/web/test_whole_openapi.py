"""The whole application, its live view running, against its own OpenAPI document: nothing fails and nothing hangs."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
)

from heatcam.web.settings import ServeSettings, UploadLimits
from tests.web.live_fakes import until
from tests.web.made_up import made_up_tests
from tests.web.tiny import picture
from tests.web.whole import whole_service

HOST = {"Host": "127.0.0.1"}
#: Answers that tell of the moment, not of a fault: the live view may just have been stopped by the request before.
NOT_NOW = 503
LONGEST_S = 20.0
CHECKS: Any = [content_type_conformance, response_schema_conformance]

SERVICE = whole_service(ServeSettings(limits=UploadLimits(most_bytes=20_000, waiting_s=15)))
#: All but the stream, which has no end: the tests of the sockets read it.
schema = schemathesis.openapi.from_asgi("/openapi.json", SERVICE.app, headers=HOST).exclude(
    path="/stream.mjpg"
)
#: Of pictures and health ``test_openapi`` asks the same routes, with more checks.
others = schema.exclude(path_regex="^/(analyze|v1|v2|metrics)")
SEEN: Counter[tuple[str, int]] = Counter()


@pytest.fixture(scope="module", autouse=True)
def _running() -> Iterator[None]:
    SERVICE._live.start()
    until(lambda: SERVICE._live.status().phase == "running")
    yield
    SERVICE._live.close()


def check(case: schemathesis.Case) -> None:
    if case.path == "/analyze" and isinstance(case.body, dict) and "file" in case.body:
        case.body["file"] = picture()
    began = time.monotonic()
    response = case.call(headers=HOST)
    assert time.monotonic() - began < LONGEST_S
    SEEN[f"{case.method} {case.path}", response.status_code] += 1
    if response.status_code != NOT_NOW:
        case.validate_response(response, checks=[not_a_server_error, *CHECKS])


#: None fails, and none hangs.
globals().update(made_up_tests(others, check, examples=4))


def test_most_operations_were_answered_and_refused() -> None:
    """The gate itself; after those above."""
    answered = {operation for operation, status in SEEN if status < 300}
    assert {
        "GET /live",
        "PATCH /live/state",
        "POST /live/start",
        "GET /options",
        "POST /session",
    } <= answered, SEEN
    assert SEEN["PATCH /live/state", 422] and len(answered) > 10, SEEN


@pytest.mark.soak
@schema.parametrize()
@settings(max_examples=500, suppress_health_check=list(HealthCheck))
def test_five_hundred_of_each(case: schemathesis.Case) -> None:
    check(case)
