"""KServe's protocols: predict and explain (V1), health and metadata (V2)."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from heatcam import __version__
from heatcam.web.kserve import ExplainedPictures, PredictedPictures
from heatcam.web.settings import UploadLimits
from tests.web.tiny import Service, TinyModels, asked, picture


def body(*pictures: bytes) -> dict[str, Any]:
    return {"instances": [{"image_bytes": {"b64": base64.b64encode(one).decode()}} for one in pictures]}


def post(path: str, content: Any, models: Any = None, limits: UploadLimits | None = None) -> httpx.Response:
    async def use(service: Service) -> httpx.Response:
        if isinstance(content, bytes):
            return await service.client.post(path, content=content)
        return await service.client.post(path, json=content)

    return asked(use, models, limits)


def get(path: str, models: Any = None) -> httpx.Response:
    return asked(lambda service: service.client.get(path), models)


def test_predict_tells_what_is_in_each_picture_in_their_order_and_makes_no_map() -> None:
    answer = post("/v1/models/tiny:predict", body(picture(), picture((80, 60)))).json()
    PredictedPictures.model_validate(answer)
    sizes = [one["size_wh"] for one in answer["predictions"]]
    assert sizes == [[64, 48], [80, 60]]
    assert all(one["detections"][0]["class_name"] == "red" for one in answer["predictions"])
    assert all(not {"images", "regions"} & set(one) for one in answer["predictions"])


def test_explain_adds_regions_and_images_to_each_picture() -> None:
    answer = post("/v1/models/other:explain", body(picture(), picture((80, 60)))).json()
    ExplainedPictures.model_validate(answer)
    first, second = answer["explanations"]
    assert list(first["images"]) == ["overlay", "heatmap"]
    assert first["regions"] and first["images"]["overlay"]["data"] != second["images"]["overlay"]["data"]
    assert all(base64.b64decode(one["data"])[:4] == b"\x89PNG" for one in second["images"].values())


def test_options_are_those_of_analyze() -> None:
    models = TinyModels()
    answer = post("/v1/models/other:explain?method=fine&conf=0.5&views=boxes", body(picture()), models).json()
    assert list(answer["explanations"][0]["images"]) == ["boxes"]
    ((name, options),) = models.asked
    assert (name, options.method, options.conf) == ("other", "fine", 0.5)
    assert post("/v1/models/tiny:predict?method=gradcan", body(picture())).status_code == 422


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        ({"instances": []}, 422, "at least 1 item"),
        ({}, 422, "instances: Field required"),
        ([1], 422, "body: "),
        ({"instances": [{"image_bytes": "x"}]}, 422, "instances.0.image_bytes"),
        ({"instances": [{"image_bytes": {"b64": "no base64"}}]}, 422, "is not what it should be"),
        ({"instances": [{"image_bytes": {"b64": "é"}}]}, 422, "is not what it should be"),
        (body(*[b""] * 33), 422, "at most 32 items"),
        (body(b"nothing"), 415, "is not a picture"),
        (body(b"x" * 600, b"x" * 600), 413, "larger than 0.001 MB"),
        (b"x" * 80_000, 413, "larger than"),
        (b"{", 422, "is not what it should be"),
        (b"[" * 50_000, 422, "too many values"),
        (b"[" * 5_000, 422, "is not what it should be"),
        (b"\xff\xfe", 422, "is not what it should be"),
        (b'{"instances": [' + b"[]," * 20_000 + b"[]]}", 422, "too many values"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_bodies_that_are_no_pictures_are_problems(content: Any, status: int, words: str) -> None:
    response = post("/v1/models/tiny:explain", content, limits=UploadLimits(most_bytes=1000))
    assert response.status_code == status and words in response.json()["detail"]
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path", ["/v1/models/none", "/v2/models/none", "/v2/models/none/ready", "/v1/models/..%2Ftiny"]
)
def test_an_unknown_model_is_404(path: str) -> None:
    response = get(path)
    assert response.status_code == 404 and response.json()["status"] == 404


def test_an_unknown_model_is_404_before_its_pictures_are_read() -> None:
    response = post("/v1/models/none:predict", b"nonsense")
    assert response.status_code == 404 and "there are tiny, other" in response.json()["detail"]


def test_models_and_service_tell_of_themselves() -> None:
    assert get("/v1/models").json() == {"models": ["tiny", "other"]}
    assert get("/v1/models/other").json() == {"name": "other", "ready": True}
    assert get("/v2").json() == {"name": "heatcam", "version": __version__, "extensions": []}
    assert get("/v2/health/live").json() == {"live": True}
    assert get("/v2/health/ready").json() == {"ready": True}
    assert get("/v2/models/tiny/ready").json() == {"name": "tiny", "ready": True}
    tiny, other = (get(f"/v2/models/{name}").json() for name in ("tiny", "other"))
    assert (tiny["classes"], other["classes"]) == (["red", "other"], None)
    assert tiny["inputs"] == [{"name": "image_bytes", "datatype": "BYTES", "shape": [-1]}]


def test_a_model_that_could_not_be_loaded_is_not_ready() -> None:
    models = TinyModels()
    models.broken = "other.pt is damaged"
    assert get("/v1/models/other", models).json() == {"name": "other", "ready": False}
    response = get("/v2/models/other/ready", models)
    assert response.status_code == 503 and "other.pt is damaged" in response.json()["detail"]
    assert response.headers["retry-after"]
    assert get("/v2/health/ready", models).status_code == 200  # (the other one can be asked)
    models.names, models.for_pictures = ("other",), "other"
    assert get("/v2/health/ready", models).status_code == 503
