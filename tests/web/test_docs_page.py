"""The page of the operations: whole, safe, and from nowhere else."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import httpx

from heatcam.web.app import PAGE
from heatcam.web.docs_page import docs_page
from tests.web.tiny import Service, asked


class Read(HTMLParser):
    """Collects tags and text, and sees that all is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def pages() -> tuple[httpx.Response, dict[str, Any]]:
    async def use(service: Service) -> tuple[httpx.Response, dict[str, Any]]:
        document = (await service.client.get("/openapi.json")).json()
        return await service.client.get("/docs"), document

    return asked(use)


def test_every_operation_is_on_the_page_with_an_example() -> None:
    response, document = pages()
    assert response.status_code == 200 and response.headers["content-type"].startswith("text/html")
    page = Read(response.text)
    assert page.open == []
    operations = [(method, path) for path, item in document["paths"].items() for method in item]
    assert len(operations) > 8
    for method, path in operations:
        assert any(tag == "details" and about.get("id") == method + path for tag, about in page.tags)
    assert "curl -F file=@photo.jpg http://127.0.0.1:8000/analyze" in page.text
    assert '"b64"' in page.text and '"heatcam/findings/1"' in page.text
    assert "keep boxes above this confidence" in page.text and "turbo, inferno" in page.text


def test_nothing_on_the_page_comes_from_elsewhere_and_nothing_runs_in_it() -> None:
    response, _ = pages()
    page = Read(response.text)
    named = [about[key] for _, about in page.tags for key in ("href", "src") if key in about]
    assert named and all(str(name).startswith("/") and not str(name).startswith("//") for name in named)
    assert not any(tag in ("script", "style") or "style" in about for tag, about in page.tags)
    assert not re.search(r"url\(|@import|http", (PAGE / "docs.css").read_text("utf-8"))


def test_what_a_description_says_is_text() -> None:
    document = {
        "info": {"title": "<b>", "version": "1"},
        "paths": {"/<x>": {"get": {"summary": "<script>", "description": "a `<i>` & b", "responses": {}}}},
    }
    page = docs_page(document, "http://x/'\"<")
    assert "<script>" not in page and "<b>" not in page.replace("<b class", "")
    assert "a <code>&lt;i&gt;</code> &amp; b" in page
