"""A service of the Open Inference Protocol in a thread of this process, on this machine alone, around the tiny detector."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

from tests.blackbox.files import SIZE_WH, metadata, raw_boxes

_HEADER = "Inference-Header-Content-Length"


class TinyService(ThreadingHTTPServer):
    """Serves the model ``tiny``.

    Attributes:
        binary: takes tensors as bytes, as Triton does.
        busy: so many requests are answered with 503 first.
        seen: paths and headers of all requests.
        answers: documents that are given in place of the usual ones, by path.
    """

    daemon_threads = True

    def __init__(self, *, binary: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.binary, self.busy = binary, 0
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.answers: dict[str, Any] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v2/models/tiny"


class _Handler(BaseHTTPRequestHandler):
    server: TinyService

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        if self._is_busy():
            return
        wide, tall = SIZE_WH
        documents: dict[str, Any] = {
            "/v2": {"name": "tiny", "extensions": ["binary_tensor_data"] if self.server.binary else []},
            "/v2/models/tiny": {
                "name": "tiny",
                "platform": "onnxruntime_onnx",
                "inputs": [{"name": "images", "datatype": "FP32", "shape": [-1, 3, tall, wide]}],
                "outputs": [{"name": "output0", "datatype": "FP32", "shape": [-1, 6, 60]}],
            },
            "/v2/models/tiny/config": {"parameters": {"metadata": {"string_value": str(metadata())}}},
        } | self.server.answers
        found = documents.get(self.path)
        if found is None:
            self._send(404, b'{"error": "no such thing"}')
        elif isinstance(found, str):
            self.send_response(302)
            self.send_header("Location", found)
            self.end_headers()
        else:
            self._send(200, json.dumps(found).encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self._is_busy():
            return
        cut = int(self.headers.get(_HEADER, len(body)))
        (given,) = json.loads(body[:cut])["inputs"]
        values = np.frombuffer(body[cut:], np.float32) if body[cut:] else np.array(given["data"], np.float32)
        images = values.reshape(given["shape"])
        made = np.repeat(raw_boxes(), len(images), 0)
        made[:, 4:] *= 2 * images.mean((1, 2, 3))[:, None, None]
        one: dict[str, Any] = {"name": "output0", "datatype": "FP32", "shape": list(made.shape)}
        if not self.server.binary:
            self._send(200, json.dumps({"outputs": [one | {"data": made.ravel().tolist()}]}).encode())
            return
        one["parameters"] = {"binary_data_size": made.nbytes}
        head = json.dumps({"outputs": [one]}).encode()
        self._send(200, head + made.tobytes(), {_HEADER: str(len(head))})

    def _is_busy(self) -> bool:
        self.server.seen.append((self.path, {key.lower(): value for key, value in self.headers.items()}))
        if self.server.busy:
            self.server.busy -= 1
            self._send(503, b"busy")
            return True
        return False

    def _send(self, code: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(code)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving(*, binary: bool = False) -> Iterator[TinyService]:
    """Serve while this lasts."""
    with TinyService(binary=binary) as service:
        thread = threading.Thread(target=service.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield service
        finally:
            service.shutdown()
            thread.join()
