"""The stages of an audit that try context, count figures and compare, on a store in memory."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import polars
import pytest

from heatcam.audit.changes import Changes
from heatcam.audit.figures import Figures
from heatcam.audit.tries import Try, tries_table
from heatcam.commands import audit_figures
from heatcam.commands.audit_figures import compare_audits, count_figures, is_against, try_context, wants_tries
from heatcam.commands.audit_options import AuditChoice
from heatcam.commands.audit_stages import STAGES
from heatcam.errors import UnreadableInputError
from tests.audit.tables import made, table_of
from tests.commands.test_audit_tries import FakeProber, pictures
from tests.commands.test_check import write_audit
from tests.probing.scenes import BOX, DOG


class FakeStore:
    """Holds tables, as ``AuditStore`` does."""

    def __init__(self, table: polars.DataFrame, names: list[str], broken: list[str]) -> None:
        self._table, self.answers, self._names, self._broken = table, [], names, broken

    def table(self) -> polars.DataFrame:
        return self._table

    def images(self) -> polars.DataFrame:
        errors = ["broken" if name in self._broken else None for name in self._names]
        return polars.DataFrame({"image": self._names, "error": errors}, {"image": str, "error": str})

    def tries(self) -> polars.DataFrame:
        return tries_table(self.answers)

    def put_tries(self, rows: Any) -> None:
        self.answers += [Try(**row) for row in rows]


def run_of(tmp_path: Path, **choice: Any) -> Any:
    """A run over two pictures with a dog each, one without, and one that cannot be read."""
    for name, image in pictures(2).items():
        cv2.imwrite(str(tmp_path / name.replace("jpg", "png")), image)
    names = ["0.png", "1.png", "empty.png", "broken.png"]
    table = table_of(*(made("true", "dog", name, BOX, class_id=DOG) for name in names[:2]))
    return SimpleNamespace(
        store=FakeStore(table, names, ["broken.png"]),
        choice=AuditChoice(**choice),
        files={name: tmp_path / name for name in names},
        explainer=None,
        terminal=SimpleNamespace(note=pytest.fail),
        made={},
        documents={},
        lines=[],
        settings={"imgsz": "320"},
        letterboxes={},
    )


@pytest.fixture
def prober(monkeypatch: pytest.MonkeyPatch) -> FakeProber:
    fake = FakeProber((125, 125))
    monkeypatch.setattr("heatcam.saliency.Prober", lambda _: fake)
    return fake


def test_context_is_tried_and_each_answer_kept(tmp_path: Path, prober: FakeProber) -> None:
    run = run_of(tmp_path)
    try_context(run)
    assert [(each.number, each.question, each.kept) for each in run.store.answers] == [
        (number, question, question != "object_blurred")
        for number in (1, 2)
        for question in ("background_blurred", "background_swapped", "object_blurred")
    ]
    assert prober.asked == 6


def test_what_an_earlier_run_answered_is_not_asked_again(tmp_path: Path, prober: FakeProber) -> None:
    run = run_of(tmp_path)
    try_context(run)
    run.store.answers = run.store.answers[:4]  # it was stopped in the middle of the second object
    try_context(run)
    assert prober.asked == 9
    try_context(run)
    assert prober.asked == 9


def test_how_far_it_is_and_how_long_it_takes_is_told(
    tmp_path: Path, prober: FakeProber, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(audit_figures, "_SAID_EVERY_S", 0)
    monkeypatch.setattr(audit_figures, "say_doing", said.append)
    try_context(run_of(tmp_path))
    assert said[0].startswith("trying context: 1 of 6, ")
    assert said[-1] == "trying context: 6 of 6, 0 s left"


def test_figures_are_in_the_run_and_its_documents(tmp_path: Path, prober: FakeProber) -> None:
    run = run_of(tmp_path)
    try_context(run)
    count_figures(run)
    assert isinstance(run.made["figures"], Figures)
    assert run.made["figures"].images == 3  # not the one that could not be read
    assert json.loads(json.dumps(run.documents["figures"]))["context"][1]["tries"] == 2
    assert run.lines[0] == "2 objects in 3 pictures: 2 true"


def test_an_audit_against_another_has_its_changes(tmp_path: Path) -> None:
    run = run_of(tmp_path, against=write_audit(tmp_path / "old"))
    run.store = FakeStore(table_of(made("missed", image="3.jpg")), [f"{n}.jpg" for n in range(4)], [])
    compare_audits(run)
    assert isinstance(run.made["changes"], Changes)
    assert run.documents["changes"]["counts"] == {"broken": 1}
    assert "1 broken" in run.lines[0]
    assert f"against {tmp_path / 'old'}, 4 pictures of both" in run.lines[0]


def test_an_earlier_audit_that_asked_otherwise_is_told_after_the_first_line(tmp_path: Path) -> None:
    run = run_of(tmp_path, against=write_audit(tmp_path / "old"))
    (tmp_path / "old" / "audit.json").write_text(json.dumps({"model": {"imgsz": 640}}))
    compare_audits(run)
    assert run.lines[1] == "not asked alike: imgsz 640, now 320"
    assert run.documents["changes"]["lines"][1] == run.lines[1]


def test_a_previous_audit_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInputError, match="no finished audit"):
        compare_audits(run_of(tmp_path, against=tmp_path / "none"))


def test_stages_run_where_they_are_asked_for(tmp_path: Path) -> None:
    asked, plain = run_of(tmp_path, against=tmp_path), run_of(tmp_path, tries=0)
    assert [wants_tries(run) for run in (asked, plain)] == [True, False]
    assert [is_against(run) for run in (asked, plain)] == [True, False]
    order = [stage.run for stage in STAGES]
    assert order.index(try_context) < order.index(count_figures)
    assert compare_audits in order
