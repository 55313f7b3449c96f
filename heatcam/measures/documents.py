"""Documents of findings, as pydantic models: what ``--json`` writes, and from which ``docs/findings.schema.json`` is made.

A field that is not set is left out of the document; a field that is null was asked for and is not known.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

SCHEMA = "heatcam/findings/1"

Pair = tuple[float, float]
Box = tuple[float, float, float, float]


class _Record(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)

    def as_json(self) -> dict[str, Any]:
        """Return what was set, as plain values that JSON has."""
        return self.model_dump(mode="json", exclude_unset=True, by_alias=True)


class ObjectOverlap(_Record):
    """An object that a region overlaps."""

    index: int = Field(description="of the object in `detections`, from 0")
    class_name: str
    overlap: float = Field(description="share of the region that lies in the object's box", ge=0, le=1)


class RegionFindings(_Record):
    """A connected place of the map that holds evidence, the one with most of it first."""

    rank: int = Field(description="from 1", ge=1)
    polygon: list[Pair] = Field(description="outer outline in image pixels")
    box_xyxy: Box = Field(description="the box around it in image pixels")
    area: float = Field(description="share of the picture", ge=0, le=1)
    energy: float = Field(description="share of the map's positive evidence", ge=0, le=1)
    peak: float = Field(description="strongest evidence in it, in the document's unit per cell")
    peak_xy: Pair = Field(description="the place of that in image pixels")
    place: str = Field(
        description="third of the picture in both directions: `upper left` ... `centre` ... `lower right`"
    )
    objects: list[ObjectOverlap] = Field(description="objects whose boxes it overlaps, most first")


class HeatFindings(_Record):
    """Distribution of a map's positive evidence over the picture; null values where there is none."""

    histogram: list[int] = Field(
        description="cells of the map by their evidence, in equal bins from none to the 99th percentile"
    )
    entropy: float | None = Field(
        description="Shannon entropy of the evidence over cells, divided by that of even evidence: 0 one cell, 1 all alike"
    )
    coverage_50: float | None = Field(
        description="smallest share of the picture that holds half of the evidence"
    )
    coverage_90: float | None = Field(
        description="smallest share of the picture that holds 90 % of the evidence"
    )
    outside_foreground: float | None = Field(
        default=None, description="share of the evidence outside the subject (`--foreground`)"
    )


class ChannelFindings(_Record):
    """Evidence of one channel of the picture for an object."""

    channel: int = Field(description="number in the file, from 1", ge=1)
    evidence: float = Field(
        description="gradient of the class logit at the input times the input, in logits; signed"
    )
    share: float | None = Field(
        description="of the absolute evidence of all channels, with its sign; null where there is none",
        ge=-1,
        le=1,
    )


class ObjectFindings(_Record):
    """One detection, and the numbers of its own map."""

    class_name: str
    class_id: int
    confidence: float = Field(ge=0, le=1)
    box_xyxy: Box = Field(description="image pixels")
    box_normalised: Box = Field(description="the same as shares of the picture's width and height")
    mask_polygons: list[list[Pair]] | None = Field(
        default=None, description="outlines of its mask in image pixels; one inside another is a hole"
    )
    keypoints: list[tuple[float, float, float]] | None = Field(
        default=None, description="x, y in image pixels, confidence"
    )
    rotated_xywhr: tuple[float, float, float, float, float] | None = Field(
        default=None, description="centre, width and height in image pixels, rotation in radians"
    )
    track_id: int | None = Field(default=None, description="its number over frames; null before it has one")
    energy_in_box: float | None = Field(
        description="share of its evidence inside its box (energy-based pointing game)"
    )
    enrichment: float | None = Field(
        description="density of its evidence in the box relative to the whole picture"
    )
    evidence: float | None = Field(description="its positive evidence, in the document's unit")
    evidence_logits: float | None = Field(description="the same where the unit is logits")
    peak_xy: Pair | None = Field(description="where its evidence is strongest, in image pixels")
    centroid_xy: Pair | None = Field(description="centre of its positive evidence, in image pixels")
    spread: float | None = Field(
        description="root mean square distance of its evidence from the centroid, in image pixels"
    )
    trials: int | None = Field(default=None, description="number of trials that its map was made by", ge=1)
    undecided: float | None = Field(
        default=None, description="share of its evidence that the trials have not decided", ge=0, le=1
    )
    error: float | None = Field(
        default=None,
        description="root mean square of the standard error of its map by masks, as a share of the map's peak",
        ge=0,
    )
    seconds: float | None = Field(default=None, description="that the masks of the whole picture took", ge=0)
    low_evidence: bool | None = Field(
        description="whether its evidence is no better than with shuffled weights in the network's head"
    )
    evidence_by_channel: list[ChannelFindings] | None = Field(
        default=None, description="of models that read more than three channels, or with `--channel-evidence`"
    )
    asked_class_name: str | None = Field(default=None, description="the class that was asked about (`--why`)")
    asked_confidence: float | None = Field(default=None, description="probability of that class at this box")
    tile_xyxy: tuple[int, int, int, int] | None = Field(
        default=None, description="part of the picture that it was seen in, in image pixels (`--tiles`)"
    )


