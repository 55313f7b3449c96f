"""What every test stands on: settings and caches in a folder of its own, never the user's."""

from __future__ import annotations

import gc
import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

# A million objects are made while tests are collected, and stay: to look through them again and again took a third of that time
# (18 s of the processor with it, 12 without), and later 0.6 s in each full collection.
gc.disable()

# Before anything imports ultralytics, which reads this once.
_FOLDER = tempfile.TemporaryDirectory(prefix="heatcam-test-")
os.environ["HEATCAM_CONFIG_DIR"] = f"{_FOLDER.name}/config"
os.environ.setdefault("HEATCAM_CACHE_DIR", f"{_FOLDER.name}/cache")
import torch  # noqa: E402 (before ultralytics, which otherwise leaves torch one core)

# No test is timed: a machine may be busy.
hypothesis.settings.register_profile("heatcam", deadline=None)
hypothesis.settings.load_profile("heatcam")

# Programs that tests start inherit what is ignored: a suite that runs behind nohup or in a shell's background ignores these.
for _name, _default in (("SIGINT", signal.default_int_handler), ("SIGHUP", signal.SIG_DFL)):
    if hasattr(signal, _name) and signal.getsignal(getattr(signal, _name)) is signal.SIG_IGN:
        signal.signal(getattr(signal, _name), _default)


def pytest_collection_finish() -> None:
    """Collect garbage again, among what the tests make."""
    gc.freeze()
    gc.enable()


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEATCAM_CONFIG_DIR", str(tmp_path / "config"))


@pytest.fixture(autouse=True)
def _as_many_threads_as_before() -> Iterator[None]:
    """Ultralytics' own predictor leaves torch with one core fewer than there are, for every test after it."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def _no_signal_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal that one test has sent to this process would stop the recordings of all later ones."""
    from heatcam.runtime import stopping

    monkeypatch.setattr(stopping, "_state", stopping._State())
