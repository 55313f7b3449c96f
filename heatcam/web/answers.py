"""Answers about pictures: findings and images, as JSON in pieces."""

from __future__ import annotations

import base64
import logging
import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from starlette.responses import Response

from heatcam.enums import ViewName
from heatcam.frames import Detections, ExplainerFacts, Explanation, counted
from heatcam.geometry import fitted_wh
from heatcam.measures import FindingsOptions, document_head, find_subject, findings_of
from heatcam.options import ExplainOptions
from heatcam.overlay import OverlayOptions, at_size
from heatcam.text import json_text, printable
from heatcam.views import draw_each, encode_view
from heatcam.web.leaving import TakenInTime

logger = logging.getLogger("heatcam.web")

_PIECE = 1 << 18  # bytes that a client has to take in time
_NO_SUBJECT = "no subject on a plain background was found"


@dataclass(frozen=True)
class Asked:
    """One checked request about a picture.

    Attributes:
        model: one of the models' names.
        options: which boxes are kept and how their evidence is mapped.
        with_map: make maps at all.
        views: images to make.
        look: drawing options.
        longest: longer side of the images in pixels.
        region_share: see ``FindingsOptions``.
        finds_subject: find the subject on a plain background.
    """

    model: str
    options: ExplainOptions
    with_map: bool
    views: tuple[ViewName, ...]
    look: OverlayOptions
    longest: int
    region_share: float | None = None
    finds_subject: bool = False


@dataclass(frozen=True)
class Explained:
    """One explained picture.

    Attributes:
        explanation: boxes and maps.
        facts: of the explainer.
        classes: the likeliest classes, for a classifier; else None.
    """

    explanation: Explanation
    facts: ExplainerFacts
    classes: Detections | None = None


@dataclass(frozen=True)
class PictureAnswer:
    """The answer about one picture. Its images are apart: as text of a document, 30 MB would hold up all threads for 2 s.

    Attributes:
        head: what a document says beside its pictures.
        row: the picture's findings, where ``mark`` stands for each image's data.
        mark: a word that nobody can have guessed, so that no name contains it.
        files: the images, PNG files in base64, in their order.
    """

    head: dict[str, Any]
    row: dict[str, Any]
    mark: str
    files: tuple[bytes, ...]


def answer_of(explained: Explained, asked: Asked) -> PictureAnswer:
    """Return findings and images of an explained picture, and tell the log of them."""
    row = _findings(explained, asked)
    mark, files, told = secrets.token_hex(16), [], []
    if asked.views:
        row["images"] = images = {}
        for name, outcome in draw_each(
            asked.views, _at_most(explained.explanation, asked.longest), asked.look
        ):
            rendered = encode_view(outcome)
            images[name.value] = replace(rendered, png_bytes=b"").as_json()
            told.append(name.value + (f" failed ({rendered.reason})" if rendered.reason else ""))
            if not rendered.reason:
                images[name.value]["data"] = mark
                files.append(base64.b64encode(rendered.png_bytes))
    _log(explained.explanation, asked.model, row, told)
    return PictureAnswer(document_head(explained.facts), row, mark, tuple(files))


def pieces_of(document: dict[str, Any], answers: Sequence[PictureAnswer]) -> list[bytes]:
    """Return a document with these answers' rows, in their order, as JSON in pieces."""
    rest, pieces = json_text(document).encode(), []
    for answer in answers:
        for data in answer.files:
            before, _, rest = rest.partition(answer.mark.encode())
            pieces += [before, data]
    return [*pieces, rest]


def respond(pieces: Sequence[bytes]) -> Response:
    """Return JSON in pieces as a response."""
    length = {"Content-Length": str(sum(map(len, pieces)))}
    return TakenInTime(_each(pieces), headers=length, media_type="application/json")


async def _each(pieces: Sequence[bytes]) -> AsyncIterator[memoryview]:
    for piece in pieces:
        for start in range(0, len(piece), _PIECE):
            yield memoryview(piece)[start : start + _PIECE]


def _findings(explained: Explained, asked: Asked) -> dict[str, Any]:
    """Return the picture's findings as plain values."""
    explanation = explained.explanation
    options = FindingsOptions(region_share=asked.region_share, regions=asked.with_map)
    subject = find_subject(explanation.frame.image_bgr) if asked.finds_subject else None
    found = findings_of(explanation, options, subject, path=explanation.frame.name)
    row = found.as_json()
    if asked.finds_subject and subject is None:
        row["warnings"] = [*row["warnings"], _NO_SUBJECT]
    if explained.classes is not None:
        pairs = zip(explained.classes.class_names, explained.classes.confidences, strict=True)
        row["classes"] = [{"class_name": name, "probability": round(float(p), 4)} for name, p in pairs]
    return row


def _at_most(explanation: Explanation, longest: int) -> Explanation:
    """Return the explanation of a picture no larger than this."""
    size_wh = explanation.frame.size_wh
    return (
        explanation
        if max(size_wh) <= longest
        else at_size(explanation, fitted_wh(size_wh, (longest, longest)))
    )


def _log(explanation: Explanation, model: str, row: dict[str, Any], images: Sequence[str]) -> None:
    """Tell which images were made, and how many regions there are."""
    width, height = explanation.frame.size_wh
    regions = len(row.get("regions") or ())
    words = (
        f"{explanation.frame.name} {width}x{height}, {model}: {counted(explanation.detections.class_names, 6)}; "
        f"{regions} region{'s' * (regions != 1)}; images: {', '.join(images) or 'none'}"
    )
    logger.info("%s", printable(words + (f"; no heat map ({row['map_error']})" if row["map_error"] else "")))
