"""Loggers that ultralytics has active: numbers go into the metrics that all of them read, pictures to each in its own way.

Nothing is imported here: a logger whose module ultralytics has not loaded is not active. To add one that ignores the trainer's
plots: a function here, and a line in ``PICTURE_LOGGERS``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from heatcam.geometry import Uint8Array
from heatcam.watching.figures import PREFIX

_HOME = "ultralytics.utils.callbacks"
#: Sends a picture file, uint8 ``(H, W, 3)`` BGR, to a logger: the trainer, the file, its pixels, and the epoch.
SendsPicture = Callable[[Any, Path, Uint8Array, int], None]


class LentMetrics:
    """Numbers that stand in the trainer's metrics while ultralytics' loggers read them, and only then.

    Weights & Biases, Comet, ClearML, MLflow, TensorBoard, DVCLive, Ray Tune and Ultralytics' platform all log ``trainer.metrics``
    at the end of an epoch, after its row of ``results.csv`` and its checkpoint were written.
    """

    def __init__(self) -> None:
        self._own: Any = None
        self._lent: Any = None

    def lend(self, trainer: Any, numbers: Mapping[str, float]) -> None:
        """Let the trainer have its metrics and these numbers, in a dictionary of their own."""
        if numbers:
            self._own, self._lent = trainer.metrics, {**(trainer.metrics or {}), **numbers}
            trainer.metrics = self._lent

    def take_back(self, trainer: Any) -> None:
        """Give the trainer its own metrics again; a callback after those of all loggers."""
        if self._lent is not None and trainer.metrics is self._lent:
            trainer.metrics = self._own
        self._own = self._lent = None


def log_picture(trainer: Any, path: Path, picture: Uint8Array, epoch: int) -> None:
    """Send a picture file to every active logger.

    Weights & Biases, DVCLive and ClearML read the trainer's plots.

    Args:
        trainer: ultralytics' own.
        path: the file.
        picture: its pixels, uint8 ``(H, W, 3)``, BGR.
        epoch: number of epochs so far.
    """
    trainer.on_plot(path)
    for send in PICTURE_LOGGERS:
        send(trainer, path, picture, epoch)


def tensorboard_writer() -> Any:
    """Return the writer of ultralytics' TensorBoard callbacks; None where they are not active."""
    return _of("tensorboard", "WRITER")


def _to_tensorboard(trainer: Any, path: Path, picture: Uint8Array, epoch: int) -> None:
    writer = tensorboard_writer()
    if writer and trainer.stop:  # (it keeps all of them: the last one shows every epoch)
        writer.add_image(f"{PREFIX}/{path.stem}", picture[..., ::-1].copy(), epoch, dataformats="HWC")


def _to_comet(_trainer: Any, path: Path, _picture: Uint8Array, epoch: int) -> None:
    comet = _of("comet", "comet_ml")
    experiment = comet.get_running_experiment() if comet else None
    if experiment:
        experiment.log_image(str(path), name=path.stem, step=epoch, overwrite=True)


def _to_mlflow(trainer: Any, path: Path, _picture: Uint8Array, _epoch: int) -> None:
    mlflow = _of("mlflow", "mlflow")
    if mlflow and getattr(trainer, "_mlflow_active", False):
        mlflow.log_artifact(str(path), PREFIX)


def _of(logger: str, name: str) -> Any:
    """Return what a logger's module of ultralytics has under a name; None where it is not loaded."""
    return getattr(sys.modules.get(f"{_HOME}.{logger}"), name, None)


PICTURE_LOGGERS: tuple[SendsPicture, ...] = (_to_tensorboard, _to_comet, _to_mlflow)
