"""``POST /analyze``: findings and images of a picture, in turn, within limits, and never in the event loop."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from typing import Any

import cv2
import httpx
import numpy as np
import pytest

from heatcam.measures import FindingsDocument
from heatcam.web.analyze_documents import EXAMPLE, AnalyzedDocument
from heatcam.web.analyze_query import VIEWS
from heatcam.web.settings import UploadLimits
from tests.web.tiny import Service, TinyModels, asked, form, picture, soon

PROBLEM = "application/problem+json"


def answer(data: bytes = b"", models: Any = None, **query: Any) -> httpx.Response:
    return asked(lambda service: service.analyze(data or picture(), **query), models)


def image_of(response: httpx.Response) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    (image,) = response.json()["images"]
    return dict(image)


def pixels(image: dict[str, Any], view: str) -> np.ndarray:
    made = image["images"][view]
    assert (made["status"], made["mime"], made["reason"]) == ("ok", "image/png", None)
    return np.asarray(cv2.imdecode(np.frombuffer(base64.b64decode(made["data"]), np.uint8), cv2.IMREAD_COLOR))


def test_a_picture_is_answered_with_its_findings_and_five_images() -> None:
    response = answer()
    assert response.headers["content-type"] == "application/json"
    assert int(response.headers["content-length"]) == len(response.content)
    document = response.json()
    assert document["schema"] == "heatcam/findings/1" and document["model"]["name"] == "tiny"
    image = image_of(response)
    assert image["size_wh"] == [64, 48] and image["path"] == "upload"
    (found,) = image["detections"]
    assert found["class_name"] == "red" and found["box_xyxy"] == [32, 24, 33, 25]
    assert image["regions"][0]["place"] == "centre"
    assert list(image["images"]) == VIEWS.split(",")
    assert pixels(image, "overlay").shape == (48, 64, 3)
    assert (pixels(image, "original")[0, 0] == 90).all()
    FindingsDocument.model_validate(document)
    AnalyzedDocument.model_validate(document)


def test_a_form_is_answered_as_the_whole_body_is_with_the_file_s_name() -> None:
    async def use(service: Service) -> None:
        one = (await service.client.post("/analyze", **form(picture(), name="cat.png"))).json()
        other = (await service.analyze(picture())).json()
        assert one["images"][0].pop("path") == "cat.png" and other["images"][0].pop("path") == "upload"
        assert one == other

    asked(use)


def test_views_are_chosen_and_come_in_their_order_and_none_is_made_unasked() -> None:
    assert list(image_of(answer(views="heatmap,original"))["images"]) == ["heatmap", "original"]
    assert "images" not in image_of(answer(views=""))


def test_a_large_picture_s_images_are_scaled_down_and_its_findings_are_not() -> None:
    image = image_of(answer(picture((256, 128)), longest=64, views="original,overlay"))
    assert image["size_wh"] == [256, 128] and image["detections"][0]["box_xyxy"][0] == 128
    assert pixels(image, "overlay").shape == (32, 64, 3) == pixels(image, "original").shape


def test_colours_opacity_and_scope_are_those_that_were_asked_for() -> None:
    usual, other = (
        pixels(image_of(answer(views="overlay", **look)), "overlay")
        for look in ({}, {"colormap": "viridis", "renorm": "frame", "alpha": 0.2})
    )
    assert not np.array_equal(usual, other)


def test_options_reach_the_explainer_and_those_left_out_are_the_command_line_s() -> None:
    models = TinyModels()
    answer(
        models=models,
        model="other",
        method="fine",
        layers="1,2",
        conf=0.5,
        classes="red,other",
        why="red",
        imgsz=320,
    )
    ((name, options),) = models.asked
    assert (name, options.method, options.layers, options.conf) == ("other", "fine", ("1", "2"), 0.5)
    assert (options.classes, options.why, options.imgsz) == (("red,other",), "red", 320)
    assert (options.iou, options.target, options.max_det) == (0.7, "class", 300)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"views": "overly"}, "there is no view 'overly'; did you mean 'overlay'?"),
        ({"model": "tinny"}, "there is no model 'tinny'; did you mean 'tiny'?"),
        ({"model": "/etc/passwd"}, "there is no model '/etc/passwd'; there are tiny, other"),
        ({"method": "gradcan"}, "there is no method 'gradcan'; did you mean 'gradcam'?"),
        ({"layers": "99"}, "tiny has no layer 99; there are 0 to 3"),
        ({"classes": "dog"}, "the model has no class 'dog'; it has 2: red, other"),
        ({"colormap": "turbow"}, "there is no colour map 'turbow'; did you mean 'turbo'?"),
        ({"renorm": "x"}, "there is no renorm 'x'; there are box, region, frame, fixed"),
        ({"imgsz": 4000}, "imgsz is 4000; give a number of pixels from 32 to 1280"),
        ({"conf": 1.5}, "query.conf: Input should be less than or equal to 1"),
        ({"conf": "nan"}, "query.conf"),
        ({"alpha": "much"}, "query.alpha"),
        ({"region_share": 1}, "query.region_share"),
        ({"foreground": "mask.png"}, "query.foreground"),
        ({"longest": 9}, "query.longest"),
        ({"source": "file:///etc"}, "query.source: Extra inputs are not permitted"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_a_wrong_option_is_one_problem_with_its_next_step(query: dict[str, Any], words: str) -> None:
    response = answer(**query)
    assert (response.status_code, response.headers["content-type"]) == (422, PROBLEM)
    assert words in response.json()["detail"]


def test_a_map_that_fails_leaves_the_prediction_and_each_image_says_how_it_went() -> None:
    models = TinyModels()
    models.fails = "no gradient comes to layer 15"
    image = image_of(answer(models=models))
    assert image["detections"][0]["class_name"] == "red" and image["heat"] is None
    assert image["map_error"] == models.fails
    status = {view: made["status"] for view, made in image["images"].items()}
    assert status == {
        "original": "ok",
        "overlay": "ok",
        "heatmap": "failed",
        "boxes": "ok",
        "regions": "failed",
    }
    assert models.fails in image["images"]["heatmap"]["reason"] and image["images"]["heatmap"]["data"] is None


def test_a_classifier_answers_with_its_likeliest_classes_too() -> None:
    models = TinyModels()
    models.task = "classify"
    image = image_of(answer(models=models, conf=0.5))
    assert image["classes"] == [
        {"class_name": "red", "probability": 0.9},
        {"class_name": "other", "probability": 0.1},
    ]
    assert [one["class_name"] for one in image["detections"]] == ["red"]
    assert image["regions"]
    assert "classes" not in image_of(answer())


def test_the_evidence_outside_the_subject_is_told_where_there_is_a_plain_background() -> None:
    assert "outside_foreground" not in image_of(answer())["heat"]
    found = image_of(answer(picture((256, 192)), foreground="auto"))
    assert found["warnings"] == ["no subject on a plain background was found"]
    large = np.full((192, 256, 3), 200, np.uint8)
    large[40:150, 60:200] = (10, 10, 90)
    data = cv2.imencode(".png", large)[1].tobytes()
    image = image_of(answer(data, foreground="auto"))
    assert 0 < image["heat"]["outside_foreground"] < 1 and image["warnings"] == []


def test_regions_hold_the_share_that_was_asked_for() -> None:
    redder = np.zeros((48, 64, 3), np.uint8)
    redder[..., 2] = np.linspace(0, 255, 64)
    data = cv2.imencode(".png", redder)[1].tobytes()

    def held(share: float) -> float:
        return sum(one["area"] for one in image_of(answer(data, region_share=share, views=""))["regions"])

    assert held(0.95) > held(0.3)


def test_the_log_says_which_images_were_made_and_how_many_regions(caplog: pytest.LogCaptureFixture) -> None:
    models = TinyModels()
    models.fails = "it did not work"
    with caplog.at_level(logging.INFO, "heatcam.web"):
        answer(views="overlay")
        answer(views="overlay,heatmap", models=models)
    first, second = [record.message for record in caplog.records if record.name == "heatcam.web"]
    assert first == "upload 64x48, tiny: 1 red; 1 region; images: overlay"
    assert second.startswith("upload 64x48, tiny: 1 red; 0 regions; images: overlay, heatmap failed (")
    assert second.endswith("; no heat map (it did not work)")


@pytest.mark.parametrize(
    ("data", "status"), [(b"%PDF-1.7", 415), (b"GIF89a" + b"\0" * 90, 422), (b"x" * 3000, 413)]
)
def test_what_is_no_picture_damaged_or_too_large_is_a_problem(data: bytes, status: int) -> None:
    response = asked(lambda service: service.analyze(data), limits=UploadLimits(most_bytes=2000))
    assert (response.status_code, response.headers["content-type"]) == (status, PROBLEM)
    assert response.json()["status"] == status and ";" in response.json()["detail"]


def test_a_model_that_cannot_be_loaded_is_the_service_s_fault() -> None:
    models = TinyModels()
    models.broken = "other.pt is damaged"
    assert answer(models=models, model="other").status_code == 500
    assert answer(models=models).status_code == 200


def test_other_routes_answer_while_a_picture_is_explained() -> None:
    async def use(service: Service) -> None:
        service.models.goes_on.clear()
        slow = asyncio.create_task(service.analyze(picture()))
        await soon(service.models.began.is_set)
        for path in ("/v2/health/live", "/v1/models", "/metrics", "/docs"):
            assert (await asyncio.wait_for(service.client.get(path), 5)).status_code == 200
        assert "heatcam_queue_length 1.0" in (await service.client.get("/metrics")).text
        assert (await service.analyze(b"nothing")).status_code == 415
        service.models.goes_on.set()
        assert (await slow).status_code == 200

    asked(use)


def test_more_than_may_wait_are_told_when_to_try_again_and_the_others_get_their_answers() -> None:
    async def use(service: Service) -> None:
        service.models.goes_on.clear()
        tasks = [asyncio.create_task(service.analyze(picture())) for _ in range(6)]
        await soon(lambda: sum(task.done() for task in tasks) == 3)
        service.models.goes_on.set()
        responses = await asyncio.gather(*tasks)
        refused = [one for one in responses if one.status_code == 429]
        assert len(refused) == 3 and sum(one.status_code == 200 for one in responses) == 3
        assert all(int(one.headers["retry-after"]) >= 1 for one in refused)
        assert (await service.analyze(picture())).status_code == 200

    asked(use, limits=UploadLimits(queue_length=2))


def test_what_is_not_done_in_time_is_told_so() -> None:
    async def use(service: Service) -> None:
        await service.analyze(picture())  # (its decoder has started then)
        service.models.goes_on.clear()
        response = await service.analyze(picture())
        assert (response.status_code, response.headers["content-type"]) == (503, PROBLEM)
        assert int(response.headers["retry-after"]) >= 1
        service.models.goes_on.set()
        assert (await service.analyze(picture())).status_code == 200

    asked(use, limits=UploadLimits(waiting_s=1.5))


async def left_in_the_middle(
    service: Service, data: bytes
) -> tuple[asyncio.Task[None], asyncio.Event, list[Any]]:
    """Ask with a client that leaves when the event is set; the list gets what it was sent."""
    leaves, sent, messages = asyncio.Event(), [], [{"type": "http.request", "body": data, "more_body": False}]

    async def receive() -> Any:
        if messages:
            return messages.pop()
        await leaves.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": "/analyze", "raw_path": b"/analyze", "query_string": b"", "root_path": "",
        "headers": [(b"host", b"127.0.0.1:8000")], "client": ("127.0.0.1", 9), "server": ("127.0.0.1", 8000),
    }  # fmt: skip
    return asyncio.ensure_future(service.app(scope, receive, send)), leaves, sent


def test_a_client_that_leaves_while_it_waits_is_taken_out_of_the_line() -> None:
    async def use(service: Service) -> None:
        service.models.goes_on.clear()
        first = asyncio.create_task(service.analyze(picture()))
        await soon(service.models.began.is_set)
        second, leaves, sent = await left_in_the_middle(service, picture((80, 60)))
        await soon(lambda: service.queue.waiting == 2)
        leaves.set()
        await asyncio.wait_for(second, 5)
        assert service.queue.waiting == 1 and sent[0]["status"] == 499
        service.models.goes_on.set()
        assert (await first).status_code == 200
        await service.analyze(picture())
        assert len(service.models.explained) == 2  # of three

    asked(use)


def test_what_was_begun_for_a_client_that_leaves_is_thrown_away() -> None:
    async def use(service: Service) -> None:
        service.models.goes_on.clear()
        task, leaves, sent = await left_in_the_middle(service, picture())
        await soon(service.models.began.is_set)
        leaves.set()
        await asyncio.wait_for(task, 5)
        assert service.queue.waiting == 0 and sent[0]["status"] == 499
        service.models.goes_on.set()
        assert (await service.analyze(picture())).status_code == 200

    asked(use)


def test_a_name_cannot_stand_for_an_image() -> None:
    """The place of an image's data in the text is found by a word that nobody can have sent."""
    response = asked(
        lambda service: service.client.post("/analyze", **form(picture(), name='"data": "x", @.png'))
    )
    image = image_of(response)
    assert pixels(image, "boxes").shape == (48, 64, 3)
    assert json.loads(response.content)["images"][0]["path"].endswith("@.png")


def test_the_example_of_the_document_is_an_answer_as_it_could_be() -> None:
    AnalyzedDocument.model_validate(EXAMPLE)
    answered = answer().json()
    (image,), (example,) = answered["images"], EXAMPLE["images"]
    assert list(EXAMPLE) == list(answered) and set(example) == set(image)
    assert all(set(example[key][0]) == set(image[key][0]) for key in ("detections", "regions"))


def test_images_of_large_pictures_are_scaled_down_unless_more_is_asked_for() -> None:
    async def use(service: Service) -> list[tuple[int, ...]]:
        data = picture((3000, 300))
        answers = [await service.analyze(data, views="original", **more) for more in ({}, {"longest": 4096})]
        return [pixels(image_of(one), "original").shape for one in answers]

    assert asked(use) == [(205, 2048, 3), (300, 3000, 3)]
