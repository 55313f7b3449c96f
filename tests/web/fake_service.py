"""The web service without a model, for the page: ``python -m tests.web.fake_service --port 8123`` serves it."""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import time
from contextlib import suppress
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import uvicorn
from fastapi import APIRouter, FastAPI, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.responses import JSONResponse

import heatcam
from heatcam.frames import ExplainerFacts
from heatcam.measures import document_head, findings_of
from heatcam.overlay import named_look
from heatcam.views import draw_each, encode_view, view_names
from heatcam.web import ServeSettings
from heatcam.web.app import create_app
from heatcam.web.problems import Problem
from tests.web.fake_live import MODELS, SOURCES, FakeLive
from tests.web.fake_scenes import LONG_NAME, NAMES, explain_picture

METHODS = ["live", "fine", "gradcam", "gradcam++", "hirescam", "layercam", "xgradcam", "eigencam", "odam"]
VIEWS = ["overlay", "heatmap", "boxes", "regions", "original", "dual", "grid", "sheet"]
MODELS_OFFERED: list[dict[str, Any]] = [
    {"name": MODELS[0], "classes": list(NAMES), "is_loaded": True},
    {"name": MODELS[1], "classes": None, "is_loaded": False},
]
OPTIONS = {
    "version": heatcam.__version__,
    "for_pictures": MODELS[0],
    "sources": [
        {"id": one, "name": f"{one} ({kind})" if kind != "demo" else "demo scene", "kind": kind}
        for one, kind in SOURCES
    ],
    "methods": METHODS,
    "layer_sets": ["", "15", "18", "21", "15,18,21"],
    "colormaps": ["turbo", "inferno", "viridis", "magma", "jet"],
    "renorms": ["box", "region", "frame", "fixed"],
    "layouts": ["single", "dual", "wipe"],
    "every": [1, 2, 3, 5],
    "views": VIEWS,
    "limits": {"most_bytes": 20_000_000, "most_pixels": 40_000_000},
    "hardware": "Intel Xeon, 2 cores; openvino bf16",
}


def fake_app(live: FakeLive, token: str = "", slow_s: float = 0.0) -> FastAPI:
    """The real application, with its access and its policies, around routes without a model."""
    router = APIRouter()
    add_live(router, live)
    add_files(router, live)
    add_stream(router, live)
    add_analyze(router, slow_s)
    return create_app(ServeSettings(token=token), [router])


def add_live(app: APIRouter, live: FakeLive) -> None:
    @app.get("/options")
    def options() -> dict[str, Any]:
        loaded = live.model if live.phase == "running" else ""
        names = [f"class {n}" for n in range(80)]
        models = [
            {**one, "classes": names, "is_loaded": True} if one["name"] == loaded != MODELS[0] else one
            for one in MODELS_OFFERED
        ]
        return {**OPTIONS, "models": models}

    @app.get("/live")
    def status() -> dict[str, Any]:
        return live.status()

    @app.post("/live/start")
    async def start(request: Request) -> dict[str, Any]:
        wanted = json.loads(await request.body() or "{}")
        live.start(wanted.get("source"), wanted.get("model"))
        return live.status()

    @app.post("/live/stop")
    def stop() -> dict[str, Any]:
        live.stop()
        return live.status()

    @app.patch("/live/state")
    async def change(request: Request) -> dict[str, Any]:
        live.change(await request.json())
        return live.status()

    @app.post("/live/action")
    async def act(request: Request) -> dict[str, Any]:
        live.act((await request.json())["action"])
        return live.status()

    @app.post("/live/seek")
    async def seek(request: Request) -> dict[str, Any]:
        await request.json()
        return live.status()

    @app.post("/live/click")
    async def click(request: Request) -> dict[str, Any]:
        at = await request.json()
        live.click(at["x"], at["y"])
        return live.status()

    @app.get("/live/attention")
    def attention() -> dict[str, Any]:
        return live.attention()


def add_files(app: APIRouter, live: FakeLive) -> None:
    recordings: dict[str, tuple[dict[str, Any], bytes]] = {}

    @app.get("/live/snapshot.png")
    def snapshot() -> Response:
        picture = cv2.imdecode(np.frombuffer(live.jpeg, np.uint8), cv2.IMREAD_COLOR) if live.jpeg else None
        if picture is None:
            raise Problem(409, "there is no picture yet; start the live view first")
        headers = {"Content-Disposition": 'attachment; filename="heatcam-demo-000123.png"'}
        return Response(cv2.imencode(".png", picture)[1].tobytes(), headers=headers, media_type="image/png")

    @app.post("/live/recording/start")
    def record() -> dict[str, Any]:
        if live.phase != "running":
            raise Problem(409, "nothing runs that could be recorded; start the live view first")
        live.recording_since = time.monotonic()
        return live.status()

    @app.post("/live/recording/stop")
    def recorded() -> dict[str, Any]:
        if live.recording_since is None:
            raise Problem(409, "nothing is being recorded")
        seconds, live.recording_since = time.monotonic() - live.recording_since, None
        key = secrets.token_hex(8)
        film = b"not a film" * 250_000
        name = f"heatcam-demo-{len(recordings) + 1}.mp4"
        made = {"id": key, "name": name, "bytes": len(film), "seconds": round(seconds, 2)}
        recordings[key] = made, film
        return made

    @app.get("/live/recordings")
    def listed() -> dict[str, Any]:
        return {"recordings": [made for made, _ in recordings.values()]}

    @app.get("/live/recordings/{key}")
    def download(key: str) -> Response:
        if key not in recordings:
            raise Problem(404, "that recording is gone; record again")
        headers = {"Content-Disposition": 'attachment; filename="film.mp4"'}
        return Response(recordings[key][1], headers=headers)

    @app.delete("/live/recordings/{key}")
    def forget(key: str) -> Response:
        recordings.pop(key, None)
        return Response(status_code=204)


