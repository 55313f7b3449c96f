"""``POST /analyze``: a picture in, its findings and images out."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from heatcam.web.analysis import Analyzer
from heatcam.web.analyze_documents import EXAMPLE, AnalyzedDocument, ProblemDocument
from heatcam.web.analyze_query import VIEWS, AnalyzeQuery
from heatcam.web.answers import PictureAnswer, pieces_of, respond
from heatcam.web.leaving import for_client
from heatcam.web.problems import MEDIA_TYPE
from heatcam.web.uploads import FIELD, Upload

_ERRORS = {
    404: "There is no such model.",
    408: "The upload was not complete in time.",
    413: "The upload has too many bytes.",
    415: "The upload is no picture that can be read.",
    422: "The picture is damaged or has too many pixels, or an option is none that there is.",
    429: "Too many requests wait; `Retry-After` says when to try again.",
    503: "Not done in time; `Retry-After` says when to try again.",
}
_FOUND: dict[str, Any] = {
    "model": AnalyzedDocument,
    "description": "Findings",
    "content": {"application/json": {"example": EXAMPLE}},
}
_PICTURE = {"type": "string", "format": "binary"}
_BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {"type": "object", "required": [FIELD], "properties": {FIELD: _PICTURE}},
        },
        "image/*": {"schema": _PICTURE},
    },
}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the description of errors for OpenAPI."""
    schema = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}
    return {
        status: {"model": ProblemDocument, "description": _ERRORS[status], "content": schema}
        for status in statuses
    }


def analyze_router(analyzer: Analyzer) -> APIRouter:
    """Return the route."""
    router = APIRouter(tags=["pictures"])

    @router.post(
        "/analyze",
        summary="Findings and images of a picture",
        response_class=Response,
        responses={200: _FOUND, **errors(408, 413, 415, 422, 429, 503)},
        openapi_extra={"requestBody": _BODY},
    )
    async def analyze(request: Request, query: Annotated[AnalyzeQuery, Query()]) -> Response:
        """Find what a model sees in a picture, and where its evidence for it lies.

        The picture is the field `file` of a form or the whole body, and is kept in memory alone. The answer is a document
        `heatcam/findings/1` of one image; an image that could not be made says why, and so does a heat map.
        """
        asked = analyzer.asked(query, views=VIEWS)

        async def work(upload: Upload) -> Response:
            answer = await analyzer.queue.admit(lambda: analyzer.picture(upload, asked))
            return respond(_document(answer))

        analyzer.queue.require_room()
        return await for_client(request, analyzer.bodies.read_upload(request), work)

    return router


def _document(answer: PictureAnswer) -> list[bytes]:
    return pieces_of(answer.head | {"images": [answer.row]}, [answer])
