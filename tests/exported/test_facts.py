"""What a file tells of itself is read as it was written, and checked."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from heatcam.errors import ModelError
from heatcam.exported.facts import ExportedFacts, facts_from

FACTS = ExportedFacts(
    title="best",
    sha256="ab",
    task="detect",
    names={0: "Schlüssel", 1: '"x"'},
    model_wh=(96, 64),
    channels=3,
    strides=(8, 16),
    smooth=False,
    objects=3,
    iou=0.7,
    suppresses=True,
    method="live",
    layers=("2:Conv", "6:C2f"),
    map_stride=8,
    full_heat=0.25,
    low_evidence=0.1,
    versions={"heatcam": "0.1.0"},
)


@pytest.mark.parametrize("facts", [FACTS, replace(FACTS, low_evidence=math.inf, full_heat=None, method="")])
def test_texts_are_read_back(facts: ExportedFacts) -> None:
    assert facts_from(facts.as_texts(), "x.onnx") == facts


def test_further_keys_of_others_do_not_matter() -> None:
    assert facts_from({**FACTS.as_texts(), "later": "[1]"}, "x.onnx") == FACTS


def test_a_file_of_another_program_is_refused() -> None:
    with pytest.raises(
        ModelError, match=r"x.onnx was not written by `heatcam export`; give its .pt original"
    ):
        facts_from({"names": "{0: 'a'}", "stride": "32"}, "x.onnx")


def test_a_file_of_another_version_is_refused() -> None:
    with pytest.raises(ModelError, match="another version"):
        facts_from({**FACTS.as_texts(), "format_version": "2"}, "x.onnx")


@pytest.mark.parametrize(
    "broken",
    [
        {"names": "{"},
        {"names": "{}"},
        {"names": '{"0": "a", "900000000": "b"}'},
        {"model_wh": "[96, 0]"},
        {"model_wh": "[96]"},
        {"strides": "[]"},
        {"objects": '"many"'},
        {"iou": "null"},
    ],
    ids=json.dumps,
)
def test_damaged_metadata_is_one_line(broken: dict[str, str]) -> None:
    with pytest.raises(
        ModelError, match=r"^the metadata of x.onnx is damaged; export its .pt original again$"
    ):
        facts_from({**FACTS.as_texts(), **broken}, "x.onnx")
