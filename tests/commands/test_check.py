"""``heatcam check``, on audits that tests have written, with something in the audit command's place."""

from __future__ import annotations

import io
import json
import sqlite3
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import polars
import pytest
from rich.console import Console
from typer.testing import CliRunner

from heatcam.audit import read_audit
from heatcam.cli.app import app
from heatcam.commands.audit_options import AuditModel
from heatcam.commands.check import run_check
from heatcam.commands.check_options import CheckChoice, CheckOutput
from heatcam.commands.terminal import Terminal
from tests.audit.tables import made, table_of

RULES = 'cow: {energy_in_box: ">= 0.5", found: ">= 0.7"}\n'


def write_audit(folder: Path, energy: float = 0.6, *, tries: bool = True) -> Path:
    """40 cows in 40 pictures, each found, 30 of them kept without their background."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [made("true", image=f"{n}.jpg", energy_in_box=energy + n / 1000) for n in range(40)]
    table_of(*rows).write_parquet(folder / "objects.parquet")
    with sqlite3.connect(folder / "audit.sqlite") as base:
        base.execute("PRAGMA journal_mode=WAL")
        base.execute("CREATE TABLE images (name TEXT, position INTEGER, error TEXT)")
        base.executemany("INSERT INTO images VALUES (?, ?, NULL)", [(f"{n}.jpg", n) for n in range(50)])
        base.execute("CREATE TABLE objects (id INTEGER, number INTEGER)")
        base.executemany("INSERT INTO objects VALUES (?, ?)", [(n + 100, n) for n in range(1, 41)])
        base.execute("CREATE TABLE tries (object INTEGER, question TEXT, kept INTEGER, confidence REAL)")
        answers = [(n + 100, "background_blurred", n <= 30, 0.5) for n in range(1, 41)]
        base.executemany("INSERT INTO tries VALUES (?, ?, ?, ?)", answers if tries else [])
    base.close()
    return folder


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("evidence.yaml").write_text(RULES)


def check(*words: str) -> Any:
    return CliRunner().invoke(app, ["check", "evidence.yaml", *words])


def test_rules_that_hold_pass() -> None:
    write_audit(Path("audit"))
    result = check("--audit", "audit")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[1].split()[:5] == ["pass", "cow", "energy_in_box", ">=", "0.5"]
    assert lines[-1] == "2 rules: 2 passed"


def test_a_rule_that_fails_exits_with_1_and_is_in_every_document() -> None:
    write_audit(Path("audit"), energy=0.2)
    result = check("--audit", "audit", "--junit", "ci/out.xml", "--json", "out.json")
    assert result.exit_code == 1
    assert "2 rules: 1 passed, 1 failed" in result.stdout
    suite = ElementTree.parse("ci/out.xml").getroot()[0]
    assert [[part.tag for part in case] for case in suite] == [["failure"], ["system-out"]]
    document = json.loads(Path("out.json").read_text())
    assert (document["schema"], document["passed"], document["audit"]) == ("heatcam/check/1", False, "audit")
    first = document["rules"][0]
    assert (first["class_name"], first["metric"], first["outcome"], first["n"]) == (
        "cow",
        "energy_in_box",
        "fail",
        40,
    )
    assert first["low"] < first["value"] < first["high"] < 0.5


def test_an_undecided_rule_fails_only_when_it_is_asked_to() -> None:
    write_audit(Path("audit"))
    Path("evidence.yaml").write_text('cow: {without_background: ">= 0.75"}')
    result = check("--audit", "audit")
    assert result.exit_code == 0
    assert "1 rule: 1 undecided" in result.stdout
    assert "cow: without_background >= 0.75: undecided, it is 0.750 [0.5" in result.stderr
    assert check("--audit", "audit", "--strict").exit_code == 1


def test_json_alone_is_on_standard_output() -> None:
    write_audit(Path("audit"))
    assert json.loads(check("--audit", "audit", "--json", "-").stdout)["passed"] is True


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "nothing to check on: evidence.yaml names no data; give --data data.yaml"),
        (("--audit", "audit", "--data", "x.yaml"), "give --audit or --data, not both"),
        (("--audit", "audit", "-m", "markers"), "give --audit or --model, not both"),
        (("--audit", "none"), "none is no finished audit (it has no objects.parquet)"),
        (("--data", "x.yaml", "--split", "all"), "there is no split 'all'"),
        (("--data", "x.yaml", "--match-iou", "0"), "match-iou is 0.0"),
        (("--data", "x.yaml", "-m", "everyday"), "'everyday' finds classes, not boxes"),
        (("--audit", "audit", "--junit", "evidence.yaml"), "evidence.yaml would be overwritten"),
        (("--audit", "audit", "--junit", "there.xml"), "there.xml exists already"),
        (("--audit", "audit", "--json", "there.xml"), "there.xml exists already"),
        (("--data", "x.yaml", "-o", "audit"), "audit.sqlite exists already"),
    ],
)
def test_usage_errors_are_one_line(words: tuple[str, ...], says: str) -> None:
    write_audit(Path("audit"))
    Path("there.xml").write_text("mine")
    result = CliRunner(env={"COLUMNS": "300"}).invoke(app, ["check", "evidence.yaml", *words])
    assert result.exit_code == 2
    assert says in str(result.exception) + result.stderr
    assert Path("there.xml").read_text() == "mine"


def test_files_that_are_there_are_replaced_when_asked() -> None:
    write_audit(Path("audit"))
    Path("there.xml").write_text("mine")
    assert check("--audit", "audit", "--junit", "there.xml", "--overwrite").exit_code == 0
    assert Path("there.xml").read_text().startswith("<?xml")


def test_a_broken_audit_is_told_in_one_line() -> None:
    folder = write_audit(Path("audit"))
    (folder / "audit.sqlite").write_bytes(b"no data base" * 100)
    assert "audit.sqlite" in check("--audit", "audit").stderr
    (folder / "objects.parquet").write_bytes(b"nothing")
    assert "objects.parquet" in check("--audit", "audit").stderr
    polars.DataFrame({"a": [1]}).write_parquet(folder / "objects.parquet")
    assert "objects.parquet" in check("--audit", "audit").stderr
    (folder / "objects.parquet").unlink()
    assert "--resume" in check("--audit", "audit").stderr


def test_what_a_killed_audit_left_in_its_log_is_read() -> None:
    folder = write_audit(Path("audit"))
    base = sqlite3.connect(folder / "audit.sqlite")
    base.execute("DELETE FROM tries WHERE object > 120")
    base.commit()
    assert (folder / "audit.sqlite-wal").stat().st_size
    assert len(read_audit(folder).tries) == 20
    base.close()


def test_an_audit_is_not_changed_and_needs_no_store() -> None:
    folder = write_audit(Path("audit"))
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    check("--audit", "audit")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    (folder / "audit.sqlite").unlink()
    assert check("--audit", "audit").exit_code == 0


class FakeAuditor:
    """Writes the audit that a test wants, and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    def __call__(self, data: str, output: Any, model: Any, choice: CheckChoice, terminal: Terminal) -> None:
        self.asked.append((data, choice.tries))
        self.folder = write_audit(output.output)


