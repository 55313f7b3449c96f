"""The document of an audit, ``audit.json``, as pydantic models; its schema is ``heatcam/audit/1``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, TypeAdapter
from pydantic.json_schema import JsonSchemaValue

from heatcam.audit.changes import Changes
from heatcam.audit.clusters import ClusteredClass
from heatcam.audit.figures import Figures

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


class ClusterSummary(_Part):
    """One cluster, see `clusters.Cluster`; its members are told in the tables."""

    number: int
    class_name: str
    objects: int = Field(description="members")
    medoids: list[int] = Field(description="the most typical members' numbers")
    mistakes: int
    judged: int
    mistake_share: float | None
    mistake_interval: tuple[float, float] | None
    others_mistake_share: float | None
    stability: float
    energy_in_box: float | None
    others_energy_in_box: float | None


class ClustersSummary(_Part):
    """Clusters, and what was looked at for them."""

    clusters: list[ClusterSummary]
    classes: list[ClusteredClass]


@dataclass(frozen=True)
class _Plain:
    """Plain values of a type, for the schema: they were made of it, and are not read back."""

    of: type

    def __get_pydantic_json_schema__(self, _: object, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(TypeAdapter(self.of).core_schema)


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
    figures: Annotated[dict[str, Any], _Plain(Figures)] | None = None
    clusters: Annotated[dict[str, Any], _Plain(ClustersSummary)] | None = None
    changes: Annotated[dict[str, Any], _Plain(Changes)] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the document as plain values that JSON has."""
        return self.model_dump(mode="json", by_alias=True)
