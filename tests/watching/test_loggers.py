"""Loggers: those that ultralytics has active get pictures in their own way; TensorBoard has a file of its own else."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from heatcam.watching.loggers import LentMetrics, log_picture
from heatcam.watching.tensorboard import OwnTensorBoard

PICTURE = np.zeros((4, 6, 3), np.uint8)
PICTURE[..., 0] = 255  # blue


class Calls:
    """A fake that notes what it was called with."""

    def __init__(self) -> None:
        self.made: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **kwargs: self.made.append((name, args, kwargs))


def activate(monkeypatch: pytest.MonkeyPatch, logger: str, **names: Any) -> None:
    monkeypatch.setitem(sys.modules, f"ultralytics.utils.callbacks.{logger}", SimpleNamespace(**names))


@pytest.fixture(autouse=True)
def none_active(monkeypatch: pytest.MonkeyPatch) -> None:
    for logger in ("tensorboard", "comet", "mlflow"):
        monkeypatch.delitem(sys.modules, f"ultralytics.utils.callbacks.{logger}", raising=False)


def trainer(**more: Any) -> Any:
    plotted: list[Path] = []
    return SimpleNamespace(stop=True, plotted=plotted, on_plot=plotted.append, **more)


def test_every_picture_is_a_plot_of_the_trainer() -> None:
    """Weights & Biases, DVCLive and ClearML log those."""
    own = trainer()
    log_picture(own, Path("heat-a.png"), PICTURE, 3)
    assert own.plotted == [Path("heat-a.png")]


def test_tensorboard_gets_the_last_strip_in_rgb(monkeypatch: pytest.MonkeyPatch) -> None:
    writer = Calls()
    activate(monkeypatch, "tensorboard", WRITER=writer)
    own = trainer()
    log_picture(own, Path("heat-a.png"), PICTURE, 3)
    own.stop = False
    log_picture(own, Path("heat-a.png"), PICTURE, 4)
    ((name, (tag, shown, epoch), how),) = writer.made
    assert (name, tag, epoch, how) == ("add_image", "heatcam/heat-a", 3, {"dataformats": "HWC"})
    assert shown[0, 0].tolist() == [0, 0, 255]


def test_comet_gets_every_strip_over_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = Calls()
    activate(monkeypatch, "comet", comet_ml=SimpleNamespace(get_running_experiment=lambda: experiment))
    log_picture(trainer(), Path("heat-a.png"), PICTURE, 3)
    assert experiment.made == [
        ("log_image", ("heat-a.png",), {"name": "heat-a", "step": 3, "overwrite": True})
    ]
    activate(monkeypatch, "comet", comet_ml=SimpleNamespace(get_running_experiment=lambda: None))
    log_picture(trainer(), Path("heat-a.png"), PICTURE, 3)


def test_mlflow_gets_files_while_it_tracks_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    mlflow = Calls()
    activate(monkeypatch, "mlflow", mlflow=mlflow)
    log_picture(trainer(), Path("heat-a.png"), PICTURE, 3)
    assert mlflow.made == []
    log_picture(trainer(_mlflow_active=True), Path("heat-a.png"), PICTURE, 3)
    assert mlflow.made == [("log_artifact", ("heat-a.png", "heatcam"), {})]


def test_lent_numbers_are_taken_back_even_from_a_trainer_that_has_new_metrics() -> None:
    lent, own = LentMetrics(), SimpleNamespace(metrics={"a": 1.0})
    before = own.metrics
    lent.lend(own, {"b": 2.0})
    assert own.metrics == {"a": 1.0, "b": 2.0} and before == {"a": 1.0}
    lent.take_back(own)
    assert own.metrics is before
    lent.lend(own, {"b": 2.0})
    own.metrics = newer = {"a": 3.0}
    lent.take_back(own)
    assert own.metrics is newer


def test_a_real_tensorboard_file_has_the_energies_by_epoch(tmp_path: Path) -> None:
    accumulating = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    board = OwnTensorBoard(tmp_path)
    for epoch in (0, 5):
        board.write({"heatcam/energy_in_box/a": epoch / 10}, {"heat-a": PICTURE} if epoch else {}, epoch)
    board.close()
    read = accumulating.EventAccumulator(str(tmp_path)).Reload()
    assert [(one.step, one.value) for one in read.Scalars("heatcam/energy_in_box/a")] == [(0, 0.0), (5, 0.5)]
    assert [one.step for one in read.Images("heatcam/heat-a")] == [5]


def test_there_is_no_file_where_ultralytics_own_writer_gets_the_numbers_or_without_tensorboard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = OwnTensorBoard(tmp_path)
    with monkeypatch.context() as patch:
        activate(patch, "tensorboard", WRITER=Calls())
        board.write({"a": 1.0}, {}, 0)
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    board.write({"a": 1.0}, {}, 0)
    board.close()
    assert list(tmp_path.iterdir()) == []
