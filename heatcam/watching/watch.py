"""Watching of a training in callbacks of ultralytics' trainer. A fault in it is one line of warning, never the training's end."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heatcam.errors import UsageError, first_line
from heatcam.geometry import Uint8Array
from heatcam.runtime import quiets_ultralytics
from heatcam.sinks import make_folder, write_whole
from heatcam.watching.ema import EmaExplainer
from heatcam.watching.figures import csv_of, scalars_of
from heatcam.watching.film import write_film, write_strip
from heatcam.watching.loggers import LentMetrics, log_picture
from heatcam.watching.options import WatchOptions
from heatcam.watching.probes import Probe
from heatcam.watching.records import FOLDER, EpochNumbers, PictureRecord
from heatcam.watching.tensorboard import OwnTensorBoard
from heatcam.watching.undisturbed import undisturbed

logger = logging.getLogger(__name__)
_training_log = logging.getLogger("ultralytics")

#: Tasks, by ultralytics' names, whose training is watched.
WATCHED_TASKS = ("detect", "segment", "pose", "obb")
_OPEN_VOCABULARY = ("YOLOE", "YOLOWorld")
NAME = "heatcam"  # of the folder in the run's own


def require_watchable(yolo: Any) -> None:
    """Refuse a model whose training is not watched.

    Raises:
        UsageError: it is no ultralytics model, or of another task or kind.
    """
    kind, task = type(yolo).__name__, getattr(yolo, "task", None)
    if (
        not callable(getattr(yolo, "add_callback", None))
        or not callable(getattr(yolo, "train", None))
        or task is None
    ):
        raise UsageError(
            f"{kind} is no ultralytics model", 'give YOLO("yolo11n.pt"), before its train is called'
        )
    if task not in WATCHED_TASKS or kind in _OPEN_VOCABULARY:
        raise UsageError(
            f"the training of a {kind} for the task '{task}' is not watched",
            f"watched are YOLO and RTDETR of the tasks {', '.join(WATCHED_TASKS)}",
        )


@dataclass
class _Run:
    """State of one training.

    Attributes:
        folder: where the files go.
        explainer: of its weights.
        records: of each picture, by its name.
        board: TensorBoard's file.
        trained: True if an epoch was trained since the last look; the final validation is none.
        warned: the last warning, which is not repeated.
    """

    folder: Path
    explainer: EmaExplainer
    records: dict[str, PictureRecord]
    board: OwnTensorBoard
    trained: bool = False
    warned: str = ""


class TrainingWatch:
    """Watch of a training: ``heatcam.watch`` returns it. Its methods are callbacks of ultralytics' trainer, in its thread.

    In a training on several devices the process of rank 0 watches alone.

    Args:
        probes: the pictures.
        options: how they are explained, and how often.

    Attributes:
        folder: the folder of the last training's files; None before it began.
    """

    def __init__(self, probes: Sequence[Probe], options: WatchOptions) -> None:
        self._probes, self._options = tuple(probes), options
        self._lent = LentMetrics()
        self._run: _Run | None = None
        self.folder: Path | None = None

    def attach(self, yolo: Any) -> None:
        """Add the callbacks to an ultralytics model, in the place of an earlier watch's."""
        for event, callback in self._callbacks.items():
            others = [
                one
                for one in yolo.callbacks[event]
                if not isinstance(getattr(one, "__self__", None), TrainingWatch)
            ]
            yolo.callbacks[event] = others
            yolo.add_callback(event, callback)

    @property
    def _callbacks(self) -> dict[str, Callable[[Any], None]]:
        return {
            "on_train_start": self.train_started,
            "on_train_epoch_end": self.epoch_trained,
            "on_fit_epoch_end": self.epoch_ended,
            "teardown": self.ended,
        }

    def train_started(self, trainer: Any) -> None:
        """Prepare the folder, and look at the network as it is before the first epoch."""
        self._forget()
        if int(os.environ.get("RANK", "-1")) not in (-1, 0):
            return
        trainer.add_callback("on_fit_epoch_end", self._lent.take_back)  # (after those of all loggers)
        self._safely(trainer, self._begin)
        if self._run is not None and not trainer.start_epoch:
            self._look(trainer, 0)

    def epoch_trained(self, _trainer: Any) -> None:
        """Note that an epoch was trained."""
        if self._run is not None:
            self._run.trained = True

    def epoch_ended(self, trainer: Any) -> None:
        """Look at the network after every so many epochs, and after the last one."""
        run, epoch = self._run, trainer.epoch + 1
        if run is None or not run.trained:
            return
        run.trained = False
        if epoch % self._options.every == 0 or trainer.stop:
            self._look(trainer, epoch)

    def ended(self, trainer: Any) -> None:
        """Write the films, however the training ended."""
        if self._run is not None:
            self._safely(trainer, self._finish)
            self._forget()

    def _forget(self) -> None:
        self._run = None

    def _begin(self, trainer: Any) -> None:
        if quiets_ultralytics():
            logger.warning(
                "heatcam: import ultralytics before heatcam, whose import keeps it quiet and offline otherwise"
            )
        folder = self.folder = Path(trainer.save_dir) / NAME
        make_folder(folder)
        records = {one.name: PictureRecord(folder / FOLDER / one.name, one.frame) for one in self._probes}
        for record in records.values():
            record.begin(trainer.start_epoch)
        explainer = EmaExplainer(self._options.explain, self._probes[0].frame.size_wh)
        self._run = _Run(folder, explainer, records, OwnTensorBoard(folder))

    def _look(self, trainer: Any, epoch: int) -> None:
        def look(trainer: Any) -> None:
            self._write(trainer, epoch, self._explain(trainer, epoch))

        self._safely(trainer, look)

    def _explain(self, trainer: Any, epoch: int) -> dict[str, EpochNumbers]:
        """Explain every picture with the weights as they are, keep the maps, and return the numbers."""
        run = self._run
        assert run is not None
        run.explainer.take(trainer)
        return {
            probe.name: run.records[probe.name].add(run.explainer.explain(probe.frame), epoch)
            for probe in self._probes
        }

    def _write(self, trainer: Any, epoch: int, numbers: dict[str, EpochNumbers]) -> None:
        """Write numbers and film strips, and give them to the loggers."""
        run = self._run
        assert run is not None
        write_whole(
            run.folder / "energy.csv", csv_of({n: r.numbers for n, r in run.records.items()}).encode()
        )
        scalars = scalars_of(numbers)
        self._lent.lend(trainer, scalars if epoch else {})  # (nobody reads metrics before the first epoch)
        strips: dict[str, Uint8Array] = {}
        for probe in self._probes:
            path = run.folder / f"heat-{probe.name}.png"
            strips[path.stem] = write_strip(path, probe, run.records[probe.name], self._options.colormap)
            log_picture(trainer, path, strips[path.stem], epoch)
        run.board.write(scalars, strips if trainer.stop else {}, epoch)

    def _finish(self, _trainer: Any) -> None:
        run = self._run
        assert run is not None
        run.board.close()
        for probe in self._probes:
            write_film(
                run.folder / f"heat-{probe.name}.mp4", probe, run.records[probe.name], self._options.colormap
            )
        _training_log.info("heatcam: film strips and films in %s", run.folder)

    def _safely(self, trainer: Any, work: Callable[[Any], None]) -> None:
        """Do something without changing the training's state; a fault becomes one warning."""
        try:
            with undisturbed(trainer.device):
                work(trainer)
        except Exception as error:  # (watching may fail in any way, and the training must not)
            message = first_line(error, 200)
            if self._run is None or self._run.warned != message:
                logger.warning("heatcam: watching failed, the training goes on: %s", message)
            logger.debug("watching failed", exc_info=True)
            if self._run is not None:
                self._run.warned = message
                self._run.explainer.forget()

    def __repr__(self) -> str:
        names = ", ".join(probe.name for probe in self._probes[:3]) + (
            ", ..." if len(self._probes) > 3 else ""
        )
        return f"<TrainingWatch every {self._options.every} epochs: {names}>"
