"""Documents of drift, as pydantic models: a baseline, and the state of a watch.

Their schemas are ``heatcam/drift-baseline/1``, from which ``docs/drift-baseline.schema.json`` is made, and
``heatcam/drift-state/1``.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from heatcam.drift.series import WatchedMeasure

BASELINE_SCHEMA: Final = "heatcam/drift-baseline/1"
STATE_SCHEMA: Final = "heatcam/drift-state/1"

Count = Annotated[int, Field(ge=0)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Sum = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BaselineModel(_Part):
    """The model."""

    name: str
    sha256: str = Field(description="of its file; empty for a network without one")


class BaselineSettings(_Part):
    """Settings that change the numbers: a watch must have the same."""

    method: str
    layers: list[str]
    target: str
    why: str = Field(description="the class that is explained at every box; empty for each box's own")
    unit: str = Field(description="of evidence")
    precision: str
    imgsz: Annotated[int, Field(gt=0)]
    conf: Number
    iou: Number
    max_det: Annotated[int, Field(gt=0)]


class ClassSums(_Part):
    """Sums over one class's objects in one block: numbers of values, and the values added up."""

    objects: Count
    confidence: Sum
    evidences: Count = Field(description="objects with a map")
    evidence: Sum
    energies: Count = Field(description="objects with evidence")
    energy_in_box: Sum
    judged: Count = Field(description="objects of which it is known if their evidence is low")
    low_evidence: Count


class BlockSums(_Part):
    """One block of time."""

    start_s: Number = Field(
        description="of clock `wall` seconds since 1970 in local time, of clock `source` seconds of the source's own"
    )
    frames: Annotated[int, Field(gt=0)] = Field(description="that were looked at")
    classes: dict[str, ClassSums]


class BaselineDocument(_Part):
    """A baseline: what a camera's blocks of time were like while all was well."""

    schema_: Literal["heatcam/drift-baseline/1"] = Field(alias="schema")
    heatcam: str = Field(description="version")
    made_at: str
    source: str
    model: BaselineModel
    settings: BaselineSettings
    classes: Annotated[list[str], Field(min_length=1)] = Field(description="that the model could find")
    clock: Literal["wall", "source"] = Field(
        description="`wall` for live sources, whose blocks are compared with those of the same part of the day"
    )
    learnt_block_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] = Field(
        description="length of the blocks below"
    )
    block_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] = Field(
        description="length that is watched in, a multiple of it: neighbours have to be unlike"
    )
    day_parts: Annotated[int, Field(ge=1, le=24)]
    every: Annotated[int, Field(gt=0)] = Field(description="one frame of so many was looked at")
    alikeness: Number | None = Field(
        description="largest rank correlation of neighbouring blocks of `block_s`, of any series; null if unknown"
    )
    blocks: Annotated[list[BlockSums], Field(min_length=1)]


class DriftAlarm(_Part):
    """A series that has drifted."""

    class_name: str = Field(description="empty for all objects together")
    measure: WatchedMeasure
    at: str = Field(description="local time of the block's end")
    block: int = Field(description="number of blocks judged by then, from 1 on")
    value: Number = Field(description="mean of the last blocks")
    baseline: Number = Field(description="mean of the baseline's blocks of that part of the day")
    log10_e: Number
    log10_alarm: Number = Field(description="the e-value from which on there is an alarm")


class SeriesState(_Part):
    """One series: money of its bets, as natural logarithms, and new values in each gap of the baseline's."""

    blocks: Count
    start: list[Number]
    groups: list[list[Count]]
    later: list[Number]
    counts: dict[int, dict[int, Count]] = Field(description="by part of the day and gap")
    recent: list[Number] = Field(description="the last values")


class StateDocument(_Part):
    """A watch so far, to go on with after a restart."""

    schema_: Literal["heatcam/drift-state/1"] = Field(alias="schema")
    baseline: str = Field(description="fingerprint of the baseline")
    updated_at: str
    blocks: Count = Field(description="judged so far")
    alarms: list[DriftAlarm]
    untold: list[str] = Field(description="series whose alarm the webhook has not taken yet")
    series: dict[str, SeriesState]
