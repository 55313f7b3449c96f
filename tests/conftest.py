"""What every test stands on: settings and caches in a folder of its own, never the user's."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

# Before anything imports ultralytics, which reads this once.
_FOLDER = tempfile.TemporaryDirectory(prefix="heatcam-test-")
os.environ["HEATCAM_CONFIG_DIR"] = f"{_FOLDER.name}/config"
os.environ.setdefault("HEATCAM_CACHE_DIR", f"{_FOLDER.name}/cache")
import torch  # noqa: E402, F401 (before ultralytics, which otherwise leaves torch one core)


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEATCAM_CONFIG_DIR", str(tmp_path / "config"))


@pytest.fixture(autouse=True)
def _no_signal_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal that one test has sent to this process would stop the recordings of all later ones."""
    from heatcam import stopping

    monkeypatch.setattr(stopping, "_state", stopping._State())