class TimingFindings(_Record):
    """Milliseconds of wall clock."""

    prepare_ms: float
    forward_ms: float
    map_ms: float


class SampleFindings(_Record):
    """Samples that the network read instead of 8-bit colours."""

    channels: int = Field(description="number of channels in the file", ge=1)
    type: str = Field(description="uint8, uint16 or float32")
    full_scale: float = Field(description="the sample that is 1.0 for the network", gt=0)


class ViewFindings(_Record):
    """Channels and values of such samples that were shown, which change nothing else."""

    channels: list[int] = Field(description="numbers from 1: red, green and blue, or one as grey")
    window: Pair = Field(description="samples that are black and white")


class TileFindings(_Record):
    """Tiles that a large picture was explained by (`--tiles`)."""

    tile_wh: tuple[int, int] = Field(description="width and height of each tile, in image pixels")
    overlap: float = Field(
        description="share of a tile's side that neighbours have in common at least", ge=0, lt=0.9
    )
    columns: int = Field(ge=1)
    rows: int = Field(ge=1)
    whole: bool = Field(description="whether objects were also sought in the whole picture, shrunk")
    joined: int = Field(description="objects that were put together of the parts in several tiles", ge=0)
    left_out: int = Field(description="boxes that were another tile's object, or a part of it", ge=0)
    without_map: int = Field(description="tiles whose map could not be made", ge=0)
    levels: list[tuple[int, int]] | None = Field(
        default=None, description="width and height of each level of the pyramid that was written"
    )


class ImageFindings(_Record):
    """Findings of one picture or frame."""

    path: str | None = Field(default=None, description="the picture, or the source of the frame")
    output: str | None = Field(default=None, description="the first file that was written of it")
    frame_index: int | None = Field(default=None, description="number of the frame as its source counts them")
    pts_s: float | None = Field(default=None, description="time of the frame in its source, in seconds")
    size_wh: tuple[int, int] = Field(description="width and height in pixels")
    samples: SampleFindings | None = Field(
        default=None, description="of a picture that is not three channels of 8 bit"
    )
    view: ViewFindings | None = Field(default=None, description="how such a picture was shown")
    timings: TimingFindings | None = None
    question: str | None = Field(description="what was asked instead of each object's own class")
    detections: list[ObjectFindings]
    regions: list[RegionFindings] | None = None
    heat: HeatFindings | None = Field(default=None, description="null without a map")
    map_error: str | None = Field(description="why there is no map although one was asked for")
    warnings: list[str] = Field(default_factory=list)
    tiles: TileFindings | None = None


class ModelFindings(_Record):
    """The model that was asked."""

    name: str
    sha256: str = Field(description="of its file, in hexadecimal")
    task: str = Field(description="ultralytics' name: detect, segment, pose, obb, classify")


class ThresholdFindings(_Record):
    """Thresholds of the boxes that were kept."""

    conf: float
    iou: float
    max_det: int


class FindingsDocument(_Record):
    """Document of all findings of a run."""

    schema_name: str = Field(default=SCHEMA, alias="schema", description="name and version of this format")
    heatcam: str = Field(description="version of heatcam")
    model: ModelFindings
    method: str = Field(description="CAM method")
    layers: list[str] = Field(description="layers that the map comes from, as index:type")
    target: str = Field(description="output of each object that is explained")
    why: str | None = Field(description="the class that was asked about at every box")
    unit: str = Field(description="unit of evidence")
    device: str
    backend: str
    precision: str
    imgsz: int = Field(description="longer side of the network's input, in pixels")
    thresholds: ThresholdFindings
    images: list[ImageFindings] = Field(default_factory=list, description="one a picture, of `snapshot`")
    frames: list[ImageFindings] = Field(default_factory=list, description="one a frame, of `record`")
    skipped: list[dict[str, str]] | None = Field(
        default=None, description="pictures whose results were there already"
    )
