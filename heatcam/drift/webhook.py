"""A webhook: alarms are posted as JSON from a thread of their own, again until they are taken."""

from __future__ import annotations

import http.client
import queue
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from heatcam.drift.settings import host_of
from heatcam.errors import reason_of
from heatcam.text import json_text

TIMEOUT_S = 10.0
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 300.0  # between two attempts; doubled each time
LAST_WAIT_S = 5.0  # at the end, for what is still to be sent
_MOST_WAITING = 1000
_REFUSED = range(400, 500)  # what is sent is wrong, and would be again
_TRY_LATER = (408, 425, 429)


@dataclass(frozen=True)
class Post:
    """A document to be posted.

    Attributes:
        key: says which one to ``on_taken``.
        document: plain values.
    """

    key: str
    document: dict[str, Any]


class Webhook:
    """Sender of alarms. ``send`` never waits; one thread posts them in order, each until the server has taken it.

    An attempt takes 10 s at most. Waits between attempts are 1, 2, 4 ... 300 s. An answer of 400 to 499 (but 408, 425, 429) is
    final: the server has understood and refuses. Redirects are not followed: the next address would get what is meant for this
    one. Nothing that is said of it has the address in it beyond its host, as a path may hold a secret.

    Args:
        url: http:// or https:// address.
        note: told of what fails, once a document, in the thread; and when it was taken after that.
        on_taken: called with the key of a document that was taken, in the thread.
        wait: waits for so many seconds and returns True if the sender was closed meanwhile; tests pass their own.

    Raises:
        UsageError: the address is none.
    """

    def __init__(
        self,
        url: str,
        note: Callable[[str], None],
        on_taken: Callable[[str], None] = lambda _: None,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        self._host = host_of(url)
        self._url, self._note, self._on_taken = url, note, on_taken
        self._closed = threading.Event()
        self._wait = wait or self._closed.wait
        self._posts: queue.Queue[Post | None] = queue.Queue(_MOST_WAITING)
        self._opener = urllib.request.build_opener(_NoRedirects)
        self._thread = threading.Thread(target=self._run, name="heatcam webhook", daemon=True)
        self._thread.start()

    def send(self, post: Post) -> None:
        """Hand a document over; does not wait. With a thousand waiting it is dropped, with a note."""
        try:
            self._posts.put_nowait(post)
        except queue.Full:
            self._note(f"{self._host} takes nothing: an alarm was not sent")

    def close(self) -> None:
        """End after one attempt for each that is waiting, and after 5 s at most."""
        self._closed.set()
        with suppress(queue.Full):
            self._posts.put_nowait(None)
        self._thread.join(LAST_WAIT_S)

    def _run(self) -> None:
        while (post := self._posts.get()) is not None:
            if self._deliver(post):
                self._on_taken(post.key)

    def _deliver(self, post: Post) -> bool:
        """Post until it is taken, refused for good, or the sender is closed; return True if it is done with."""
        body, wait_s, failed = json_text(post.document, in_ascii=True).encode(), FIRST_WAIT_S, False
        while True:
            answer = self._attempt(body)
            if not answer.why:
                if failed:
                    self._note(f"{self._host} has taken the alarm now")
                return True
            if answer.is_final or not failed:
                again = "gave up" if answer.is_final else "it is tried again"
                self._note(f"{self._host} did not take an alarm ({answer.why}); {again}")
            if answer.is_final:
                return True
            failed = True
            if self._closed.is_set() or self._wait(wait_s):
                return False
            wait_s = min(LONGEST_WAIT_S, 2 * wait_s)

    def _attempt(self, body: bytes) -> _Answer:
        headers = {"Content-Type": "application/json", "User-Agent": "heatcam"}
        request = urllib.request.Request(self._url, body, headers, method="POST")
        try:
            with self._opener.open(request, timeout=TIMEOUT_S):
                return _Answer("")
        except urllib.error.HTTPError as error:
            with error:
                final = 300 <= error.code < 400 or (error.code in _REFUSED and error.code not in _TRY_LATER)
                return _Answer(f"it answers {error.code}", is_final=final)
        except urllib.error.URLError as error:
            return _Answer(
                reason_of(error.reason) if isinstance(error.reason, OSError) else "it cannot be reached"
            )
        except (OSError, http.client.HTTPException, ValueError) as error:
            return _Answer(getattr(error, "strerror", None) or type(error).__name__)


@dataclass(frozen=True)
class _Answer:
    """Outcome of an attempt: why it failed, "" if it did not, and if another one is in vain."""

    why: str
    is_final: bool = False


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Handler that lets a redirect be an error."""

    def redirect_request(self, *_: Any) -> None:
        """Follow none."""
