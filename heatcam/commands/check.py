"""``heatcam check``: rules about the evidence that detections stand on, judged for CI."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from heatcam.audit import (
    TRIED,
    Judgement,
    RuleFile,
    RuleOutcome,
    judge_rules,
    junit_xml,
    read_audit,
    read_rules,
    rules_of,
)
from heatcam.commands.audit_options import AuditModel, AuditOutput
from heatcam.commands.audit_plan import STORE
from heatcam.commands.check_options import CheckChoice, CheckOutput
from heatcam.commands.probing_checks import require_detector
from heatcam.commands.tables import show_table
from heatcam.commands.terminal import Terminal
from heatcam.errors import HeatcamError, UsageError
from heatcam.sinks import make_folder, refuse_existing, require_folder, write_whole

CHECK_SCHEMA = "heatcam/check/1"
HEADINGS = ("outcome", "class", "rule", "found", "95 %", "of")
#: Audits a data set.
Auditor = Callable[[str, AuditOutput, AuditModel, CheckChoice, Terminal], None]


def run_check(
    rules: Path,
    model: AuditModel,
    choice: CheckChoice,
    output: CheckOutput,
    terminal: Terminal,
    auditor: Auditor | None = None,
) -> int:
    """Judge the rules of a file, print how each came out, and write the documents.

    Args:
        rules: the file.
        model: the model that is audited, unless an audit is given.
        choice: what the rules are judged on.
        output: the documents.
        terminal: prints results and notes.
        auditor: audits a data set; None takes ``heatcam audit``.

    Returns:
        0; 1 where a rule fails, or with ``strict`` cannot be decided.

    Raises:
        HeatcamError: rules, data, model or an output cannot be used; raised before torch is imported where possible.
    """
    choice.require_valid(model)
    file = read_rules(rules)
    _require_outputs(output, rules)
    judgements, folder = _judged(file, model, choice, output, terminal, auditor)
    failed = [each for each in judgements if _fails(each, strict=choice.strict)]
    if output.junit is not None:
        make_folder(output.junit.parent)
        write_whole(output.junit, junit_xml(str(rules), judgements, strict=choice.strict))
    if output.json != "-":
        _show(judgements, terminal)
    if output.json:
        terminal.document(_document(rules, folder, judgements, failed), output.json)
    return 1 if failed else 0


def _judged(
    file: RuleFile,
    model: AuditModel,
    choice: CheckChoice,
    output: CheckOutput,
    terminal: Terminal,
    auditor: Auditor | None,
) -> tuple[tuple[Judgement, ...], Path | None]:
    """Return the judgements, and the folder of the audit; None for one that was not kept."""
    if choice.audit is not None:
        return _of_audit(file, choice.audit, choice.seed), choice.audit
    data = choice.data or (str(file.data) if file.data else None)
    if data is None:
        raise UsageError(
            f"nothing to check on: {file.path} names no data",
            "give --data data.yaml or --audit audit/, or add a line `data: data.yaml` to it",
        )
    require_detector(model)
    audit = auditor or audit_for_rules
    if not any(metric in TRIED for conditions in file.rules.values() for metric in conditions):
        choice = replace(choice, tries=0)
    if output.output is not None:
        audit(data, AuditOutput(output.output, overwrite=output.overwrite), model, choice, terminal)
        return _of_audit(file, output.output, choice.seed), output.output
    with tempfile.TemporaryDirectory(prefix="heatcam-check-") as folder:
        made = Path(folder) / "audit"
        audit(data, AuditOutput(made), model, choice, terminal)
        return _of_audit(file, made, choice.seed), None


def _of_audit(file: RuleFile, folder: Path, seed: int) -> tuple[Judgement, ...]:
    audit = read_audit(folder)
    names = sorted(set(audit.objects["class_name"].to_list()))
    return judge_rules(rules_of(file, names), audit, seed)


def audit_for_rules(
    data: str, output: AuditOutput, model: AuditModel, choice: CheckChoice, terminal: Terminal
) -> None:
    """Audit a data set; its results are notes here.

    Raises:
        HeatcamError: data or model cannot be used, or some of the pictures.
        KeyboardInterrupt: after Ctrl-C: what is done is too little to judge.
    """
    from heatcam.commands.audit import run_audit  # noqa: PLC0415 (opens models)

    aside = Terminal(terminal.notes, terminal.notes, terminal.confirm, says_yes=terminal.says_yes)
    code = run_audit(data, model, choice.audit_choice(), output, aside)
    if code == 1:
        raise HeatcamError(f"pictures of {data} could not be read", "mend them, or leave them out")
    if code:
        raise KeyboardInterrupt


def _fails(judgement: Judgement, *, strict: bool) -> bool:
    undecided = judgement.outcome is RuleOutcome.UNDECIDED
    return judgement.outcome is RuleOutcome.FAIL or (strict and undecided)


def _require_outputs(output: CheckOutput, rules: Path) -> None:
    """Refuse documents that are there, or would replace the rules.

    Raises:
        HeatcamError: so they do, or their folder cannot be made.
    """
    json = Path(output.json) if output.json and output.json != "-" else None
    files = [file for file in (output.junit, json) if file is not None]
    if len({file.resolve() for file in (*files, rules)}) <= len(files):
        raise UsageError(f"{files[-1]} would be overwritten", "choose another name")
    kept = [] if output.output is None else [output.output / STORE]
    refuse_existing([*files, *kept], output.overwrite)
    for file in files:
        require_folder(file.parent)


def _show(judgements: Sequence[Judgement], terminal: Terminal) -> None:
    show_table(terminal, HEADINGS, [_row(each) for each in judgements], HEADINGS[3:])
    counts = Counter(each.outcome for each in judgements)
    told = ", ".join(f"{counts[outcome]} {_COUNTED[outcome]}" for outcome in RuleOutcome if counts[outcome])
    terminal.result(f"{len(judgements)} rule{'s' * (len(judgements) != 1)}: {told}")
    for each in judgements:
        if each.outcome is RuleOutcome.UNDECIDED:
            terminal.note(each.words)


_COUNTED = {RuleOutcome.PASS: "passed", RuleOutcome.FAIL: "failed", RuleOutcome.UNDECIDED: "undecided"}


def _row(judgement: Judgement) -> list[object]:
    rule, found = judgement.rule, judgement.found
    ends = None if found.low is None else f"{found.low:.3f} to {found.high:.3f}"
    return [
        judgement.outcome.value,
        "all classes" if rule.class_name is None else rule.class_name,
        f"{rule.metric} {rule.condition.text}",
        None if found.value is None else f"{found.value:.3f}",
        ends,
        found.n,
    ]


def _document(
    rules: Path, folder: Path | None, judgements: Sequence[Judgement], failed: Sequence[Judgement]
) -> dict[str, Any]:
    return {
        "schema": CHECK_SCHEMA,
        "rules_file": str(rules),
        "audit": None if folder is None else str(folder),
        "passed": not failed,
        "rules": [
            {
                "class_name": each.rule.class_name,
                "metric": each.rule.metric,
                "condition": each.rule.condition.text,
                "outcome": each.outcome.value,
                **asdict(each.found),
                "words": each.words,
            }
            for each in judgements
        ],
    }
