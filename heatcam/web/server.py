"""The server: an address to listen at, and uvicorn, until a signal comes."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import logging
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from heatcam.errors import UsageError

FIRST_PORT, PORTS_TRIED = 8000, 20
HEAD_S = 10.0  # a browser sends a request's head at once
_SHUTDOWN_S = 3  # open requests may take this long at the end; streams and sockets are cut


def listen(host: str, port: int | None) -> socket.socket:
    """Open the socket to listen at.

    Args:
        host: an address or a name of this machine.
        port: TCP port, 0 for any free one; None takes the first free one from ``FIRST_PORT`` on.

    Raises:
        UsageError: the address is not this machine's, or the port is taken or needs more rights.
    """
    wanted = [port] if port is not None else range(FIRST_PORT, FIRST_PORT + PORTS_TRIED)
    for number in wanted:
        try:
            return _bound(host, number)
        except OSError as error:
            if port is None and error.errno == errno.EADDRINUSE:
                continue
            raise _refusal(host, number, error) from None
    raise UsageError(
        f"ports {wanted[0]} to {wanted[-1]} are taken", "choose one with --port; 0 takes any free one"
    )


def _bound(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    opened = socket.socket(family, kind, protocol)
    try:
        if sys.platform != "win32":  # (there it would let two programs listen at one port)
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(address)
        opened.listen(128)
    except OSError:
        opened.close()
        raise
    return opened


def _refusal(host: str, port: int, error: OSError) -> UsageError:
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return UsageError(f"{host} is no address of this machine", "give one with --host, or 0.0.0.0 for all")
    if error.errno == errno.EADDRINUSE:
        return UsageError(f"port {port} is taken", "choose another with --port; 0 takes any free one")
    if error.errno == errno.EACCES:
        return UsageError(f"port {port} needs the rights of root", "choose one from 1024 on with --port")
    return UsageError(
        f"cannot listen at {host}:{port} ({error.strerror})", "choose others with --host and --port"
    )


def is_this_machine_only(host: str) -> bool:
    """Return True if only programs on this machine reach the address."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def address_of(opened: socket.socket, host: str, token: str) -> str:
    """Return the address to open in a browser, with the token in its fragment, which browsers do not send."""
    port = opened.getsockname()[1]
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host.strip("[]") else host)
    return f"http://{name}:{port}/" + (f"#token={token}" if token else "")


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers: the program has its own."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the program."""
        yield


class _NoStrangers(logging.Filter):
    """Leaves out of uvicorn's log what clients do: strangers could fill the terminal, and each one cut off at the end a page."""

    _OF_CLIENTS = (
        "Invalid HTTP",
        "Unsupported upgrade",
        "No supported WebSocket",
        "ASGI callable returned",
        "Cancel ",
    )

    def filter(self, record: logging.LogRecord) -> bool:
        """Return True for what is the server's own fault."""
        error = record.exc_info[1] if record.exc_info else None
        is_cut_off = isinstance(error, asyncio.CancelledError)
        return not is_cut_off and not str(record.msg).startswith(self._OF_CLIENTS)


class _HeadsInTime(H11Protocol):
    """uvicorn's connection, which is closed if a request's head does not come in time: there are no more than 1024 of them."""

    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Read on."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        super().connection_lost(exc)
        self._stop_watching()

    def _watch(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._stop_watching()
        elif self._timer is None:
            self._timer = self.loop.call_later(HEAD_S, self._end)

    def _stop_watching(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None

    def _end(self) -> None:
        self._timer = None
        if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
            self.transport.close()


class WebServer:
    """Serves an application at a socket. Call ``run`` on the main thread, and ``stop`` from anywhere.

    Args:
        app: the application.
        opened: the socket to listen at.
        on_stop: called once the end is asked for, before open requests are waited for: it lets streams end.
    """

    def __init__(
        self, app: FastAPI, opened: socket.socket, on_stop: Callable[[], None] = lambda: None
    ) -> None:
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            http=_HeadsInTime,
            date_header=True,
            lifespan="on",
            ws="websockets-sansio",
            ws_per_message_deflate=False,  # (JPEG does not get smaller: it would cost each viewer milliseconds a frame)
            ws_max_size=64 * 1024,  # (a browser sends two letters for a frame)
            timeout_graceful_shutdown=_SHUTDOWN_S,
            timeout_keep_alive=15,
            h11_max_incomplete_event_size=64 * 1024,
            proxy_headers=True,
            forwarded_allow_ips="127.0.0.1",
        )
        self._server, self._opened, self._on_stop = _Server(config), opened, on_stop

    def run(self) -> bool:
        """Serve until ``stop``; return False if the application could not start."""
        log, quiet = logging.getLogger("uvicorn.error"), _NoStrangers()
        log.addFilter(quiet)
        try:
            self._server.run(sockets=[self._opened])
        except SystemExit:  # (newer ones leave so where the application did not start)
            return False
        finally:
            log.removeFilter(quiet)
        return self._server.started

    def stop(self) -> None:
        """End ``run``: no new requests, open ones have a few seconds; the second time at once."""
        self._on_stop()
        self._server.force_exit = self._server.should_exit
        self._server.should_exit = True
