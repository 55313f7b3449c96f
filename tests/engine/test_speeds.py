"""When compiling pays, by what was measured."""

from __future__ import annotations

import math

import pytest

from heatcam.engine.speeds import MANY_PICTURES, Measured, pays

QUICKER = Measured("openvino fp32", torch_ms=90.0, compiled_ms=50.0, start_s=4.0)


@pytest.mark.parametrize(
    "entry",
    [
        "openvino fp32",
        None,
        {"choice": "torch"},
        [1, 2],
        {"choice": "torch", "torch_ms": 1.0, "compiled_ms": math.nan, "start_s": 1.0},
        {"choice": "torch", "torch_ms": 1.0, "compiled_ms": 1.0, "start_s": []},
        {"choice": "torch", "torch_ms": "5", "compiled_ms": 1.0, "start_s": 1.0},
        {"choice": ["torch"], "torch_ms": 5.0, "compiled_ms": 1.0, "start_s": 1.0},
    ],
)
def test_what_cannot_be_a_measurement_is_none(entry: object) -> None:
    assert Measured.read(entry) is None


def test_compiling_pays_when_it_has_given_back_what_it_took() -> None:
    assert QUICKER.pays_after() == pytest.approx(100)
    assert Measured("torch", 1.0, 2.0, 3.0).pays_after() == math.inf
    assert not pays(99, QUICKER)
    assert pays(101, QUICKER)
    assert not pays(10**6, Measured("torch", 1.0, 2.0, 3.0))


def test_a_stream_is_worth_measuring_and_so_are_many_pictures() -> None:
    assert pays(None, None)
    assert pays(MANY_PICTURES, None)
    assert not pays(MANY_PICTURES - 1, None)
