"""Settings survive a run, and damage to them does not hurt."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import pytest

from heatcam.commands.settings import Settings, load_settings, save_settings, settings_path
from heatcam.enums import Colormap, Layout, Renorm


def test_what_is_saved_is_loaded_again() -> None:
    assert load_settings() == Settings(heatmap=True)
    save_settings(Settings(heatmap=False))
    assert load_settings() == Settings(heatmap=False)
    assert [p.name for p in settings_path().parent.iterdir()] == ["settings.json"]


def test_every_setting_survives() -> None:
    changed = Settings(
        heatmap=False,
        layout=Layout.DUAL,
        colormap=Colormap.MAGMA,
        alpha=0.4,
        renorm=Renorm.FRAME,
        boxes=False,
        conf=0.5,
        method="odam",
        every=3,
        numbers=True,
        graphs=True,
        full_screen=True,
        window_wh=(800, 600),
    )
    usual = Settings()
    assert all(getattr(changed, f.name) != getattr(usual, f.name) for f in fields(Settings))
    save_settings(changed)
    assert load_settings() == changed


@pytest.mark.parametrize(
    "damage",
    [
        {"alpha": 7},
        {"alpha": "much"},
        {"alpha": True},
        {"colormap": "rainbow"},
        {"heatmap": "yes"},
        {"every": 0},
        {"window_wh": [1]},
        {"window_wh": [10, -4]},
        {"window_wh": "large"},
        {"method": None},
    ],
)
def test_one_damaged_setting_does_not_cost_the_others(damage: dict[str, object]) -> None:
    settings_path().parent.mkdir(parents=True, exist_ok=True)
    settings_path().write_text(json.dumps({"graphs": True, **damage}))
    assert load_settings() == Settings(graphs=True)


def test_settings_that_hold_something_else_give_the_defaults() -> None:
    settings_path().parent.mkdir(parents=True, exist_ok=True)
    settings_path().write_text('{"other": 1}')
    assert load_settings() == Settings()


def test_damaged_settings_are_put_aside_and_the_next_run_keeps_its_own(caplog) -> None:
    settings_path().parent.mkdir(parents=True, exist_ok=True)
    settings_path().write_text('{"alpha": ' + "[" * 100_000)
    assert load_settings() == Settings()
    assert "settings.json.damaged" in caplog.text
    save_settings(Settings(heatmap=False))
    assert load_settings() == Settings(heatmap=False)
    assert len(caplog.records) == 1


def test_a_folder_that_cannot_be_written_is_no_reason_to_fail_and_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HEATCAM_CONFIG_DIR", str(tmp_path / "file"))
    assert load_settings() == Settings()
    assert not caplog.records
    save_settings(Settings(heatmap=False))
    assert load_settings() == Settings()
    assert len(caplog.records) == 1
