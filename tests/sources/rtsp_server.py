"""A network camera that speaks RTSP: numbered JPEG pictures (RFC 2435) inside the RTSP connection, 25 a second, with a login."""

import base64
import contextlib
import socket
import socketserver
import struct
import threading
import time

import cv2

from tests.sources.numbered import numbered_picture

SIZE_WH = (160, 96)
_SDP = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\nm=video 0 RTP/AVP 26\r\na=framerate:25\r\na=control:video\r\n"


class RtspServer:
    """Serves at ``url``. ``stalled`` keeps connections and sends nothing; ``close`` and ``open`` unplug it and plug it in."""

    def __init__(self, login: str = "") -> None:
        self.login = login
        self.stalled = False
        self.step_s = 0.04  # of the times that it stamps
        self._port = 0
        self._server: socketserver.ThreadingTCPServer | None = None
        self._connections: set[socket.socket] = set()
        self.open()

    @property
    def url(self) -> str:
        return f"rtsp://{self.login}{'@' if self.login else ''}127.0.0.1:{self._port}/live"

    def open(self) -> None:
        camera = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                camera._connections.add(self.request)
                with contextlib.suppress(OSError):
                    camera._serve(self)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

        self._server = Server(("127.0.0.1", self._port), Handler)
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._connections.clear()

    def _serve(self, handler) -> None:
        wanted = "Basic " + base64.b64encode(self.login.encode()).decode()
        while request := self._request(handler):
            method, headers = request
            head = f"CSeq: {headers.get('cseq', '0')}\r\n"
            if self.login and method != "OPTIONS" and headers.get("authorization") != wanted:
                reply = f'RTSP/1.0 401 Unauthorized\r\n{head}WWW-Authenticate: Basic realm="camera"\r\n\r\n'
            elif method == "DESCRIBE":
                sdp = f"Content-Type: application/sdp\r\nContent-Length: {len(_SDP)}\r\n\r\n{_SDP}"
                reply = f"RTSP/1.0 200 OK\r\n{head}{sdp}"
            elif method == "SETUP":
                way = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n\r\n"
                reply = f"RTSP/1.0 200 OK\r\n{head}{way}"
            else:
                reply = f"RTSP/1.0 200 OK\r\n{head}Public: DESCRIBE, SETUP, PLAY\r\nSession: 1\r\n\r\n"
            handler.wfile.write(reply.encode())
            if method == "PLAY":
                self._play(handler, self._server)

    def _request(self, handler) -> tuple[str, dict[str, str]] | None:
        first = handler.rfile.readline().decode("utf-8", "replace")
        headers = {}
        while line := handler.rfile.readline().decode("utf-8", "replace").strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return (first.split()[0], headers) if first.strip() else None

    def _play(self, handler, server) -> None:
        number = 0
        while self._server is server:
            if not self.stalled:
                handler.wfile.write(_packet(number, round(number * self.step_s * 90000)))
                number += 1
            time.sleep(0.04)


def _packet(number: int, timestamp: int) -> bytes:
    """One picture as RTP inside RTSP: the JPEG's tables and its scan, without its headers."""
    jpeg = cv2.imencode(".jpg", numbered_picture(number % 256, SIZE_WH))[1].tobytes()
    tables, at = b"", 2
    while jpeg[at + 1] != 0xDA:
        length = int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if jpeg[at + 1] == 0xDB:
            tables += b"".join(jpeg[n + 1 : n + 65] for n in range(at + 4, at + 2 + length, 65))
        at += 2 + length
    scan = jpeg[at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big") : -2]
    head = struct.pack(">IBBBB", 0, 1, 255, SIZE_WH[0] // 8, SIZE_WH[1] // 8)
    payload = head + struct.pack(">BBH", 0, 0, len(tables)) + tables + scan
    rtp = struct.pack(">BBHII", 0x80, 0x80 | 26, number & 0xFFFF, timestamp & 0xFFFFFFFF, 7) + payload
    return struct.pack(">cBH", b"$", 0, len(rtp)) + rtp


@contextlib.contextmanager
def rtsp_server(login: str = ""):
    server = RtspServer(login)
    try:
        yield server
    finally:
        server.close()
