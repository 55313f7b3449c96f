"""Devices: chosen by themselves, overridden, or a clear error."""

from __future__ import annotations

import pytest
import torch

from heatcam.engine import device as room
from heatcam.errors import DeviceError


def test_the_fastest_there_is_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert room.choose_device(None) == torch.device("cuda")
    assert room.available_devices()[-1] == "cpu"


def test_a_device_that_is_not_there_says_which_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    for name in ("cuda", "cuda:0", "0", "mps"):
        with pytest.raises(DeviceError, match=r"is not there; use one of: cpu") as failure:
            room.choose_device(name)
        assert failure.value.exit_code == 2


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "", "tpu:0"])
def test_an_unknown_device_is_refused(name: str) -> None:
    with pytest.raises(DeviceError, match="unknown device"):
        room.choose_device(name)


def test_a_second_card_that_is_missing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert room.choose_device("0") == torch.device("cuda:0")
    with pytest.raises(DeviceError, match="not there"):
        room.choose_device("cuda:1")


def test_cpu_is_always_there() -> None:
    assert room.choose_device("cpu") == torch.device("cpu")