def add_stream(app: APIRouter, live: FakeLive) -> None:
    @app.websocket("/live/ws")
    async def stream(socket: WebSocket) -> None:
        await socket.accept()
        live.viewers += 1
        with suppress(WebSocketDisconnect, RuntimeError):
            await send_frames(socket, live)
        live.viewers -= 1


async def send_frames(socket: WebSocket, live: FakeLive) -> None:
    sent, beat = -1, 0.0
    while True:
        if live.seq != sent and live.jpeg and live.phase == "running":
            sent = live.seq
            header = {"seq": sent, "size_wh": live.picture_wh(), "status": live.status()}
            text = json.dumps(header).encode()
            await socket.send_bytes(len(text).to_bytes(4, "big") + text + live.jpeg)
            assert await socket.receive_text() == "ok"
            beat = time.monotonic()
        elif time.monotonic() - beat > 1:
            await socket.send_text(json.dumps(live.status()))
            beat = time.monotonic()
        await asyncio.sleep(0.02)


def add_analyze(app: APIRouter, slow_s: float) -> None:
    @app.post("/analyze")
    async def analyze(request: Request) -> JSONResponse:
        sent = (await request.form())["file"]
        assert not isinstance(sent, str)
        data = np.frombuffer(await sent.read(), np.uint8)
        image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
        if image is None:
            raise Problem(
                415, "that is not a picture that can be read; send a JPEG, PNG, WebP, HEIC or TIFF file"
            )
        if float(request.query_params.get("conf") or 0.25) > 0.97:
            raise Problem(429, "16 requests wait already; try again in a few seconds", retry_after_s=5)
        await asyncio.sleep(slow_s)
        return JSONResponse(analysis(image, sent.filename or "", dict(request.query_params)))


def analysis(image: Any, name: str, query: dict[str, str]) -> dict[str, Any]:
    """A document of findings as ``POST /analyze`` gives it; a picture called ``empty...`` has nothing in it, ``class...`` is
    for a classifier, and of ``nomap...`` there is no map."""
    count = {"empty": 0, "crowd": 40}.get(name[:5], 3)
    found = explain_picture(image, name, count)
    if name.startswith("nomap"):
        found = replace(
            found, saliency=None, object_maps=(), low_evidence=(), map_error="no gradient comes to layer 15"
        )
    facts = ExplainerFacts(
        query.get("model") or MODELS[0], "0" * 64, "detect", query.get("method") or "live", ("15:C2f",), "class",
        query.get("why", ""), "logits", "cpu", "openvino", "bf16", 640, 0.25, 0.7, 300,
    )  # fmt: skip
    look = named_look(
        query.get("colormap") or "turbo",
        query.get("renorm") or "box",
        float(query.get("alpha") or 0.7),
        True,
        True,
    )
    names = view_names([query.get("views") or "original,overlay,heatmap,boxes,regions"])
    own = findings_of(found, path=name).as_json()
    own["images"] = {
        one.value: encode_view(outcome).as_json() for one, outcome in draw_each(names, found, look)
    }
    if name.startswith("class"):
        own["detections"], own["classes"] = (
            [],
            [
                {"class_name": one, "probability": p}
                for one, p in (("beetle", 0.81), (LONG_NAME, 0.12), ("fly", 0.04))
            ],
        )
        own["heat"]["outside_foreground"] = 0.21
    return {**document_head(facts), "images": [own]}


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--port", type=int, default=8123)
    asked.add_argument("--token", default="")
    asked.add_argument("--crowd", type=int, default=0)
    asked.add_argument("--fails", default="")
    asked.add_argument("--slow", type=float, default=0.0)
    asked.add_argument("--loading", type=float, default=0.3)
    asked.add_argument("--size", default="640x360")
    asked.add_argument("--rate", type=float, default=8.0)
    asked.add_argument("--start", action="store_true")
    given = asked.parse_args()
    wide, tall = map(int, given.size.split("x"))
    live = FakeLive(given.crowd, given.fails, given.loading, given.rate, size_wh=(wide, tall))
    if given.start:
        live.start(None, None)
    uvicorn.run(fake_app(live, given.token, given.slow), port=given.port, log_level="warning")


if __name__ == "__main__":
    main()
