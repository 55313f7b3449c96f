"""Judgements as JUnit XML, as CI servers read it: a test suite of the rules file, a test case a rule."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from xml.etree import ElementTree

from heatcam.audit.judging import Judgement, RuleOutcome
from heatcam.text import printable

#: Characters that XML 1.0 cannot hold; ``printable`` escapes most of them already.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(name: str, judgements: Sequence[Judgement], *, strict: bool) -> bytes:
    """Return the document, UTF-8.

    Args:
        name: of the rules' file.
        judgements: of its rules; an undecided one is a skipped test.
        strict: an undecided one is a failure.
    """
    outcomes = Counter(_outcome(each, strict) for each in judgements)
    counts = {
        "tests": str(len(judgements)),
        "failures": str(outcomes[RuleOutcome.FAIL]),
        "errors": "0",
        "skipped": str(outcomes[RuleOutcome.UNDECIDED]),
    }
    root = ElementTree.Element("testsuites", {"name": "heatcam check", **counts, "time": "0"})
    suite = ElementTree.SubElement(root, "testsuite", {"name": _safe(name), **counts, "time": "0"})
    for each in judgements:
        _add(suite, each, _outcome(each, strict))
    ElementTree.indent(root)
    document: bytes = ElementTree.tostring(root, "utf-8", xml_declaration=True)
    return document + b"\n"


def _add(suite: ElementTree.Element, judgement: Judgement, outcome: RuleOutcome) -> None:
    rule = judgement.rule
    about = {
        "classname": _safe(rule.class_name or "all classes"),
        "name": f"{rule.metric} {rule.condition.text}",
        "time": "0",
    }
    case = ElementTree.SubElement(suite, "testcase", about)
    words = _safe(judgement.words)
    if outcome is RuleOutcome.FAIL:
        ElementTree.SubElement(case, "failure", {"message": words, "type": judgement.outcome.value})
    elif outcome is RuleOutcome.UNDECIDED:
        ElementTree.SubElement(case, "skipped", {"message": words})
    else:
        ElementTree.SubElement(case, "system-out").text = words


def _outcome(judgement: Judgement, strict: bool) -> RuleOutcome:
    return RuleOutcome.FAIL if strict and judgement.outcome is not RuleOutcome.PASS else judgement.outcome


def _safe(text: str) -> str:
    return _NO_XML.sub("\ufffd", printable(text))
