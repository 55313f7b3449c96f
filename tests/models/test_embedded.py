"""The embedded model loads from what is shipped, and damage to it is noticed."""

from __future__ import annotations

import json

import pytest

from heatcam.errors import ModelError
from heatcam.models import embedded
from heatcam.models.loading import load_model
from heatcam.sources.demo.markers import MARKER_CLASSES


def test_it_loads_by_name_with_its_five_classes() -> None:
    loaded = load_model("markers")
    assert tuple(loaded.class_names.values()) == MARKER_CLASSES
    assert loaded.imgsz == 320
    assert loaded.title == "markers"


def test_it_is_small_and_no_pickle() -> None:
    card, weights = embedded.read_files()
    assert len(weights) <= 6_000_000
    header_length = int.from_bytes(weights[:8], "little")  # safetensors starts with it
    assert header_length < len(weights)
    assert weights[8:9] == b"{"
    assert card["name"] == "markers"


def test_damaged_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    card, weights = embedded.read_files()
    monkeypatch.setattr(embedded, "read_files", lambda: (card, weights[:-1] + bytes([weights[-1] ^ 1])))
    with pytest.raises(ModelError, match="weights are damaged; install heatcam again"):
        load_model("markers")


def test_missing_files_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> object:
        raise json.JSONDecodeError("no", "", 0)

    monkeypatch.setattr(json, "loads", broken)
    with pytest.raises(ModelError, match="cannot be read"):
        load_model("markers")
