"""The document of an audit, ``audit.json``, as pydantic models; its schema is ``heatcam/audit/1``."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

AUDIT_SCHEMA = "heatcam/audit/1"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BrokenPicture(_Part):
    """A picture that was left out, and why."""

    image: str
    reason: str


class AuditedData(_Part):
    """The data set."""

    path: str
    form: str = Field(description="`ultralytics`, `coco` or `pictures`")
    split: str | None = Field(description="of ultralytics' form")
    pictures: int = Field(description="in the data set")
    audited: int = Field(description="finished pictures")
    broken: list[BrokenPicture]
    labelled: bool
    labels: int = Field(description="on finished pictures, without crowds and places to ignore")
    unknown_classes: dict[str, int] = Field(description="labels left out, as the model has no such class")


class AuditedModel(_Part):
    """The model, and how it was asked."""

    name: str
    sha256: str
    task: str
    method: str
    layers: list[str]
    unit: str = Field(description="of evidence")
    device: str
    backend: str
    precision: str
    imgsz: int


class AuditThresholds(_Part):
    """Thresholds of boxes and matches."""

    conf: float
    iou: float
    max_det: int
    match_iou: float = Field(description="overlap from which a detection is on a label")
    background_iou: float = Field(description="overlap below which it is on none")


class ClassSummary(_Part):
    """Counts of one class, by the label's class for missed objects, else by the predicted one."""

    class_id: int
    class_name: str
    labels: int
    kinds: dict[str, int]
    precision: float | None = Field(description="true ones of all that are right or wrong; null for none")
    recall: float | None = Field(description="true ones of all labels; null without labels")
    ap50: float | None = Field(
        description="average precision at an overlap of 0.5, as ultralytics' val has it"
    )
    ap50_95: float | None = Field(description="its mean over overlaps of 0.5 to 0.95")


class AuditDocument(_Part):
    """An audit: counts here, the objects in `objects.parquet` and `objects.csv` beside it."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    schema_name: str = Field(default=AUDIT_SCHEMA, alias="schema")
    heatcam: str
    made_at: str
    complete: bool = Field(description="false if it was stopped; `--resume` goes on")
    data: AuditedData
    model: AuditedModel
    thresholds: AuditThresholds
    map50: float | None
    map50_95: float | None
    kinds: dict[str, int] = Field(description="objects of each kind")
    classes: list[ClassSummary]
    figures: dict[str, Any] | None = None
    clusters: dict[str, Any] | None = None
    changes: dict[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the document as plain values that JSON has."""
        return self.model_dump(mode="json", by_alias=True)
