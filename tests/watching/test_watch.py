"""The callbacks, on trainers that only look like one: when they look, what faults do, and what stays in memory."""

from __future__ import annotations

import gc
import logging
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch

import heatcam
from heatcam.errors import UsageError
from heatcam.options import ExplainOptions
from heatcam.watching import TrainingWatch, WatchOptions, probes_of
from heatcam.watching.ema import EmaExplainer
from tests.nets import fresh_network
from tests.watching.runs import FakeTrainer, picture


@pytest.fixture(autouse=True)
def quick_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Films need a process each, TensorBoard a second: they have tests of their own."""
    monkeypatch.setattr("heatcam.watching.watch.write_film", lambda path, *_: path.write_bytes(b"film"))
    monkeypatch.setattr("heatcam.watching.tensorboard.OwnTensorBoard.write", lambda *_: None)


def watched(trainer: FakeTrainer, every: int = 1) -> TrainingWatch:
    options = WatchOptions(every=every, explain=ExplainOptions(backend="torch", max_det=5))
    watch = TrainingWatch(probes_of([picture(1)]), options)
    for event, callback in watch._callbacks.items():
        trainer.add_callback(event, callback)
    return watch


def tiny() -> Any:
    return fresh_network("tiny", fused=False)


def epochs_in(trainer: FakeTrainer) -> list[int]:
    rows = (trainer.save_dir / "heatcam" / "energy.csv").read_text().splitlines()[1:]
    return [int(row.split(",")[0]) for row in rows]


def test_it_looks_before_the_training_at_every_nth_epoch_and_after_the_last(tmp_path: Path) -> None:
    trainer = FakeTrainer(tiny(), tmp_path, epochs=5)
    watched(trainer, every=2)
    trainer.train()
    assert epochs_in(trainer) == [0, 2, 4, 5]
    assert (tmp_path / "heatcam" / "heat-probe1.mp4").is_file()


def test_a_new_training_in_the_same_folder_begins_anew(tmp_path: Path) -> None:
    for epochs in (4, 2):
        trainer = FakeTrainer(tiny(), tmp_path, epochs)
        watched(trainer)
        trainer.train()
    assert epochs_in(trainer) == [0, 1, 2]


def test_a_training_that_is_resumed_goes_on_with_its_strip(tmp_path: Path) -> None:
    """The look at epoch 3 was made with weights that are trained anew."""
    first = FakeTrainer(tiny(), tmp_path, epochs=3)
    watched(first)
    first.train()
    trainer = FakeTrainer(tiny(), tmp_path, epochs=4, start_epoch=2)
    watched(trainer)
    trainer.say("on_train_start")
    assert [int(path.stem[-1]) for path in sorted(tmp_path.rglob("epoch-*.npz"))] == [0, 1, 2]
    trainer.train()
    assert epochs_in(trainer) == [0, 1, 2, 3, 4]


def test_only_the_process_of_rank_0_watches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "1")
    trainer = FakeTrainer(tiny(), tmp_path)
    watched(trainer)
    trainer.train()
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv("RANK", "0")
    trainer.train()
    assert epochs_in(trainer) == [0, 1, 2, 3, 4]


def test_a_fault_is_one_line_of_warning_and_later_looks_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    explain, looks = EmaExplainer.explain, iter(range(99))

    def failing(own: EmaExplainer, frame: Any) -> Any:
        if next(looks) in (1, 2):
            raise RuntimeError("out of memory\nand a long story")
        return explain(own, frame)

    monkeypatch.setattr(EmaExplainer, "explain", failing)
    trainer = FakeTrainer(tiny(), tmp_path)
    watched(trainer)
    with caplog.at_level(logging.WARNING):
        trainer.train()
    said = [message for message in caplog.messages if "fail" in message]
    assert said == ["heatcam: watching failed, the training goes on: out of memory"]
    assert epochs_in(trainer) == [0, 3, 4]


def test_a_folder_that_cannot_be_made_does_not_end_the_training(tmp_path: Path) -> None:
    (tmp_path / "heatcam").write_text("a file in its place")
    trainer = FakeTrainer(tiny(), tmp_path)
    watched(trainer)
    trainer.train()
    assert trainer.epoch == 3


def test_weights_that_are_no_numbers_are_a_fault_like_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    trainer = FakeTrainer(fresh_network("tiny", fused=False, seed=5), tmp_path, epochs=1)
    watched(trainer)
    weight = next(trainer.ema.ema.parameters()).data
    before = weight.clone()
    weight.fill_(float("nan"))
    trainer.train()
    weight.copy_(before)
    assert "NaN or infinite" in caplog.text


def test_what_the_user_stops_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: Any) -> Any:
        raise KeyboardInterrupt

    trainer = FakeTrainer(tiny(), tmp_path)
    watched(trainer)
    monkeypatch.setattr(EmaExplainer, "explain", stopped)
    with pytest.raises(KeyboardInterrupt):
        trainer.train()


def test_memory_stays_flat_over_many_looks(tmp_path: Path) -> None:
    counts = []

    def count(epoch: int) -> None:
        if epoch not in (2, 8):
            return
        gc.collect()
        alive = [one for one in gc.get_objects() if type(one) in (torch.Tensor, torch.nn.Parameter)]
        counts.append((len(alive), sum(one.numel() for one in alive)))

    trainer = FakeTrainer(tiny(), tmp_path, epochs=8)
    watched(trainer)
    trainer.train(count)
    assert counts[0] == counts[1]


def test_the_network_is_let_go_at_the_end(tmp_path: Path) -> None:
    trainer = FakeTrainer(tiny(), tmp_path, epochs=1)
    watch = watched(trainer)
    trainer.train()
    assert watch._run is None
    assert watch.folder == tmp_path / "heatcam"


def test_loggers_read_the_numbers_in_the_trainers_metrics_and_the_trainer_does_not_keep_them(
    tmp_path: Path,
) -> None:
    trainer, read = FakeTrainer(tiny(), tmp_path, epochs=1), []
    watched(trainer)
    trainer.add_callback("on_fit_epoch_end", lambda own: read.append(dict(own.metrics)))
    own = trainer.metrics
    trainer.train()
    assert trainer.metrics is own
    assert own == {"metrics/mAP50(B)": 0.5}
    assert set(read[0]) == {
        "metrics/mAP50(B)",
        *(f"heatcam/energy_in_box/{name}" for name in ("probe1", "mean")),
        "heatcam/objects/probe1",
    }
    assert read[1] == own  # the validation of the best weights
    assert trainer.plotted == [tmp_path / "heatcam" / "heat-probe1.png"] * 2


def test_it_travels_to_the_processes_of_a_training_on_several_devices(tmp_path: Path) -> None:
    trainer = FakeTrainer(tiny(), tmp_path, epochs=1)
    copied = pickle.loads(pickle.dumps(watched(FakeTrainer(tiny(), tmp_path))._callbacks))
    for event, callback in copied.items():
        trainer.add_callback(event, callback)
    assert len({id(callback.__self__) for callback in copied.values()}) == 1
    trainer.train()
    assert epochs_in(trainer) == [0, 1]


class Yolo:
    """What ``heatcam.watch`` needs of an ultralytics model."""

    def __init__(self, task: str = "detect") -> None:
        self.task = task
        self.callbacks: Any = {name: [print] for name in ("on_train_start", "on_train_epoch_end")}
        self.callbacks |= {"on_fit_epoch_end": [], "teardown": []}

    def add_callback(self, event: str, callback: Any) -> None:
        self.callbacks[event].append(callback)

    def train(self) -> None:
        """Nothing."""


def test_a_second_watch_takes_the_place_of_the_first() -> None:
    yolo = Yolo()
    heatcam.watch(yolo, [picture().image_bgr])
    second = heatcam.watch(yolo, picture().image_bgr, 3)
    assert repr(second) == "<TrainingWatch every 3 epochs: picture>"
    assert yolo.callbacks["on_train_start"] == [print, second.train_started]


@pytest.mark.parametrize(
    ("yolo", "asked", "said"),
    [
        (object(), {}, "object is no ultralytics model"),
        (Yolo("classify"), {}, "the task 'classify' is not watched"),
        (type("YOLOE", (Yolo,), {})(), {}, "the training of a YOLOE"),
        (Yolo(), {"every": 0}, "every is 0"),
        (Yolo(), {"conf": 2.0}, "conf is 2.0"),
        (Yolo(), {"quality": "true"}, "takes minutes"),
        (Yolo(), {"colormap": "turbox"}, "no colour map 'turbox'"),
    ],
)
def test_what_cannot_be_watched_is_refused_before_the_training(
    yolo: Any, asked: dict[str, Any], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        heatcam.watch(yolo, [picture().image_bgr], **asked)


def test_a_watch_needs_pictures_and_not_too_many() -> None:
    with pytest.raises(UsageError, match="no picture"):
        heatcam.watch(Yolo(), [])
    with pytest.raises(UsageError, match="more than 50"):
        heatcam.watch(Yolo(), [picture().image_bgr] * 51)
    with pytest.raises(heatcam.UnreadableInputError):
        heatcam.watch(Yolo(), ["missing.png"])
