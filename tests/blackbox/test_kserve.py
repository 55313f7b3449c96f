"""Services are asked as their protocol has it: any of version 2, and ``heatcam serve``, on this machine."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uvicorn

from heatcam.blackbox import http as asking
from heatcam.blackbox import open_black_box
from heatcam.blackbox.runtimes.kserve import endpoint_of, tensors_in
from heatcam.errors import ModelError, UsageError
from heatcam.frames import Detections, Frame
from heatcam.options import ExplainOptions
from tests.blackbox.files import metadata, picture, raw_boxes, write_onnx
from tests.blackbox.oip_server import serving
from tests.web.tiny import Service, TinyModels


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_WAIT_S", 0.0)


def boxes_of(spec: str, image: np.ndarray | None = None) -> Detections:
    shown = picture() if image is None else image
    return open_black_box(spec, ExplainOptions()).explain(Frame(shown, 0, 0.0, 0.0)).detections


@pytest.mark.parametrize("binary", [False, True])
def test_a_service_finds_what_the_same_model_finds_here(binary: bool, tmp_path: Path) -> None:
    here = boxes_of(str(write_onnx(tmp_path / "tiny.onnx", [raw_boxes()], metadata())))
    with serving(binary=binary) as service:
        there = boxes_of(service.url)
        sent = [headers for path, headers in service.seen if path.endswith("/infer")]
    assert there.class_names == here.class_names and len(here) > 5
    np.testing.assert_allclose(there.boxes_xyxy, here.boxes_xyxy, atol=1e-3)
    np.testing.assert_allclose(there.confidences, here.confidences, atol=1e-5)
    assert {"inference-header-content-length" in headers for headers in sent} == {binary}


def test_a_service_without_names_has_numbers() -> None:
    with serving() as service:
        service.answers = {"/v2/models/tiny/config": {"parameters": None}}
        assert set(boxes_of(service.url).class_names) == {"0", "1"}


def test_user_and_password_are_sent_and_shown_nowhere() -> None:
    with serving() as service:
        url = service.url.replace("//", "//anna:p%40ss@")
        explainer = open_black_box(url, ExplainOptions())
        service.answers = {"/v2/models/tiny": {"inputs": "none"}}
        with pytest.raises(ModelError) as refused:
            open_black_box(url, ExplainOptions())
    headers = service.seen[0][1]
    assert base64.b64decode(headers["authorization"].removeprefix("Basic ")) == b"anna:p@ss"
    shown = f"{refused.value} {explainer.engine.name} {explainer.title} {explainer.facts()}"
    assert "anna" not in shown and "ss@" not in shown and "127.0.0.1" in shown


def test_a_busy_service_is_asked_again_and_not_for_ever() -> None:
    with serving() as service:
        service.busy = 2
        assert len(boxes_of(service.url)) > 0
        service.busy = 9
        with pytest.raises(ModelError, match=r"127\.0\.0\.1:\d+/v2/models/tiny answers 503 \(busy\); check"):
            boxes_of(service.url)
        assert service.busy == 9 - asking._TRIES


def test_redirects_are_not_followed_and_what_is_not_there_is_told() -> None:
    with serving() as service:
        service.answers = {"/v2/models/tiny": "http://127.0.0.1:9/"}
        with pytest.raises(ModelError, match="answers 302"):
            boxes_of(service.url)
        assert [path for path, _ in service.seen] == ["/v2/models/tiny"]
        with pytest.raises(ModelError, match=r"answers 404 .*; check the name of the model"):
            boxes_of(service.url.replace("tiny", "none"))
    with pytest.raises(ModelError, match="cannot be reached"):
        boxes_of(service.url)


def test_an_answer_that_is_too_large_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "MOST_BYTES", 1000)
    with serving() as service, pytest.raises(ModelError, match="answers more than"):
        boxes_of(service.url)


@pytest.mark.parametrize(
    "about",
    [
        [],
        {},
        {"inputs": [{"name": "a", "datatype": "BYTES", "shape": [1]}]},
        {"inputs": [{"name": "a", "datatype": "FP32", "shape": [1, 7]}]},
        {"inputs": [{"name": "a", "datatype": "INT8", "shape": [1, 3, 8, 8]}]},
        {"inputs": [{}, {}]},
    ],
    ids=str,
)
def test_other_models_are_refused_with_what_they_take(about: Any) -> None:
    with serving() as service:
        service.answers = {"/v2/models/tiny": about}
        with pytest.raises(ModelError, match=r"takes|answers no metadata"):
            boxes_of(service.url)


@pytest.mark.parametrize(
    "body",
    [
        b"{}", b"[]", b"", b'{"outputs": [{"datatype": "FP32", "shape": [2], "data": [1]}]}',
        b'{"outputs": [{"datatype": "FP32", "shape": [-1], "data": [1]}]}',
        b'{"outputs": [{"datatype": "FP32", "shape": [99999999999], "data": [1]}]}',
        b'{"outputs": [{"datatype": "BYTES", "shape": [1], "data": ["x"]}]}',
    ],
)  # fmt: skip
def test_answers_that_are_no_tensors_are_errors(body: bytes) -> None:
    with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
        tensors_in(asking.HttpAnswer(body, {}))


def test_addresses() -> None:
    at = endpoint_of("https://u:p@host:8000/lab/v2/models/a%20b/versions/3/infer")
    assert (at.service.root, at.path, at.name) == (
        "https://host:8000", "/lab/v2/models/a%20b/versions/3", "a b",
    )  # fmt: skip
    for url in ("http://host/tiny", "http://host", "http://[", "http://host/v2/models/"):
        with pytest.raises(UsageError, match="for example http://host:8000/v2/models/NAME"):
            endpoint_of(url)


class LoadedWhenAsked(TinyModels):
    """Models that are loaded for their first picture, as those of the program are."""

    def is_loaded(self, name: str) -> bool:
        return any(asked == name for asked, _ in self.asked)


@contextmanager
def heatcam_serving() -> Iterator[str]:
    """Serve the service's own application, around tiny models."""
    config = uvicorn.Config(
        Service(LoadedWhenAsked()).app, host="127.0.0.1", port=0, log_level="error", lifespan="off"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.005)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/v2/models/tiny"
    finally:
        server.should_exit = True
        thread.join()


def test_heatcams_own_service_is_sent_pictures() -> None:
    image = np.full((480, 640, 3), 90, np.uint8)
    image[240:300, 320:400] = (40, 40, 250)
    with heatcam_serving() as url:
        explainer = open_black_box(url, ExplainOptions())
        found = explainer.explain(Frame(image, 0, 0.0, 0.0)).detections
        pair = explainer.predicts.predict(np.stack((image, np.zeros_like(image))))
    assert explainer.class_names[0] == "red" and found.class_names[0] == "red"
    left, top, right, bottom = found.boxes_xyxy[0]
    assert left <= 320 <= right and top <= 240 <= bottom
    assert len(pair) == 2
