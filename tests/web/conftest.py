"""A live view behind a real server, for the tests of its requests and sockets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import httpx
import pytest

from heatcam.web.live_run import LiveRun
from tests.web.live_fakes import Watcher, served, until


@dataclass(frozen=True)
class Page:
    """What a page does: requests to a live view, and sockets."""

    run: LiveRun
    address: str
    http: httpx.Client

    def watch(self) -> Watcher:
        return Watcher(self.address)

    def start(self, **wanted: str) -> dict:
        return self.post("start", **wanted)

    def post(self, path: str, **body: object) -> dict:
        answer = self.http.post(f"/live/{path}", json=body or None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def change(self, **state: object) -> dict:
        answer = self.http.patch("/live/state", json=state)
        assert answer.status_code == 200, answer.text
        return answer.json()

    @property
    def status(self) -> dict:
        return self.http.get("/live").json()

    def until_phase(self, phase: str) -> dict:
        until(lambda: self.status["phase"] == phase)
        return self.status


@pytest.fixture
def page_of() -> Iterator[Callable[[LiveRun], Page]]:
    with ExitStack() as stack:

        def page(run: LiveRun) -> Page:
            address = stack.enter_context(served(run))
            http = stack.enter_context(httpx.Client(base_url=f"http://{address}", timeout=30))
            return Page(run, address, http)

        yield page
