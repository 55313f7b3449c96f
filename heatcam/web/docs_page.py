"""``/docs``: the operations of the service as one page, made here: the framework's own page loads its parts from elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

_METHODS = ("get", "post", "put", "patch", "delete")
_DEEP = 6  # levels of a schema that an example is made of
_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>heatcam: HTTP interface</title><link rel="icon" href="/favicon.ico"><link rel="stylesheet" href="/static/docs.css"></head>
<body><main>"""
_FOOT = "</main></body></html>"


def docs_router() -> APIRouter:
    """Return the page's route."""
    router = APIRouter(include_in_schema=False)

    @router.get("/docs")
    async def docs(request: Request) -> HTMLResponse:
        return HTMLResponse(docs_page(request.app.openapi(), str(request.base_url).rstrip("/")))

    return router


def docs_page(document: dict[str, Any], address: str) -> str:
    """Return the page of an OpenAPI document, as HTML that needs no scripts.

    Args:
        document: what ``/openapi.json`` gives.
        address: of the service, for the examples.
    """
    about = document["info"]
    parts = [
        _HEAD,
        f"<h1>{escape(about['title'])} <small>{escape(about['version'])}</small></h1>",
        f"<p>{escape(about.get('summary', ''))} "
        'The same as a document for programs: <a href="/openapi.json">openapi.json</a>. '
        "With a token, add <code>-H 'Authorization: Bearer TOKEN'</code>.</p>",
    ]
    for tag, operations in _by_tag(document).items():
        parts.append(f"<h2>{escape(tag)}</h2>")
        parts += [_operation(document, address, *one) for one in operations]
    return "\n".join([*parts, _FOOT])


def _by_tag(document: dict[str, Any]) -> dict[str, list[tuple[str, str, dict[str, Any]]]]:
    """Return path, method and description of each operation, by the first of its tags."""
    found: dict[str, list[tuple[str, str, dict[str, Any]]]] = {}
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                tag = (item[method].get("tags") or ["other"])[0]
                found.setdefault(tag, []).append((path, method, item[method]))
    return found


def _operation(document: dict[str, Any], address: str, path: str, method: str, about: dict[str, Any]) -> str:
    """Return one operation, folded."""
    parts = [
        f"<details id='{escape(method + path, quote=True)}'><summary><b class='{method}'>{method.upper()}</b> "
        f"<code>{escape(path)}</code> <span>{escape(about.get('summary', ''))}</span></summary>",
        *(f"<p>{_marked(one)}</p>" for one in about.get("description", "").split("\n\n") if one.strip()),
        f"<pre>{escape(_curl(address, path, method, about))}</pre>",
        _parameters(about),
        *_bodies(document, "Body", about.get("requestBody", {}).get("content", {})),
        "<h3>Answers</h3>",
    ]
    for status, answer in about.get("responses", {}).items():
        parts.append(f"<p><b>{escape(status)}</b> {_marked(answer.get('description', ''))}</p>")
        if status.startswith("2"):
            parts += _bodies(document, "", answer.get("content", {}))
    return "\n".join([*parts, "</details>"])


def _parameters(about: dict[str, Any]) -> str:
    """Return the table of an operation's parameters; "" for none."""
    rows = [
        f"<tr><th><code>{escape(one['name'])}</code></th><td>{escape(_kind(one['schema']))}</td>"
        f"<td>{_marked(one.get('description', one['schema'].get('description', '')))}</td></tr>"
        for one in about.get("parameters", ())
    ]
    return f"<div class='wide'><table>{''.join(rows)}</table></div>" if rows else ""


def _kind(schema: dict[str, Any]) -> str:
    """Return the values that a schema allows, in a few words."""
    options = [one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"]
    enums = schema.get("enum") or next((one["enum"] for one in options if "enum" in one), None)
    words = ", ".join(map(str, enums)) if enums else "/".join(str(one.get("type", "any")) for one in options)
    low, high = (
        _limit(options, names) for names in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum"))
    )
    return words + (f" {low} to {high}" if low != "" and high != "" else "")


def _limit(options: list[dict[str, Any]], names: tuple[str, str]) -> Any:
    return next((one[name] for one in options for name in names if name in one), "")


def _bodies(document: dict[str, Any], title: str, content: dict[str, Any]) -> Iterator[str]:
    """Yield an example of each kind of body."""
    for kind, about in content.items():
        yield f"<p>{title} <code>{escape(kind)}</code></p>"
        schema = about.get("schema", {})
        made = about.get("example") or _example(document, schema)
        if kind.endswith("json") and isinstance(made, dict | list):
            yield f"<pre>{escape(json.dumps(made, indent=1, ensure_ascii=False))}</pre>"


def _curl(address: str, path: str, method: str, about: dict[str, Any]) -> str:
    """Return a command that asks for an operation."""
    content = about.get("requestBody", {}).get("content", {})
    words = "curl" + ("" if method == "get" else f" -X {method.upper()}")
    if "multipart/form-data" in content:
        words = "curl -F file=@photo.jpg"
    elif "application/json" in content:
        words += " -H 'Content-Type: application/json' -d @body.json"
    return f"{words} {address}{path}"


def _example(document: dict[str, Any], schema: dict[str, Any], deep: int = 0) -> Any:
    """Return a value that fits a schema: its example, or one that is made up."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for key in ("examples", "enum", "prefixItems"):
        if schema.get(key):
            return [0.0 for _ in schema[key]] if key == "prefixItems" else schema[key][0]
    if "default" in schema or deep > _DEEP:
        return schema.get("default")
    for key in ("anyOf", "allOf", "oneOf"):
        if schema.get(key):
            return _example(document, schema[key][0], deep)
    if schema.get("type") == "object":
        named = schema.get("properties", {})
        return {name: _example(document, one, deep + 1) for name, one in named.items()}
    if schema.get("type") == "array":
        return [_example(document, schema.get("items", {}), deep + 1)]
    return {"string": "...", "number": 0.0, "integer": 0, "boolean": True}.get(schema.get("type", ""))


def _marked(text: str) -> str:
    """Return text as HTML, with what stands in backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(" ".join(text.split())))
