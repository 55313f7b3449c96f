"""MJPEG over HTTP as odd cameras send it: without first boundary (ESP32), lengths, types or carriage returns, or without end."""

from __future__ import annotations

import contextlib
import http.server
import threading
import time

import cv2
import pytest

from heatcam.errors import SourceError
from heatcam.sources import jpeg_splitter
from heatcam.sources.mjpeg import MjpegConnection
from heatcam.sources.opening import open_source
from tests.sources.numbered import number_in, numbered_picture
from tests.sources.test_stream import take

KINDS = [
    "usual",
    "no first boundary",
    "no lengths",
    "no type",
    "line feeds",
    "quoted",
    "no headers",
    "redirect",
    "digest",
]


def parts_of(kind, number):
    jpeg = cv2.imencode(".jpg", numbered_picture(number % 256))[1].tobytes()
    end = "\n" if kind == "line feeds" else "\r\n"
    boundary = "" if kind == "no first boundary" and not number else f"--frame{end}"
    length = "" if kind in ("no lengths", "line feeds") else f"Content-Length: {len(jpeg)}{end}"
    head = f"{boundary}Content-Type: image/jpeg{end}{length}{end}"
    return (b"" if kind == "no headers" else head.encode()) + jpeg + end.encode()


@contextlib.contextmanager
def server(kind, body=None):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            if kind == "redirect" and self.path == "/":
                self.send_response(302)
                self.send_header("Location", "/elsewhere")
                return self.end_headers()
            if kind == "digest" and 'response="' not in self.headers.get("Authorization", ""):
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Digest realm="camera", nonce="n", qop="auth"')
                return self.end_headers()
            self.send_response(200)
            if kind != "no type":
                quoted = '"--frame"' if kind == "quoted" else "frame"
                self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={quoted}")
            self.end_headers()
            with contextlib.suppress(OSError):
                for part in body() if body else (parts_of(kind, number) for number in range(1000)):
                    self.wfile.write(part)
                    time.sleep(0 if body else 0.01)
            return None

        def log_message(self, *_):
            pass

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request, client_address):
            pass

    with Server(("127.0.0.1", 0), Handler) as served:
        threading.Thread(target=served.serve_forever, args=(0.02,), daemon=True).start()
        login = "admin:geheim@" if kind == "digest" else ""
        yield f"http://{login}127.0.0.1:{served.server_port}/"
        served.shutdown()


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_a_server_leaves_out_its_pictures_play(kind):
    with server(kind) as url, open_source(url) as source:
        frames = take(source, 6)
        assert source.negotiated_format.endswith("gives 160x96 as MJPG")
    numbers = [number_in(frame.image_bgr) for frame in frames]
    assert numbers == sorted(set(numbers))


def test_a_part_without_an_end_is_cut(monkeypatch):
    monkeypatch.setattr(jpeg_splitter, "_MOST_BYTES", 1 << 20)

    def endless():
        yield parts_of("usual", 0)
        yield b"--frame\r\nContent-Type: image/jpeg\r\n\r\n" + jpeg_splitter.START + b"\xe0\0\2"
        while True:
            yield b"\0" * 65536

    with server("usual", endless) as url:
        connection = MjpegConnection(url, "camera")
        assert number_in(connection.grab().image_bgr) == 0
        with pytest.raises(SourceError, match=r"camera sends a JPEG without an end \(cut at 1 MB\)"):
            connection.grab()
        connection.close()


def test_the_limit_is_64_mb():
    assert jpeg_splitter._MOST_BYTES == 64 << 20
