"""Requests to a service that the user named: with time-outs, a second try, and a limit of what is read.

Redirects are not followed, so that nobody else is asked, and user and password are shown nowhere.
"""

from __future__ import annotations

import base64
import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from heatcam.errors import ModelError, first_line, reason_of
from heatcam.sources import public_url

TIMEOUT_S = 60.0
MOST_BYTES = 256_000_000  # of an answer: a hundred times that of a YOLO network
_TRIES, _WAIT_S = 3, 0.5
_AGAIN = 429, 502, 503, 504
_LONGEST_REASON = 200  # letters of the service's own words
_LOOPBACK = "localhost", "127.0.0.1", "::1"


@dataclass(frozen=True)
class HttpAnswer:
    """Answer of a service.

    Attributes:
        body: its bytes.
        headers: by lower-case name.
    """

    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True)
class HttpService:
    """One service.

    Attributes:
        root: its address, without user, password and path.
        shown: the address for people.
        headers: sent with every request.
        wait: waits so many seconds; tests replace it.
    """

    root: str
    shown: str
    headers: Mapping[str, str] = field(repr=False, default_factory=dict)
    wait: Callable[[float], object] = field(repr=False, default=time.sleep)

    @classmethod
    def at(cls, url: str) -> HttpService:
        """Return the service of an address, whose user and password are sent as Basic authentication."""
        parts = urlsplit(url)
        root = urlunsplit((parts.scheme.lower(), parts.netloc.rpartition("@")[2], "", "", ""))
        return cls(root, public_url(url), _login(parts))

    def get(self, path: str) -> HttpAnswer:
        """Ask for a document: see ``post``."""
        return self._asked(path, None, {})

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> HttpAnswer:
        """Send a document and return the answer.

        Raises:
            ModelError: the service cannot be reached, refuses, or answers too much; the message names it without a password.
        """
        return self._asked(path, body, headers)

    def _asked(self, path: str, body: bytes | None, headers: Mapping[str, str]) -> HttpAnswer:
        request = urllib.request.Request(
            self.root + path, body, {"User-Agent": "heatcam", **self.headers, **headers}
        )
        for left in reversed(range(_TRIES)):
            try:
                return _read(_opener(self.root), request, self.shown)
            except _TryAgainError as error:
                if not left:
                    raise ModelError(f"{self.shown} {error}", _NEXT) from error
                self.wait(_WAIT_S)
        raise AssertionError("there is at least one try")


_NEXT = "check the address, and that the service is running"


class _TryAgainError(Exception):
    """A failure after which the next try may succeed."""


def _read(opener: urllib.request.OpenerDirector, request: urllib.request.Request, shown: str) -> HttpAnswer:
    try:
        with opener.open(request, timeout=TIMEOUT_S) as response:
            body = response.read(MOST_BYTES + 1)
            known = {name.lower(): value for name, value in response.headers.items()}
    except urllib.error.HTTPError as error:
        with error:
            said = f"answers {error.code}{_own_words(error)}"
        if error.code in _AGAIN:
            raise _TryAgainError(said) from error
        raise ModelError(f"{shown} {said}", _next_step(error.code)) from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        why = reason_of(reason) if isinstance(reason, BaseException) else str(reason)
        raise _TryAgainError(f"cannot be reached ({why})") from error
    except ValueError as error:
        raise ModelError(f"{shown} cannot be asked ({first_line(error, 80)})", _NEXT) from error
    if len(body) > MOST_BYTES:
        raise ModelError(f"{shown} answers more than {MOST_BYTES / 1e6:.0f} MB", "give another model")
    return HttpAnswer(body, known)


def _next_step(code: int) -> str:
    if code in (401, 403):
        return "put user and password into the address: https://USER:PASSWORD@host/v2/models/NAME"
    return "check the name of the model" if code == 404 else _NEXT


def _own_words(error: urllib.error.HTTPError) -> str:
    """Return the service's own words in brackets; "" where it has none."""
    try:
        text = " ".join(error.read(10_000).decode("utf-8", "replace").split())[:_LONGEST_REASON]
    except OSError:
        return ""
    return f" ({text})" if text else ""


def _login(parts: SplitResult) -> dict[str, str]:
    if parts.username is None:
        return {}
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Handler that lets a redirect be an error."""

    def redirect_request(self, *_: Any) -> None:
        """Follow none."""


def _opener(root: str) -> urllib.request.OpenerDirector:
    """Return what opens addresses: without a proxy for this machine itself."""
    if urlsplit(root).hostname in _LOOPBACK:
        return urllib.request.build_opener(_NoRedirects, urllib.request.ProxyHandler({}))
    return urllib.request.build_opener(_NoRedirects)
