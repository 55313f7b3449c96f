"""Probe of a server without opening its stream: checks that it answers, and how.

FFmpeg only says that an address does not open. A probe says why (401, 404, connection refused), and is cheap enough to make
every second while a camera is away. Each step of it has a timeout; nothing is read beyond the first byte.

It sends the login once if the server asks for it. Repeated probes must stop when it is refused: cameras lock accounts.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from heatcam.sources.device import ProbeResult
from heatcam.sources.logins import Login
from heatcam.sources.urls import public_url

LOOK_S = 1.0
_PORTS = {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322, "rtmp": 1935, "rtmps": 443}
_SPEAKS_NOT = "it accepts connections but does not answer"
_IS_IT_ON = "check the address, and that the camera is on"
_CHECK_LOGIN = "check the user and password; some cameras lock an account for minutes after a few wrong ones"
_CHECK_PATH = "check the path of the address"
_NO_RTSP = 0  # as a status
_LONGEST_HEAD = 1 << 16
_PLAYLISTS = ("mpegurl", "dash+xml")


def probe(url: str) -> ProbeResult:
    """Probe the server at ``url``, within a few seconds at most.

    Ready means that a stream may come. A server that cannot be probed (UDP) counts as ready.
    """
    try:
        return _look(urlsplit(url))
    except socket.gaierror:
        return ProbeResult(False, "there is no server of that name", advice="check the address")
    except TimeoutError:
        return ProbeResult(False, "the server does not answer", advice=_IS_IT_ON)
    except ValueError:
        return ProbeResult(False, "the address is malformed", advice="check the address")
    except (OSError, http.client.HTTPException) as error:
        return ProbeResult(False, _words_of(error), advice=_IS_IT_ON)


def http_connection(parts: SplitResult, timeout_s: float) -> http.client.HTTPConnection:
    """Return a connection to an address's server, not connected yet; each step of it may take ``timeout_s`` seconds."""
    host, port = parts.hostname or "", parts.port
    if parts.scheme.lower() == "http":
        return http.client.HTTPConnection(host, port, timeout=timeout_s)
    context = ssl.create_default_context()  # cameras have self-signed certificates, which FFmpeg accepts too
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection(host, port, timeout=timeout_s, context=context)


def request_target(parts: SplitResult) -> str:
    """Return path and query of an address, for a request."""
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


@dataclass(frozen=True)
class _Said:
    """Answer of a server: status, login challenges, content type, and True if any content came."""

    status: int
    challenges: tuple[str, ...] = ()
    content: str = ""
    started: bool = True


def _look(parts: SplitResult) -> ProbeResult:
    scheme, host = parts.scheme.lower(), parts.hostname
    port = parts.port or _PORTS.get(scheme, 0)
    if not host:
        return ProbeResult(False, "the address names no server", advice="check the address")
    if scheme not in _PORTS and scheme != "tcp":
        return ProbeResult(True)
    if scheme not in ("http", "https", "rtsp"):
        socket.create_connection((host, port), LOOK_S).close()
        return ProbeResult(True)
    try:
        return _asked(parts, Login.of(parts))
    except TimeoutError:
        return ProbeResult(False, _SPEAKS_NOT, advice=_IS_IT_ON)


def _asked(parts: SplitResult, login: Login | None) -> ProbeResult:
    """Send a request, and once more with the login if the server asks for it."""
    ask, method, uri = _ask_by_http, "GET", request_target(parts)
    if parts.scheme.lower() == "rtsp":
        ask, method, uri = _ask_by_rtsp, "DESCRIBE", _bare(parts)
    said = ask(parts, uri, None)
    if said.status != 401 or login is None:
        return _judged(said, sent_secrets=_hides_more(parts))
    authorization = login.answer(said.challenges, method, uri)
    if authorization is None:
        reason = f"the server asks for a login; user or password may be wrong ({said.status})"
        return ProbeResult(True, reason, advice=_CHECK_LOGIN)
    return _judged(ask(parts, uri, authorization), sent_secrets=True)


def _bare(parts: SplitResult) -> str:
    """Return the address without its login."""
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(scheme=parts.scheme.lower(), netloc=host, fragment="").geturl()


def _hides_more(parts: SplitResult) -> bool:
    """Return True if path or query may contain a password too."""
    return public_url(_bare(parts)) != _bare(parts)


def _ask_by_http(parts: SplitResult, uri: str, authorization: str | None) -> _Said:
    connection = http_connection(parts, LOOK_S)
    try:
        connection.connect()
        connection.request("GET", uri, headers={"Authorization": authorization} if authorization else {})
        answer = connection.getresponse()
        started = answer.status >= 300 or bool(answer.read(1))
        challenges = tuple(answer.headers.get_all("WWW-Authenticate") or ())
        content = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return _Said(answer.status, challenges, content, started)
    finally:
        connection.close()


def _ask_by_rtsp(parts: SplitResult, uri: str, authorization: str | None) -> _Said:
    """Send RTSP's ``DESCRIBE`` and return the answer."""
    login = f"Authorization: {authorization}\r\n" if authorization else ""
    request = f"DESCRIBE {uri} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n{login}\r\n"
    address = (parts.hostname, parts.port or _PORTS["rtsp"])
    with socket.create_connection(address, LOOK_S) as connection:
        connection.sendall(request.encode())
        head = connection.recv(4096)
        while b"\r\n\r\n" not in head and len(head) < _LONGEST_HEAD and (more := connection.recv(4096)):
            head += more
    lines = head.decode("latin-1").splitlines()
    words = lines[0].split(None, 2) if lines else []
    if len(words) < 2 or not words[0].startswith("RTSP/") or not words[1].isdigit():
        return _Said(_NO_RTSP)
    asked = [line.partition(":")[2].strip() for line in lines if line.lower().startswith("www-authenticate:")]
    return _Said(int(words[1]), tuple(asked))


def _judged(said: _Said, *, sent_secrets: bool) -> ProbeResult:
    """Convert an answer to a result; ``sent_secrets`` if a login, or what may be one in the address, was sent."""
    status = said.status
    if status == _NO_RTSP:
        return ProbeResult(
            False, "what listens there is no RTSP server", advice="check the address and its port"
        )
    if status in (401, 403):
        return _refused(status, sent_secrets)
    if status in (404, 410, 454):
        return ProbeResult(False, f"the server has no such stream ({status})", advice=_CHECK_PATH)
    if status >= 400:
        return ProbeResult(False, f"the server answers with error {status}", advice=_IS_IT_ON)
    if _is_page(said.content):
        return ProbeResult(
            False, f"the server answers with {said.content}, not with pictures", advice=_CHECK_PATH
        )
    return ProbeResult(said.started, "" if said.started else "the server sends nothing", advice=_CHECK_PATH)


def _refused(status: int, sent_secrets: bool) -> ProbeResult:
    if sent_secrets:
        return ProbeResult(False, f"the user or the password is refused ({status})", True, _CHECK_LOGIN)
    reason = f"the server asks for a user and a password ({status})"
    return ProbeResult(
        False, reason, advice="write them into the address: user:password@ before the server's name"
    )


def _is_page(content: str) -> bool:
    kinds = content.startswith("text/") or content in ("application/json", "application/xml")
    return kinds and not any(word in content for word in _PLAYLISTS)


def _words_of(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens at that address"
    if isinstance(error, ConnectionResetError | ConnectionAbortedError | http.client.RemoteDisconnected):
        return "the server hangs up"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return "the server's answer makes no sense"
