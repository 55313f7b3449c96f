"""KServe's protocols: predict and explain of version 1; health and metadata of version 2.

Pictures come as ``{"instances": [{"image_bytes": {"b64": "..."}}]}``; options are those of ``/analyze``, in the query.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import Response

from heatcam import __version__
from heatcam.web.analysis import Analyzer
from heatcam.web.analyze import errors
from heatcam.web.analyze_documents import AnalyzedImage
from heatcam.web.analyze_query import AnalyzeQuery
from heatcam.web.answers import Asked, PictureAnswer, pieces_of, respond
from heatcam.web.leaving import for_client
from heatcam.web.models import Models
from heatcam.web.problems import Problem
from heatcam.web.uploads import Upload

EXPLAINED_VIEWS = "overlay,heatmap"
_MOST_INSTANCES = 32
_MOST_VALUES = 10_000  # in a request's JSON, where two for each picture are needed; base64 has no such signs
#: One white pixel, so that an example can be tried.
_PIXEL = "R0lGODdhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs="


class ImageBytes(BaseModel):
    """Bytes as text."""

    b64: str = Field(description="a picture file in base64")


class Instance(BaseModel):
    """One picture."""

    image_bytes: ImageBytes


class Instances(BaseModel):
    """Pictures to predict or explain, in version 1 of KServe's protocol."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"instances": [{"image_bytes": {"b64": _PIXEL}}]}]}
    )

    instances: list[Instance] = Field(min_length=1, max_length=_MOST_INSTANCES)


class PredictedPictures(BaseModel):
    """Findings of each picture without a map, in their order."""

    predictions: list[AnalyzedImage]


class ExplainedPictures(BaseModel):
    """Findings of each picture with its regions and images, in their order."""

    explanations: list[AnalyzedImage]


class ModelList(BaseModel):
    """Names of the models."""

    models: list[str]


class ModelReady(BaseModel):
    """Readiness of one model."""

    name: str
    ready: bool


class HealthLive(BaseModel):
    """The service answers."""

    live: bool


class HealthReady(BaseModel):
    """The service takes requests."""

    ready: bool


class ServerMetadata(BaseModel):
    """The service, in version 2 of KServe's protocol."""

    name: str
    version: str
    extensions: list[str]


class TensorMetadata(BaseModel):
    """An input or output of a model."""

    name: str
    datatype: str
    shape: list[int]


class ModelMetadata(BaseModel):
    """A model, in version 2 of KServe's protocol."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorMetadata]
    outputs: list[TensorMetadata]
    classes: list[str] | None = Field(description="that it finds; null before it is loaded")


def kserve_router(analyzer: Analyzer) -> APIRouter:
    """Return the routes of both versions."""
    router = APIRouter(tags=["KServe"])
    _add_inference(router, analyzer)
    _add_models(router, analyzer.models)
    _add_server(router, analyzer.models)
    return router


def _add_inference(router: APIRouter, analyzer: Analyzer) -> None:
    named = _named(analyzer.models)
    body = {
        "requestBody": {"required": True, "content": {"application/json": {"schema": _inlined(Instances)}}}
    }
    failures = errors(408, 413, 415, 422, 429, 503) | errors(404)

    @router.post(
        "/v1/models/{name}:predict",
        summary="Objects or classes of pictures (V1)",
        response_class=Response,
        responses={200: {"model": PredictedPictures, "description": "Predictions"}, **failures},
        openapi_extra=body,
    )
    async def predict(
        request: Request, query: Annotated[AnalyzeQuery, Query()], name: str = named
    ) -> Response:
        """Find what a model sees in each picture, without maps; options as of `/analyze`."""
        asked = analyzer.asked(query, _known(name, analyzer.models), with_map=False)
        return await _answer(request, analyzer, asked, "predictions")

    @router.post(
        "/v1/models/{name}:explain",
        summary="Objects or classes of pictures, and the evidence for them (V1)",
        response_class=Response,
        responses={200: {"model": ExplainedPictures, "description": "Explanations"}, **failures},
        openapi_extra=body,
    )
    async def explain(
        request: Request, query: Annotated[AnalyzeQuery, Query()], name: str = named
    ) -> Response:
        """Find what a model sees in each picture and where the evidence for it lies; options and images as of `/analyze`."""
        asked = analyzer.asked(query, _known(name, analyzer.models), EXPLAINED_VIEWS)
        return await _answer(request, analyzer, asked, "explanations")


def _add_models(router: APIRouter, models: Models) -> None:
    named = _named(models)

    @router.get("/v1/models", summary="Names of the models (V1)")
    async def names() -> ModelList:
        """Return the models that the command line allowed, the default one first."""
        return ModelList(models=list(models.names))

    @router.get("/v1/models/{name}", summary="Readiness of a model (V1)", responses=errors(404))
    async def model(name: str = named) -> ModelReady:
        """Tell whether a model can be asked: one that is not loaded yet is loaded then."""
        return ModelReady(name=_known(name, models), ready=not models.problem(name))

    @router.get("/v2/models/{name}", summary="Metadata of a model (V2)", responses=errors(404))
    async def metadata(name: str = named) -> ModelMetadata:
        """Return inputs, outputs and classes of a model."""
        classes = models.class_names(_known(name, models))
        return ModelMetadata(
            name=name,
            versions=["1"],
            platform="heatcam",
            inputs=[TensorMetadata(name="image_bytes", datatype="BYTES", shape=[-1])],
            outputs=[TensorMetadata(name="findings", datatype="BYTES", shape=[-1])],
            classes=None if classes is None else list(classes),
        )

    @router.get("/v2/models/{name}/ready", summary="Readiness of a model (V2)", responses=errors(404, 503))
    async def model_ready(name: str = named) -> ModelReady:
        """Tell whether a model can be asked, with 503 if it could not be loaded the last time."""
        if problem := models.problem(_known(name, models)):
            raise Problem(503, f"the model could not be loaded: {problem}", _LATER_S)
        return ModelReady(name=name, ready=True)


def _named(models: Models) -> Any:
    """Return the description of a model's name in a path."""
    return Path(description="a model's name", examples=[models.for_pictures])


