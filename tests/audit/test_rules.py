"""Files of rules, and how they are judged."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatcam.audit.changing import AuditTables
from heatcam.audit.figures import Estimate
from heatcam.audit.judging import METRICS, Condition, RuleOutcome, _outcome, judge_rules
from heatcam.audit.junit import junit_xml
from heatcam.audit.rules import Rule, read_rules, rules_of
from heatcam.audit.tries import Try, tries_table
from heatcam.errors import HeatcamError, UsageError
from tests.audit.tables import made, table_of


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "evidence.yaml"
    path.write_text(text, "utf-8")
    return path


def rules(tmp_path: Path, text: str, *class_names: str) -> list[tuple[str | None, str, str]]:
    found = rules_of(read_rules(written(tmp_path, text)), class_names or ("cow", "dog"))
    return [(rule.class_name, rule.metric, rule.condition.text) for rule in found]


def test_rules_are_of_a_class_of_all_and_of_each(tmp_path: Path) -> None:
    text = 'cow: {energy_in_box: ">= 0.6", without_background: ">70%"}\nall: {precision: ">= .8"}\neach: {found: "> 0.5"}'
    assert rules(tmp_path, text) == [
        ("cow", "energy_in_box", ">= 0.6"),
        ("cow", "without_background", "> 70 %"),
        (None, "precision", ">= .8"),
        ("cow", "found", "> 0.5"),
        ("dog", "found", "> 0.5"),
    ]
    (_, share, *_) = rules_of(read_rules(tmp_path / "evidence.yaml"), ("cow", "dog"))
    assert (share.condition.bound, share.condition.above) == (0.7, True)


def test_the_file_may_name_its_data_from_its_own_folder_on(tmp_path: Path) -> None:
    file = read_rules(written(tmp_path, 'data: sets/cows.yaml\ncow: {found: ">= 0.6"}'))
    assert file.data == tmp_path / "sets" / "cows.yaml"
    assert list(file.rules) == ["cow"]
    as_class = read_rules(written(tmp_path, 'data: {found: ">= 0.6"}'))
    assert (as_class.data, list(as_class.rules)) == (None, ["data"])


def test_class_names_may_be_words_that_yaml_takes_for_values(tmp_path: Path) -> None:
    text = 'no: {found: ">= 0.6"}\n7: {found: "<= 1"}\nall: {found: ">= 0"}\n'
    assert [name for name, *_ in rules(tmp_path, text, "no", "7", "all")] == ["no", "7", "all"]


def test_capitals_do_not_matter(tmp_path: Path) -> None:
    assert rules(tmp_path, 'Cow: {found: ">= 0.6"}') == [("cow", "found", ">= 0.6")]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "it has no classes"),
        ("- a", "it has no classes"),
        ("data: x.yaml", "it has no rules"),
        ("cow:", "cow has no metrics"),
        ("cow: 3", "cow has no metrics"),
        ("cow: {found: [1]}", "cow: found is no condition"),
        ("cow: {found: 0.6}", "cow: found is '0.6'"),
        ('cow: {found: "=> 0.6"}', "cow: found is '=> 0.6'"),
        ('cow: {found: ">= nan"}', "'>= nan'"),
        ('cow: {found: ">= 1e999"}', "'>= 1e999'"),
        ('cow: {energy: ">= 0.6"}', "unknown metric 'energy'; did you mean 'energy_in_box'?"),
        ('cow: {zzz: ">= 0.6"}', "use some of: precision, found"),
        ('cow: {found: ">= 0.6", found: ">= 0.7"}', "'found' stands twice in line 1"),
        ('cow: {found: ">= 0.6"}\ncow: {found: ">= 0.1"}', "'cow' stands twice in line 2"),
        ("cow: {found", "in line 1"),
        ("cow: {[1]: 2}", "in line 1"),
        ("cow: \x00", "is no file of rules"),
    ],
)
def test_broken_files_are_refused_in_one_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(HeatcamError) as caught:
        rules(tmp_path, text)
    assert says in str(caught.value)
    assert "evidence.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "pydantic" not in str(caught.value)


def test_files_that_cannot_be_read_and_large_ones_are_refused(tmp_path: Path) -> None:
    with pytest.raises(HeatcamError, match="cannot read"):
        read_rules(tmp_path / "none.yaml")
    with pytest.raises(UsageError, match="larger than 1 MB"):
        read_rules(written(tmp_path, "#" * 1_000_001))
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(HeatcamError):
        read_rules(tmp_path / "bytes.yaml")


def test_a_class_that_the_audit_does_not_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such class; did you mean 'cow'"):
        rules(tmp_path, 'cows: {found: ">= 0.6"}')


@settings(max_examples=100)
@given(
    st.sampled_from([">=", "<=", ">", "<"]),
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_a_rule_is_decided_only_where_its_whole_interval_is(
    sign: str, bound: float, a: float, b: float
) -> None:
    low, high = sorted((a, b))
    held = {">=": np.greater_equal, "<=": np.less_equal, ">": np.greater, "<": np.less}[sign]
    inside = [bool(held(value, bound)) for value in (low, high)]
    outcome = _outcome(Condition(sign[0] == ">", bound, f"{sign} {bound}"), Estimate(low, low, high, 9))
    expected = (RuleOutcome.FAIL, RuleOutcome.UNDECIDED, RuleOutcome.PASS)[sum(inside)]
    assert outcome is expected


def herd(energy: float, count: int = 40, kind: str = "true") -> AuditTables:
    random = np.random.default_rng(0)
    rows = [
        made(kind, image=f"{n}.jpg", energy_in_box=energy + 0.01 * random.normal(), low_evidence=n % 4 == 0)
        for n in range(count)
    ]
    tries = [Try(n, "background_blurred", n > 2, 0.5) for n in range(1, min(30, count) + 1)]
    tries += [Try(n, "object_blurred", n > 28, 0.5) for n in range(1, min(30, count) + 1)]
    return AuditTables(table_of(*rows), tuple(f"{n}.jpg" for n in range(count)), tries_table(tries))


def judged(audit: AuditTables, **conditions: str) -> dict[str, tuple[str, str]]:
    found = [
        Rule("cow", metric, Condition(text[0] == ">", float(text.split()[1]), text))
        for metric, text in conditions.items()
    ]
    return {each.rule.metric: (each.outcome.value, each.words) for each in judge_rules(found, audit)}


def test_each_metric_is_judged() -> None:
    bounds = dict.fromkeys(METRICS, ">= 0.0001")
    assert {outcome for outcome, _ in judged(herd(0.7), **bounds).values()} == {"pass", "undecided"}
    found = judged(herd(0.7), energy_in_box=">= 0.6", low_evidence="<= 0.1", without_background=">= 0.7")
    assert [outcome for outcome, _ in found.values()] == ["pass", "fail", "pass"]
    assert found["energy_in_box"][1].startswith("cow: energy_in_box >= 0.6: pass, it is 0.699 [0.69")
    assert "it is 0.933 [0.787, 0.982], 30 tries" in found["without_background"][1]


def test_a_bound_inside_of_the_interval_is_undecided() -> None:
    assert judged(herd(0.7), low_evidence="<= 0.25")["low_evidence"][0] == "undecided"


def test_too_few_objects_decide_nothing() -> None:
    found = judged(herd(0.7, 3), energy_in_box=">= 0.6", object_needed=">= 0.5")
    assert found["energy_in_box"][0] == "undecided"
    assert "too few pictures" in found["energy_in_box"][1]
    none = judged(
        AuditTables(table_of(made("missed")), ("a.jpg",), tries_table([])),
        evidence=">= 1",
        object_needed=">= 0",
    )
    assert none["evidence"] == ("undecided", "cow: evidence >= 1: undecided, there are no objects")
    assert none["object_needed"][1].endswith("there are no tries")


def test_without_labels_means_are_of_all_detections() -> None:
    assert judged(herd(0.7, kind="unlabelled"), energy_in_box=">= 0.6")["energy_in_box"][0] == "pass"


def test_junit_says_what_passed_failed_and_was_skipped() -> None:
    bounds = {"energy_in_box": ">= 0.6", "low_evidence": "<= 0.1", "precision": ">= 0.95"}
    rules = [Rule("cow", m, Condition(t[0] == ">", float(t.split()[1]), t)) for m, t in bounds.items()]
    judgements = judge_rules(rules, herd(0.7))
    loose = ElementTree.fromstring(junit_xml("evidence.yaml", judgements, strict=False))
    (suite,) = loose
    assert loose.attrib["tests"] == suite.attrib["tests"] == "3"
    assert (suite.attrib["failures"], suite.attrib["skipped"], suite.attrib["errors"]) == ("1", "1", "0")
    assert [[part.tag for part in case] for case in suite] == [["system-out"], ["failure"], ["skipped"]]
    assert suite[1][0].attrib["message"] == judgements[1].words
    assert suite[0].attrib["classname"] == "cow"
    strict = ElementTree.fromstring(junit_xml("evidence.yaml", judgements, strict=True))
    assert strict.attrib["failures"] == "2"


def test_hostile_names_make_valid_xml() -> None:
    rule = Rule('<b>"&\x00\x1b\ufffe]]>\u202e', "found", Condition(True, 1.0, ">= 1"))
    (judgement,) = judge_rules([rule], AuditTables(table_of(), (), tries_table([])))
    read = ElementTree.fromstring(junit_xml("a&b.yaml", [judgement], strict=False))
    assert read[0].attrib["name"] == "a&b.yaml"
    assert read[0][0].attrib["classname"].startswith('<b>"&')
