"""Documents of the live view, as pydantic models: the bodies of requests and answers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, model_validator

from heatcam.enums import Colormap, Layout, Renorm
from heatcam.text import did_you_mean

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Every = Literal[1, 2, 3, 5]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class LiveState(_Answer):
    """Choices in force: the fields of ``heatcam.live.WindowState`` that make sense on a page."""

    heatmap: bool
    layout: Layout
    split: float
    paused: bool
    focus: int | None
    colormap: Colormap
    alpha: float
    renorm: Renorm
    boxes: bool
    hud: bool
    conf: float
    iou: float
    classes: list[str]
    method: str
    layers: str
    every: int
    object_maps: bool
    numbers: bool
    graphs: bool


class LiveDetection(_Answer):
    """One object in the picture; ``box_xyxy`` in shares of the picture that is sent."""

    object_id: int
    class_name: str
    confidence: float
    box_xyxy: tuple[float, float, float, float]
    energy_in_box: float | None
    low_evidence: bool | None
    colour: str


Phase = Literal["stopped", "starting", "loading", "running", "ended", "failed"]


class LiveStatus(_Answer):
    """Status of the live view.

    ``size_wh`` are the frame's own pixels. ``reason`` says why there is no new picture: a failure with its next step, or a source
    that is being opened. ``energy_in_box`` is known where each object has its own map: with ``state.object_maps``, a focus, or
    paused. Times of a frame are in milliseconds, all others in seconds.
    """

    phase: Phase
    reason: str
    source: str
    model: str
    state: LiveState
    mode: Literal["HEATMAP", "NORMAL"]
    fps: float
    forward_ms: float
    map_ms: float
    draw_ms: float
    age_s: float | None
    dropped: int
    viewers: int
    backend: str
    device: str
    size_wh: tuple[int, int] | None
    position_s: float | None
    duration_s: float | None
    can_seek: bool
    detections: list[LiveDetection]
    recording_s: float | None
    note: str
    map_error: str


class FrameHeader(_Answer):
    """Header of a frame on the socket; ``size_wh`` are the pixels of the JPEG."""

    seq: int
    size_wh: tuple[int, int]
    status: LiveStatus


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _no_unknown_field(cls, values: Any) -> Any:
        """Refuse unknown fields, naming those that there are."""
        known = list(cls.model_fields)
        for name in values if isinstance(values, dict) else ():
            if name not in known:
                meant = did_you_mean(str(name)[:40], known) or f"there are {', '.join(known)}"
                raise ValueError(f"there is no field {str(name)[:40]!r}; {meant}")
        return values


class StartRequest(_Request):
    """Source and model to start with, by the names of ``GET /options``; those of the last time if left out."""

    source: str | None = Field(None, max_length=200, examples=["demo"])
    model: str | None = Field(None, max_length=500)


class StateChange(_Request):
    """Fields to change; others stay as they are."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"heatmap": False, "colormap": "viridis", "alpha": 0.5}]}
    )

    heatmap: StrictBool = True
    layout: Layout = Layout.SINGLE
    split: Share = 0.5
    paused: StrictBool = False
    focus: int | None = None
    colormap: Colormap = Colormap.TURBO
    alpha: Share = 0.7
    renorm: Renorm = Renorm.BOX
    boxes: StrictBool = True
    hud: StrictBool = False
    conf: Share = 0.25
    iou: Share = 0.7
    classes: list[Annotated[str, Field(max_length=200)]] = Field(default=[], max_length=1000)
    method: str = Field("live", max_length=100)
    layers: str = Field("", max_length=500)
    every: Every = 1
    object_maps: StrictBool = False
    numbers: StrictBool = False
    graphs: StrictBool = False

    def changes(self) -> dict[str, Any]:
        """Return the fields that were given, as ``WindowState`` has them."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        return given | ({"classes": tuple(self.classes)} if "classes" in given else {})


class ActionRequest(_Request):
    """An action, as a key of the window has it."""

    action: Literal[
        "toggle_heatmap", "dual_view", "wipe", "pause", "step_forward", "step_back", "seek_back", "seek_forward",
        "seek_far_back", "seek_far_forward", "focus_next", "focus_previous", "next_colormap", "next_method",
        "next_layers", "next_renorm", "more_opacity", "less_opacity", "more_confidence", "less_confidence",
        "toggle_boxes", "toggle_numbers", "toggle_graphs", "next_every", "reset",
    ]  # fmt: skip


class SeekRequest(_Request):
    """A position in a file, in seconds from its beginning."""

    seconds: float = Field(ge=0, le=1e7, allow_inf_nan=False, examples=[12.5])


class ClickRequest(_Request):
    """A place in shares of the picture that is sent."""

    x: Share
    y: Share


class RecordingDocument(_Answer):
    """A finished recording."""

    id: str
    name: str
    bytes: int
    seconds: float


class RecordingsDocument(_Answer):
    """Finished recordings, the newest last."""

    recordings: list[RecordingDocument]


class AttentionSeries(_Answer):
    """One object's share of evidence inside its box over time; ``seconds`` up to now, which is 0: the past is negative."""

    object_id: int
    class_name: str
    colour: str
    seconds: list[float]
    energy_in_box: list[float | None]


class AttentionDocument(_Answer):
    """Series of the newest minute. Empty unless each object has its own map: see ``state.object_maps``."""

    objects: list[AttentionSeries]


class ModelDocument(_Answer):
    """A model that may be chosen; ``classes`` are not known before it is loaded."""

    name: str
    classes: list[str] | None
    is_loaded: bool


class SourceDocument(_Answer):
    """A source that may be chosen by its id."""

    id: str
    name: str
    kind: str


class LimitsDocument(_Answer):
    """Limits of a request."""

    most_bytes: int
    most_pixels: int


class OptionsDocument(_Answer):
    """Choices that there are: models, sources, and values of the state."""

    version: str
    models: list[ModelDocument]
    for_pictures: str = Field(
        description="name of the model that pictures are analysed with unless another is named"
    )
    sources: list[SourceDocument]
    methods: list[str]
    layer_sets: list[str]
    colormaps: list[str]
    renorms: list[str]
    layouts: list[str]
    every: list[int]
    views: list[str]
    actions: list[str]
    limits: LimitsDocument
    hardware: str
