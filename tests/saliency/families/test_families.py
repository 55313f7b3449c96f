"""The registry of families: what each network belongs to, and what adding one takes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from torch import nn

from heatcam.saliency import families as room
from heatcam.saliency.families import families, family_of
from tests.nets import fresh_network
from tests.query_nets import query_network


@pytest.mark.parametrize(
    ("network", "name"),
    [
        (lambda: fresh_network("yolov8n"), "YOLO detector"),
        (lambda: fresh_network("yolov8n-cls"), "classifier"),
        (query_network, "RT-DETR"),
        (nn.Identity, "YOLO detector"),  # (which then says why it is none)
    ],
)
def test_a_network_belongs_to_one_family(network, name: str) -> None:
    assert family_of(network()).name == name


def test_a_module_in_the_room_is_all_that_a_family_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "identity.py").write_text(
        "from torch import nn\n"
        "from heatcam.saliency.families.family import ModelFamily\n"
        "def build(*_): raise NotImplementedError\n"
        "FAMILY = ModelFamily('identity', lambda n: isinstance(n, nn.Identity), build, lambda n: None)\n"
    )
    monkeypatch.setattr(room, "__path__", [*room.__path__, str(tmp_path)])
    families.cache_clear()
    try:
        assert family_of(nn.Identity()).name == "identity"
        assert [family.name for family in families()] == [
            "classifier",
            "identity",
            "detector of another library",
            "classifier of another library",
            "RT-DETR",
            "YOLO detector",
        ]
    finally:
        families.cache_clear()
        sys.modules.pop("heatcam.saliency.families.identity", None)
