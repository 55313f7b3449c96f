"""Words that can be no device are refused before torch is asked."""

from __future__ import annotations

import pytest

from heatcam.engine.device import choose_device
from heatcam.errors import DeviceError
from heatcam.runtime.device_names import require_device_name


@pytest.mark.parametrize("name", [None, "auto", "cpu", "CPU", "cuda", "cuda:1", "1", "mps"])
def test_what_may_be_a_device_passes(name: str | None) -> None:
    require_device_name(name)


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "", "tpu:0", "cpu ", "cuda:"])
def test_what_cannot_be_one_is_refused_here_as_by_torch(name: str) -> None:
    with pytest.raises(DeviceError, match="unknown device"):
        require_device_name(name)


@pytest.mark.parametrize("name", ["auto", "cpu", "CPU"])
def test_what_is_here_is_taken_by_both(name: str) -> None:
    require_device_name(name)
    assert choose_device(name).type in {"cpu", "cuda", "mps"}
