"""What the options of ``heatcam eval`` mean."""

from __future__ import annotations

import pytest

from heatcam.errors import UsageError
from heatcam.evaluation.plan import EvalPlan, ProtocolName
from heatcam.evaluation.protocols import PROTOCOLS
from heatcam.saliency.methods import METHODS


def test_methods_stand_between_commas_each_once_and_all_means_all() -> None:
    assert EvalPlan().method_names() == ["live", "fine"]
    assert EvalPlan("fine, HiResCAM,fine").method_names() == ["fine", "hirescam"]
    assert EvalPlan("fine,all").method_names()[0] == "fine"
    assert sorted(EvalPlan("all").method_names()) == sorted(METHODS)


def test_sets_of_layers_stand_between_semicolons_or_in_options_of_their_own() -> None:
    assert EvalPlan(layers=["12, 15;9", "15:C2f", " "]).layer_sets() == [("12", "15"), ("9",), ("15:C2f",)]
    assert EvalPlan().layer_sets() == []


def test_a_method_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(UsageError, match="unknown method 'magic'; use some of: live, fine, "):
        EvalPlan("live,magic").method_names()


def test_something_has_to_be_judged() -> None:
    with pytest.raises(UsageError, match="no method to judge"):
        EvalPlan(" , ").method_names()
    assert EvalPlan("", ["15"]).method_names() == []


def test_every_protocol_can_be_asked_for() -> None:
    assert [name.value for name in ProtocolName] == list(PROTOCOLS)