def _add_server(router: APIRouter, models: Models) -> None:
    @router.get("/v2/health/live", summary="The service answers (V2)")
    async def live() -> HealthLive:
        """Tell that the service answers."""
        return HealthLive(live=True)

    @router.get("/v2/health/ready", summary="The service takes requests (V2)", responses=errors(503))
    async def ready() -> HealthReady:
        """Tell that the service takes requests, with 503 if none of its models could be loaded the last time."""
        if all(models.problem(name) for name in models.names):
            raise Problem(503, "no model could be loaded; the service's log says why", _LATER_S)
        return HealthReady(ready=True)

    @router.get("/v2", summary="Metadata of the service (V2)")
    async def server() -> ServerMetadata:
        """Return name and version."""
        return ServerMetadata(name="heatcam", version=__version__, extensions=[])


_LATER_S = 10


async def _answer(request: Request, analyzer: Analyzer, asked: Asked, key: str) -> Response:
    """Answer pictures one after the other, as one request."""

    async def work(body: bytes) -> Response:
        uploads = await asyncio.to_thread(_uploads_of, body, analyzer.limits.most_bytes)

        async def each() -> list[PictureAnswer]:
            return [await analyzer.picture(upload, asked) for upload in uploads]

        answers = await analyzer.queue.admit(each)
        return respond(pieces_of({key: [answer.row for answer in answers]}, answers))

    analyzer.queue.require_room()
    most_bytes = analyzer.limits.most_bytes * 4 // 3 + _AROUND
    return await for_client(request, analyzer.bodies.read(request, most_bytes), work)


_AROUND = 65_536  # bytes that JSON may add to a picture


def _uploads_of(body: bytes, most_bytes: int) -> Sequence[Upload]:
    """Return the pictures of a request.

    Raises:
        Problem: 422, the body is none of ``Instances``; 413, all pictures together are too large.
    """
    if (
        sum(map(body.count, (b"[", b"{", b","))) > _MOST_VALUES
    ):  # (each of them takes 20 times the memory that it takes here)
        raise Problem(422, f"the body has too many values; {_FORM}")
    try:
        instances = Instances.model_validate(json.loads(body)).instances
        uploads = [
            Upload(base64.b64decode(one.image_bytes.b64, validate=True), f"instance {number}")
            for number, one in enumerate(instances)
        ]
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Problem(422, f"{place or 'body'}: {first['msg']}; {_FORM}") from None
    except (ValueError, RecursionError, binascii.Error) as error:
        raise Problem(422, f"the body is not what it should be ({error}); {_FORM}") from None
    if sum(len(upload.data) for upload in uploads) > most_bytes:
        raise Problem(
            413, f"the pictures are larger than {most_bytes / 1e6:.3g} MB; send fewer or smaller ones"
        )
    return uploads


_FORM = 'send {"instances": [{"image_bytes": {"b64": "..."}}]}'


def _known(name: str, models: Models) -> str:
    """Return a model's name.

    Raises:
        Problem: 404, there is no such model.
    """
    if name not in models.names:
        raise Problem(404, f"there is no model {name!r}; there are {', '.join(models.names)}")
    return name


def _inlined(model: type[BaseModel]) -> dict[str, Any]:
    """Return a model's schema without references: OpenAPI's would lead elsewhere."""
    schema = model.model_json_schema()
    parts = schema.pop("$defs", {})

    def whole(node: Any) -> Any:
        if isinstance(node, list):
            return [whole(one) for one in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            return whole(parts[node["$ref"].rpartition("/")[2]])
        return {key: whole(value) for key, value in node.items()}

    return whole(schema)  # type: ignore[no-any-return]
