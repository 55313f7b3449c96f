"""Routes of the live view. Whatever may wait is a plain function, which the framework runs in a worker thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated, get_args

from fastapi import APIRouter, Depends, Path, Query, WebSocket
from fastapi.responses import FileResponse, Response

from heatcam import __version__
from heatcam.enums import Colormap, Layout, Renorm, ViewName
from heatcam.sinks import Action
from heatcam.web.live_documents import (
    ActionRequest,
    AttentionDocument,
    ClickRequest,
    Every,
    LimitsDocument,
    LiveStatus,
    ModelDocument,
    OptionsDocument,
    RecordingDocument,
    RecordingsDocument,
    SeekRequest,
    SourceDocument,
    StartRequest,
    StateChange,
)
from heatcam.web.live_run import LiveRun
from heatcam.web.live_saving import LiveSaving
from heatcam.web.live_sockets import MjpegResponse, serve_socket
from heatcam.web.problems import Problem
from heatcam.web.recordings import FinishedRecording
from heatcam.web.settings import UploadLimits

_NEVER_KEPT = {"Cache-Control": "no-store"}
_RecordingId = Annotated[str, Path(max_length=64)]


def live_router(run: LiveRun, limits: UploadLimits, hardware: Callable[[], str]) -> APIRouter:
    """Return the routes of the live view.

    Args:
        run: the live view; whoever makes it closes it at the end.
        limits: of uploads, which the page tells.
        hardware: returns a line for people about what the models run on.
    """

    async def somebody_is_there() -> None:
        run.wake()

    router = APIRouter(tags=["live"], dependencies=[Depends(somebody_is_there)])
    _add_view(router, run)
    _add_controls(router, run)
    _add_saving(router, run, LiveSaving(run))
    _add_streams(router, run)

    @router.get("/options")
    def options() -> OptionsDocument:
        """Choices that there are: models, sources, and values of the state."""
        return _options(run, limits, hardware())

    return router


def _add_view(router: APIRouter, run: LiveRun) -> None:
    @router.get("/live")
    def status() -> LiveStatus:
        """Status of the live view."""
        return run.status()

    @router.get("/live/attention")
    def attention() -> AttentionDocument:
        """Share of the evidence inside each object's box, over the newest minute."""
        return run.attention_document()


def _add_controls(router: APIRouter, run: LiveRun) -> None:
    @router.post("/live/start")
    def start(wanted: StartRequest | None = None) -> LiveStatus:
        """Start, or restart with another source or model; without effect where it runs with these."""
        wanted = wanted or StartRequest(source=None, model=None)
        run.start(wanted.source, wanted.model)
        return run.status()

    @router.post("/live/stop")
    def stop() -> LiveStatus:
        """Stop, and release the source."""
        run.stop()
        return run.status()

    @router.patch("/live/state")
    def change(wanted: StateChange) -> LiveStatus:
        """Change some of the state, now or, while nothing runs, for the next start."""
        run.change(wanted.changes())
        return run.status()

    @router.post("/live/action")
    def act(wanted: ActionRequest) -> LiveStatus:
        """Do what a key of the window does."""
        run.act(Action[wanted.action.upper()])
        return run.status()

    @router.post("/live/seek")
    def seek(wanted: SeekRequest) -> LiveStatus:
        """Go to a time in a file."""
        run.seek(wanted.seconds)
        return run.status()

    @router.post("/live/click")
    def click(wanted: ClickRequest) -> LiveStatus:
        """Focus the object at a place of the picture, or none."""
        run.click(wanted.x, wanted.y)
        return run.status()


def _add_saving(router: APIRouter, run: LiveRun, saving: LiveSaving) -> None:
    @router.get(
        "/live/snapshot.png",
        response_class=Response,
        responses={200: {"content": {"image/png": {}}, "description": "The picture."}},
    )
    def snapshot(view: Annotated[ViewName | None, Query()] = None) -> Response:
        """Picture as it is shown, or another view of it, in the frame's own pixels."""
        index, png_bytes = saving.snapshot(None if view is None else view.value)
        kind = "" if view is None else f"-{view.value}"
        name = f"heatcam-{time.strftime('%Y%m%d-%H%M%S')}-{index:06d}{kind}.png"
        headers = _NEVER_KEPT | {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(png_bytes, media_type="image/png", headers=headers)

    @router.post("/live/recording/start")
    def start_recording() -> LiveStatus:
        """Record what is shown, from now on."""
        saving.start_recording()
        return run.status()

    @router.post("/live/recording/stop")
    def stop_recording() -> RecordingDocument:
        """Finish the recording."""
        return _document(saving.stop_recording())

    @router.get("/live/recordings")
    def recordings() -> RecordingsDocument:
        """Finished recordings that can be downloaded, the newest last."""
        return RecordingsDocument(recordings=[_document(one) for one in run.recordings.all()])

    @router.get(
        "/live/recordings/{recording_id}",
        response_class=FileResponse,
        responses={200: {"content": {"video/mp4": {}}, "description": "The file."}},
    )
    def download(recording_id: _RecordingId) -> FileResponse:
        """Download a recording."""
        done = run.recordings.get(recording_id)
        if done is None or not done.path.is_file():
            raise Problem(404, "there is no such recording; GET /live/recordings lists them")
        return FileResponse(done.path, media_type="video/mp4", filename=done.path.name, headers=_NEVER_KEPT)

    @router.delete("/live/recordings/{recording_id}", status_code=204)
    def delete(recording_id: _RecordingId) -> None:
        """Delete a recording."""
        if not run.recordings.delete(recording_id):
            raise Problem(404, "there is no such recording; GET /live/recordings lists them")


def _add_streams(router: APIRouter, run: LiveRun) -> None:
    @router.websocket("/live/ws")
    async def socket(socket: WebSocket) -> None:
        await serve_socket(socket, run)

    @router.get(
        "/stream.mjpg",
        response_class=Response,
        responses={200: {"content": {"multipart/x-mixed-replace": {}}, "description": "Endless."}},
    )
    async def stream() -> Response:
        """Picture as MJPEG, for players and dashboards."""
        if run.broadcast.is_full:
            raise Problem(503, "too many viewers; try again later", retry_after_s=10)
        return MjpegResponse(run)


def _document(done: FinishedRecording) -> RecordingDocument:
    return RecordingDocument(id=done.id, name=done.path.name, bytes=done.bytes, seconds=done.seconds)


def _options(run: LiveRun, limits: UploadLimits, hardware: str) -> OptionsDocument:
    models = [
        ModelDocument(
            name=name, classes=_listed(run.models.class_names(name)), is_loaded=run.models.is_loaded(name)
        )
        for name in run.models.names
    ]
    return OptionsDocument(
        version=__version__,
        models=models,
        for_pictures=run.models.for_pictures,
        sources=[SourceDocument(id=one.id, name=one.name, kind=one.kind) for one in run.sources],
        methods=list(run.models.methods),
        layer_sets=list(run.layer_sets),
        colormaps=[one.value for one in Colormap],
        renorms=[one.value for one in Renorm],
        layouts=[one.value for one in Layout],
        every=list(get_args(Every)),
        views=[one.value for one in ViewName],
        actions=list(get_args(ActionRequest.model_fields["action"].annotation)),
        limits=LimitsDocument(most_bytes=limits.most_bytes, most_pixels=limits.most_pixels),
        hardware=hardware,
    )


def _listed(names: tuple[str, ...] | None) -> list[str] | None:
    return None if names is None else list(names)
