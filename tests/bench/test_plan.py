"""Who is measured."""

from __future__ import annotations

import pytest

from heatcam.bench.plan import Plan, chosen
from heatcam.errors import UsageError

NAMES = ("plain (torch)", "live map (torch)", "ultralytics predict+plot", "grad-cam HiResCAM x5")


def test_names_are_chosen_by_their_parts_and_keep_their_order() -> None:
    assert chosen(NAMES, ["ULTRALYTICS", "live"]) == ["live map (torch)", "ultralytics predict+plot"]
    assert chosen(NAMES, ["(torch)"]) == ["plain (torch)", "live map (torch)"]


@pytest.mark.parametrize("only", [None, []])
def test_without_a_choice_everybody_is_measured(only: list[str] | None) -> None:
    assert chosen(NAMES, only) == list(NAMES)


def test_a_part_of_no_name_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(UsageError, match=r"no row has 'tensorrt' in its name; there are: plain \(torch\), "):
        chosen(NAMES, ["live", "tensorrt"])


def test_rounds_are_those_that_count_and_those_that_do_not() -> None:
    assert Plan(runs=15, warmup=3).rounds == 18
