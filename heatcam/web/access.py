"""Access to the service: whose requests are let in, before any route is asked.

A page of a stranger in the same browser must not reach a service on this machine: neither by a name of its own that resolves to
127.0.0.1 (DNS rebinding), nor by a form, a script or a WebSocket of its own (cross-site request forgery).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from heatcam.web.problems import Problem, problem_response

#: Paths that anyone may ask for, who comes to the right host: the page, which asks for the token, and what a supervisor asks.
PUBLIC = frozenset({"/", "/favicon.ico", "/session", "/v2/health/live", "/v2/health/ready"})
PUBLIC_FOLDER = "/static/"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_SAME_SITE = frozenset({"same-origin", "none"})
_CONTENT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "media-src 'self' blob:",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": _CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class Token:
    """The secret that a user has to know, and the cookie that stands for it.

    Args:
        text: the secret; "" asks for none.
    """

    def __init__(self, text: str) -> None:
        self._text = text.encode()
        #: Value of the cookie, which does not tell the secret; the same after a restart with the same secret.
        self.cookie = self._derived("session")
        #: Name of the cookie. Browsers send cookies to every port of a host: each service needs one of its own.
        self.cookie_name = f"heatcam_{self._derived('name')[:8]}"

    @property
    def is_needed(self) -> bool:
        """True if there is a secret."""
        return bool(self._text)

    def is_right(self, text: str) -> bool:
        """Return True if this is the secret; takes as long for every wrong one."""
        return hmac.compare_digest(text.encode("utf-8", "replace"), self._text)

    def lets_in(self, headers: Headers) -> bool:
        """Return True if no secret is needed or the request has it: as cookie, as bearer, or as the password of a program."""
        if not self.is_needed:
            return True
        kind, _, value = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return self.is_right(value.strip())
        if kind.lower() == "basic":
            return self.is_right(_password_in(value))
        given = _cookie_in(headers, self.cookie_name)
        return hmac.compare_digest(given.encode("utf-8", "replace"), self.cookie.encode())

    def _derived(self, purpose: str) -> str:
        return hmac.new(self._text, f"heatcam {purpose}".encode(), hashlib.sha256).hexdigest()


def is_allowed_host(name: str, allowed: Collection[str]) -> bool:
    """Return True if a request may be for this host: one of ``allowed``, or an address, which no stranger's name server resolves.

    Args:
        name: value of the ``Host`` header, as ``localhost:8000``.
        allowed: names in small letters.
    """
    try:
        host = _split(name)[0]
        return host in allowed or bool(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        return False


class Access:
    """ASGI middleware that refuses requests for other hosts, from other sites, and without the token; adds headers to answers.

    Args:
        app: what answers those that are let in.
        token: what has to be known.
        allowed_hosts: names that requests may be for, in small letters, without ports.
    """

    def __init__(self, app: ASGIApp, token: Token, allowed_hosts: Collection[str]) -> None:
        self._app, self._token, self._hosts = app, token, allowed_hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer with the reason why not."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        problem = self._problem_of(scope)
        if problem is None:
            await self._app(scope, receive, send_with_headers)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": problem.detail[:120]})
        else:
            response = problem_response(problem)
            if problem.status == 401:
                response.headers["WWW-Authenticate"] = 'Bearer realm="heatcam"'
            await response(scope, receive, send_with_headers)

    def _problem_of(self, scope: Scope) -> Problem | None:
        """Return the reason to refuse a request; None for none."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not is_allowed_host(host, self._hosts):
            return Problem(
                421,
                f"this service does not answer for {host or 'a request without Host'}; allow the name with --allow-host",
            )
        is_socket = scope["type"] == "websocket"
        changes = is_socket or scope["method"] not in _SAFE_METHODS
        if _is_from_elsewhere(headers, host, changes=changes, is_page=scope["path"] == "/"):
            return Problem(403, "requests from other sites are refused; open the page by its own address")
        if is_public(scope["path"]) or self._token.lets_in(headers):
            return None
        return Problem(401, "the token is missing or wrong; send it as Authorization: Bearer TOKEN")


def is_public(path: str) -> bool:
    """Return True if a path is answered without the token."""
    return path in PUBLIC or path.startswith(PUBLIC_FOLDER)


def _is_from_elsewhere(headers: Headers, host: str, *, changes: bool, is_page: bool) -> bool:
    """Return True if a page of another site has sent this. Programs send neither of the two headers; browsers always one.

    A link on another site may lead to the page itself, which does nothing by being opened.
    """
    origin = headers.get("origin")
    if origin is not None and changes and not _is_same(origin, host):
        return True
    site = headers.get("sec-fetch-site", "none")
    if site in _SAME_SITE:
        return False
    leads_here = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    return not (is_page and leads_here and not changes)


def _is_same(origin: str, host: str) -> bool:
    """Return True if an origin, as ``http://localhost:8000``, is the host that was asked."""
    try:
        parts = urlsplit(origin)
        usual = {"http": 80, "https": 443}.get(parts.scheme)
        name, port = _split(host)
        return (
            usual is not None and _split(parts.netloc)[0] == name and (parts.port or usual) == (port or usual)
        )
    except ValueError:
        return False


def _split(host: str) -> tuple[str, int | None]:
    """Split ``name:port`` into the name in small letters and the port; None without one.

    Raises:
        ValueError: the port is no number.
    """
    host = host.strip().lower()
    end = host.rfind("]")  # an IPv6 address has colons of its own
    name, _, port = host[end + 1 :].partition(":")
    if port and not (port.isascii() and port.isdigit() and len(port) <= 5):
        raise ValueError(f"{port[:9]} is no port")
    return (host[: end + 1] + name).rstrip("."), int(port) if port else None


def _password_in(value: str) -> str:
    try:
        text = base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
    return text.partition(":")[2]


def _cookie_in(headers: Headers, name: str) -> str:
    """Return a cookie's value, "" for none. Other services of this host may have set cookies that break the rules."""
    return cookie_parser(headers.get("cookie", "")).get(name, "")