def run(rules: str, output: CheckOutput = CheckOutput(), **own: Any) -> tuple[int, FakeAuditor]:  # noqa: B008
    Path("evidence.yaml").write_text(rules)
    auditor = FakeAuditor()
    quiet = Terminal(Console(file=io.StringIO()), Console(file=io.StringIO()))
    code = run_check(Path("evidence.yaml"), AuditModel(), CheckChoice(**own), output, quiet, auditor)
    return code, auditor


def test_a_data_set_is_audited_into_a_folder_that_goes_or_stays() -> None:
    code, auditor = run(RULES, data="cows.yaml")
    assert (code, auditor.asked) == (0, [("cows.yaml", 0)])
    assert not auditor.folder.exists()
    code, auditor = run(RULES, CheckOutput(output=Path("kept")), data="cows.yaml")
    assert auditor.folder == Path("kept")
    assert (auditor.folder / "objects.parquet").is_file()


def test_the_rules_may_name_the_data_set() -> None:
    assert run(f"data: sets/cows.yaml\n{RULES}")[1].asked == [("sets/cows.yaml", 0)]
    assert run(f"data: sets/cows.yaml\n{RULES}", data="mine.yaml")[1].asked == [("mine.yaml", 0)]


def test_context_is_tried_only_for_rules_about_it() -> None:
    assert run('data: a.yaml\ncow: {object_needed: "> 0.1"}', tries=7)[1].asked == [("a.yaml", 7)]
