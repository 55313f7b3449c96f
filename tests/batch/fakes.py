"""Quick explainers in a model's place, pictures, and tar files."""

from __future__ import annotations

import io
import os
import signal
import tarfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from heatcam.batch import BatchPlan, explain_rows
from heatcam.batch.worker import serve
from heatcam.errors import ModelError
from heatcam.frames import Explanation, Frame
from tests.commands.fake_explainer import FakeExplainer

WIDE, TALL = 64, 48


class ByColour(FakeExplainer):
    """As many objects as a picture's upper left pixel is blue, up to three; maps are other ones for other pictures."""

    def explain(self, image: Frame, **options: Any) -> Explanation:
        blue = int(image.image_bgr[0, 0, 0])
        found = super().explain(replace(image, frame_index=blue), **options)
        count = blue % 4
        if blue == 255:
            raise RuntimeError("out of memory\nand more")
        many = replace(
            found.detections,
            boxes_xyxy=found.detections.boxes_xyxy.repeat(count, 0),
            confidences=np.linspace(0.9, 0.5, count, dtype=np.float32),
            class_ids=np.arange(count),
            anchors=np.zeros(count, np.int64),
            class_names=tuple(f"thing {n}" for n in range(count)),
        )
        return replace(found, detections=many, object_maps=found.object_maps * count)


def picture_bytes(blue: int) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (WIDE, TALL), (90, 120, blue)).save(data, "PNG")
    return data.getvalue()


def save(path: Path, blue: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(picture_bytes(blue))
    return path


def write_tar(path: Path, members: Iterable[tuple[str, bytes]], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def take_the_models_place(patch: Any, pause_s: float = 0.0) -> None:
    """Let ``ExplainRows`` have these in this process; ``patch`` is pytest's monkeypatch."""
    patch.setattr(
        "heatcam.batch.explain_rows.explainers_for",
        lambda plan: [ByColour(pause_s) for _ in range(plan.streams)],
    )
    patch.setattr("heatcam.batch.explain_rows._LOADED", {})


def die() -> None:
    """End this process as the kernel does when memory is short."""
    os.kill(os.getpid(), signal.SIGKILL)


class Deadly(ByColour):
    """Ends its process at pictures whose upper left pixel is of blue 254."""

    def explain(self, image: Frame, **options: Any) -> Explanation:
        if image.image_bgr[0, 0, 0] == 254:
            die()
        return super().explain(image, **options)


def serve_fakes(pipe: Any, plan: BatchPlan) -> None:
    """A worker's process with ``Deadly`` in the model's place."""
    explain_rows.explainers_for = lambda plan: [Deadly() for _ in range(plan.streams)]  # type: ignore[assignment, return-value]
    serve(pipe, plan)


def serve_nothing(_pipe: Any, _plan: BatchPlan) -> None:
    """A worker's process that dies while it loads the model."""
    die()


def serve_refused(pipe: Any, plan: BatchPlan) -> None:
    """A worker's process whose model cannot be loaded."""

    def refuse(_plan: BatchPlan) -> Any:
        raise ModelError("best.pt is damaged", "fetch it again")

    explain_rows.explainers_for = refuse
    serve(pipe, plan)
