"""Quick explainers in a model's place, pictures, and tar files."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

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
