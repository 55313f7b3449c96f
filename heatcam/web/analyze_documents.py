"""Documents that requests about pictures are answered with: findings, with images in them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from heatcam.measures import FindingsDocument, ImageFindings


class ViewImage(BaseModel):
    """One image in a document, or the reason why there is none."""

    status: str = Field(description="`ok` or `failed`")
    reason: str | None = Field(description="why it could not be made")
    mime: str | None = Field(description="kind of the file")
    data: str | None = Field(description="the file, in base64")


class ClassFindings(BaseModel):
    """One class that a classifier knows."""

    class_name: str
    probability: float = Field(ge=0, le=1)


class AnalyzedImage(ImageFindings):
    """Findings of a picture, with its images."""

    images: dict[str, ViewImage] | None = Field(default=None, description="by the views' names")
    classes: list[ClassFindings] | None = Field(
        default=None, description="of a classifier: the likeliest classes, also those below `conf`"
    )


class AnalyzedDocument(FindingsDocument):
    """Findings of one picture, and what was asked."""

    images: list[AnalyzedImage] = Field(description="one")  # type: ignore[assignment]


class ProblemDocument(BaseModel):
    """Error (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str = Field(description="what is wrong, and what to do next")
