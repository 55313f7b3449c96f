"""The page of an audit and its crops lie in the audit's folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from heatcam.audit import write_page
from heatcam.commands import audit_page
from heatcam.commands.audit_page import write_audit_page
from tests.audit.page.made_up import made_up_page


def test_the_command_writes_page_and_crops_and_says_where_they_are(tmp_path: Path) -> None:
    line = write_audit_page(tmp_path, made_up_page(30))
    assert line == f"open {tmp_path / 'index.html'} in a browser"
    assert (tmp_path / "index.html").is_file()
    assert len(list((tmp_path / "crops").iterdir())) == 30


def test_a_page_that_does_not_hold_all_objects_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_page, "write_page", lambda path, page: write_page(path, page, most=12))
    line = write_audit_page(tmp_path, made_up_page(30))
    assert line.endswith("index.html in a browser: the first 12 of 30 objects are on it")
