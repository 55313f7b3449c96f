"""A look at a server without opening its stream: does it answer, and what.

FFmpeg only says that an address does not open. A look says why (401, 404, nobody listens), and is cheap enough to make
every second while a camera is away. Each step of it has a time limit; nothing is read beyond the first byte.
"""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
from urllib.parse import SplitResult, unquote, urlsplit

from heatcam.sources.addresses import public_url
from heatcam.sources.device import Answer

LOOK_S = 1.0
_PORTS = {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322, "rtmp": 1935, "rtmps": 443}
_SPEAKS_NOT = "it accepts connections but does not answer"


def look_at(url: str) -> Answer:
    """What the server at ``url`` says, within a few seconds at most.

    Ready means that a stream may come. What a look cannot tell (UDP, a login by digest) counts as ready.
    """
    try:
        return _look(url, urlsplit(url))
    except socket.gaierror:
        return Answer(False, "there is no server of that name")
    except TimeoutError:
        return Answer(False, "the server does not answer")
    except ValueError:
        return Answer(False, "the address is malformed")
    except (OSError, http.client.HTTPException) as error:
        return Answer(False, _words_of(error))


def _look(url: str, parts: SplitResult) -> Answer:
    scheme, host = parts.scheme.lower(), parts.hostname
    port = parts.port or _PORTS.get(scheme, 0)
    if not host:
        return Answer(False, "the address names no server")
    if scheme in ("http", "https"):
        return _look_by_http(parts)
    if scheme == "rtsp":
        return _look_by_rtsp(url, host, port, has_login=parts.username is not None)
    if scheme in ("rtsps", "rtmp", "rtmps", "tcp"):
        socket.create_connection((host, port), LOOK_S).close()
    return Answer(True)


def _look_by_http(parts: SplitResult) -> Answer:
    connection = _http_connection(parts)
    try:
        connection.connect()
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("GET", target, headers=_login(parts))
            answer = connection.getresponse()
            started = answer.status >= 300 or bool(answer.read(1))
        except TimeoutError:
            return Answer(False, _SPEAKS_NOT)
        if answer.status in (401, 403):
            digest = "digest" in (answer.getheader("WWW-Authenticate") or "").lower()
            return _refused(answer.status, has_login=parts.username is not None, was_tried=not digest)
        return _judged(answer.status, started)
    finally:
        connection.close()


def _http_connection(parts: SplitResult) -> http.client.HTTPConnection:
    host, port = parts.hostname or "", parts.port
    if parts.scheme.lower() == "http":
        return http.client.HTTPConnection(host, port, timeout=LOOK_S)
    context = ssl.create_default_context()  # cameras sign their own certificates, and FFmpeg takes them too
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection(host, port, timeout=LOOK_S, context=context)


def _login(parts: SplitResult) -> dict[str, str]:
    if parts.username is None:
        return {}
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def _look_by_rtsp(url: str, host: str, port: int, *, has_login: bool) -> Answer:
    """Asks what the stream is, without a login, which is FFmpeg's to send as the server wants it."""
    with socket.create_connection((host, port), LOOK_S) as connection:
        request = f"DESCRIBE {public_url(url)} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n"
        try:
            connection.sendall(request.encode())
            words = connection.recv(256).split(None, 2)
        except TimeoutError:
            return Answer(False, _SPEAKS_NOT)
    if len(words) < 2 or not words[0].startswith(b"RTSP/") or not words[1].isdigit():
        return Answer(False, "what listens there is no RTSP server")
    status = int(words[1])
    if status in (401, 403):
        return _refused(status, has_login=has_login, was_tried=False)
    return _judged(status, True)


def _refused(status: int, *, has_login: bool, was_tried: bool) -> Answer:
    """401: the last word only where the login was tried, or there is none."""
    if not has_login:
        return Answer(False, f"the server asks for a user and a password ({status})")
    if was_tried:
        return Answer(False, f"the user or the password is refused ({status})")
    return Answer(True, f"the server asks for a login; user or password may be wrong ({status})")


def _judged(status: int, started: bool) -> Answer:
    """What any other status means."""
    if status in (404, 410, 454):
        return Answer(False, f"the server has no such stream ({status})")
    if status >= 400:
        return Answer(False, f"the server answers with error {status}")
    return Answer(started, "" if started else "the server sends nothing")


def _words_of(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens at that address"
    if isinstance(error, ConnectionResetError | ConnectionAbortedError | http.client.RemoteDisconnected):
        return "the server hangs up"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return "the server's answer makes no sense"
