"""A network camera that fails on purpose: MJPEG over HTTP, with a switch for each fault."""

import base64
import contextlib
import http.server
import socket
import threading
import time

import cv2

from tests.sources.numbered import numbered_picture

PLAY, STALL, DRIP, DROP, RESET, REFUSE_LOGIN, ERROR = "play", "stall", "drip", "drop", "reset", "401", "500"
_LINGER_ZERO = b"\1\0\0\0\0\0\0\0"


class MjpegServer:
    """Serves numbered pictures at ``address``; ``mode`` may change at any time, also for those who are connected.

    STALL keeps connections open and sends nothing, to new ones neither. DRIP sends one byte every 0.2 s. DROP closes each
    connection, RESET cuts it off, REFUSE_LOGIN and ERROR answer 401 and 500 and close what is open. ``close`` is an
    unplugged camera, ``open`` plugs it in again at the same port.
    """

    def __init__(self, login: str = "", interval_s: float = 0.02) -> None:
        self.mode = PLAY
        self.size_wh = (160, 96)
        self.login = login
        self.interval_s = interval_s
        self.requests = 0
        self.sent = 0
        self._port = 0
        self._server: http.server.ThreadingHTTPServer | None = None
        self._connections: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self.open()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._port}/live"

    @property
    def url(self) -> str:
        return f"http://{self.login}{'@' if self.login else ''}{self.address}"

    def open(self) -> None:
        camera = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                with contextlib.suppress(OSError):
                    camera.serve(self)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True

            def handle_error(self, request, client_address):
                pass

        self._server = Server(("127.0.0.1", self._port), Handler)
        self._port = self._server.server_port
        serving = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        serving.start()
        self._threads = [serving]

    def close(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def serve(self, request: http.server.BaseHTTPRequestHandler) -> None:
        self.requests += 1
        self._connections.add(request.connection)
        try:
            self._serve(request, self._server)
        finally:
            self._connections.discard(request.connection)
            request.close_connection = True

    def _serve(self, request, server) -> None:
        while self.mode in (STALL, DRIP) and self._server is server:
            time.sleep(0.02)
        wanted = "Basic " + base64.b64encode(self.login.encode()).decode()
        if self.mode == REFUSE_LOGIN or (self.login and request.headers.get("Authorization") != wanted):
            request.send_response(401)
            request.send_header("WWW-Authenticate", 'Basic realm="camera"')
            request.end_headers()
            return
        if self.mode == ERROR:
            request.send_error(500)
            return
        request.send_response(200)
        request.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        request.end_headers()
        while self._server is server:
            if self.mode in (DROP, REFUSE_LOGIN, ERROR):
                return
            if self.mode == RESET:
                request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
                request.connection.close()
                return
            if self.mode == STALL:
                time.sleep(0.02)
                continue
            self._send(request, server)

    def _send(self, request, server) -> None:
        picture = numbered_picture(self.sent % 256, self.size_wh)
        self.sent += 1
        jpeg = cv2.imencode(".jpg", picture)[1].tobytes()
        head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
        part = head.encode() + jpeg + b"\r\n"
        if self.mode != DRIP:
            request.wfile.write(part)
            time.sleep(self.interval_s)
            return
        for byte in part:
            request.wfile.write(bytes([byte]))
            time.sleep(0.2)
            if self.mode != DRIP or self._server is not server:
                raise ConnectionAbortedError  # in the middle of a picture


@contextlib.contextmanager
def mjpeg_server(login: str = "", interval_s: float = 0.02):
    server = MjpegServer(login, interval_s)
    try:
        yield server
    finally:
        server.close()
