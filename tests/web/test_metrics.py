"""Numbers for Prometheus: few series whatever strangers ask for, and none of another service's."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from heatcam.web.metrics import Metrics
from tests.web.tiny import Service, asked, picture


def samples(text: str, name: str) -> dict[tuple[str, ...], float]:
    """The values of one metric by its labels' values, without buckets."""
    return {
        tuple(sample.labels[label] for label in sorted(sample.labels)): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name
    }


def test_requests_are_counted_by_the_template_of_their_path_method_and_status() -> None:
    async def use(service: Service) -> str:
        await service.analyze(picture())
        await service.analyze(b"nothing")
        for name in ("tiny", "other", "none"):
            await service.client.get(f"/v1/models/{name}")
        for path in ("/a", "/b", "/c%0A"):
            await service.client.get(path)
        await service.client.request("BREW", "/analyze")
        response = await service.client.get("/metrics")
        assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
        return response.text

    text = asked(use)
    assert samples(text, "heatcam_requests_total") == {
        ("POST", "/analyze", "200"): 1,
        ("POST", "/analyze", "415"): 1,
        ("GET", "/v1/models/{name}", "200"): 2,
        ("GET", "/v1/models/{name}", "404"): 1,
        ("GET", "none", "404"): 3,
        ("none", "/analyze", "405"): 1,
    }
    assert samples(text, "heatcam_request_seconds_count")["POST", "/analyze"] == 2
    assert samples(text, "heatcam_model_seconds_count") == {("tiny",): 1}
    assert samples(text, "heatcam_queue_length") == {(): 0}


def test_the_rate_of_the_live_view_is_asked_for_when_the_numbers_are() -> None:
    from prometheus_client import generate_latest

    rates = [12.5, 25.0]
    metrics = Metrics(live_fps=rates.pop)
    for expected in (25.0, 12.5):
        assert samples(generate_latest(metrics.registry).decode(), "heatcam_live_fps") == {(): expected}
