"""What the options of ``heatcam eval`` mean."""

from __future__ import annotations

import pytest

from heatcam.errors import UsageError
from heatcam.evaluation.choices import FractionsOf, ProtocolName
from heatcam.evaluation.controls import CONTROLS, PLAIN_BOX
from heatcam.evaluation.infills import INFILLS, Infill
from heatcam.evaluation.plan import EvalPlan
from heatcam.evaluation.protocols import PROTOCOLS
from heatcam.evaluation.tried import TRIED, TriedMap
from heatcam.saliency.methods import methods_of_evidence


def test_methods_stand_between_commas_each_once_and_all_means_all() -> None:
    assert EvalPlan().method_names() == ["live", "fine"]
    assert EvalPlan("fine, HiResCAM,fine").method_names() == ["fine", "hirescam"]
    assert EvalPlan("fine,all").method_names()[0] == "fine"
    assert sorted(EvalPlan("all").method_names()) == sorted(methods_of_evidence())
    assert EvalPlan("attention").method_names() == ["attention"]


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


def test_infills_and_fractions_are_the_protocols_own_unless_asked_for() -> None:
    assert EvalPlan().infill_names() == ["blur", "noise"]
    assert EvalPlan().counted() is FractionsOf.BOX
    published = EvalPlan(protocol=ProtocolName.D_RISE)
    assert published.infill_names() == ["mean"]
    assert published.counted() is FractionsOf.PICTURE
    assert EvalPlan(infill="noise, Blur,noise").infill_names() == ["noise", "blur"]
    assert EvalPlan(infill="all").infill_names() == list(INFILLS)
    assert EvalPlan(protocol=ProtocolName.D_RISE, fractions=FractionsOf.BOX).counted() is FractionsOf.BOX


def test_an_infill_more_costs_one_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(INFILLS, "black", Infill("black", "black", lambda picture: 0 * picture))
    assert EvalPlan(infill="black").infill_names() == ["black"]


def test_an_infill_or_control_that_does_not_exist_is_named() -> None:
    with pytest.raises(UsageError, match="unknown infill 'blurr'; did you mean 'blur'"):
        EvalPlan(infill="blurr").require_valid()
    with pytest.raises(UsageError, match="no infill to judge by"):
        EvalPlan(infill=",").require_valid()
    with pytest.raises(UsageError, match="unknown control 'dog'; use some of: plain box, "):
        EvalPlan(controls="dog").require_valid()


def test_the_plain_box_is_always_a_control() -> None:
    assert EvalPlan().control_names() == list(CONTROLS)
    assert EvalPlan(controls="random,edges in box").control_names() == [
        PLAIN_BOX,
        "control: edges in box",
        "control: random",
    ]
    assert EvalPlan(controls="").control_names() == [PLAIN_BOX]


def test_small_objects_are_left_out_of_fractions_of_the_picture_alone() -> None:
    assert EvalPlan().keeps_small
    assert not EvalPlan(fractions=FractionsOf.PICTURE).keeps_small
    assert EvalPlan(fractions=FractionsOf.PICTURE, small=True).keeps_small
    assert EvalPlan(fractions=FractionsOf.PICTURE, whole=True).keeps_small


def test_a_map_by_trial_is_refused_its_own_infill() -> None:
    assert EvalPlan("live,true").method_names() == ["live", "true"]
    assert "true" not in EvalPlan("all").method_names()
    EvalPlan("live,true").require_valid()  # (the usual infills: by noise it is judged)
    EvalPlan("true", infill="noise,mean").require_valid()
    EvalPlan("live", infill="blur").require_valid()
    said = "the map 'true' is made by trials under 'blur' and is never judged by it; --infill "
    with pytest.raises(UsageError, match=f"{said}noise$"):
        EvalPlan("live,true", infill="blur,noise").require_valid()
    with pytest.raises(UsageError, match=f"{said}noise,grey,mean$"):
        EvalPlan("true", infill="blur").require_valid()


def test_a_map_by_trial_is_refused_a_protocol_that_has_its_own_infill_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(TRIED, "true", TriedMap("true", "mean", "fine", lambda explainer: None))
    with pytest.raises(UsageError, match=r"never judged by it; --infill blur,noise,grey$"):
        EvalPlan("true", protocol=ProtocolName.D_RISE).require_valid()
