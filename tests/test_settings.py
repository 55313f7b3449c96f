"""Settings survive a run, and damage to them does not hurt."""

from __future__ import annotations

from pathlib import Path

import pytest

from heatcam.settings import Settings, load_settings, save_settings, settings_path


def test_what_is_saved_is_loaded_again() -> None:
    assert load_settings() == Settings(heatmap=True)
    save_settings(Settings(heatmap=False))
    assert load_settings() == Settings(heatmap=False)
    assert [p.name for p in settings_path().parent.iterdir()] == ["settings.json"]


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"other": 1}'])
def test_damaged_settings_give_the_defaults(content: str) -> None:
    settings_path().parent.mkdir(parents=True, exist_ok=True)
    settings_path().write_text(content)
    assert load_settings() == Settings()


def test_a_folder_that_cannot_be_written_is_no_reason_to_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HEATCAM_CONFIG_DIR", str(tmp_path / "file"))
    save_settings(Settings(heatmap=False))
    assert load_settings() == Settings()
