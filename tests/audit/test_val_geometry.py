"""The geometry of ultralytics' ``val``, beside its own data set's pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from heatcam.audit.val_geometry import val_letterboxes

SIZES = [
    (200, 150),
    (150, 200),
    (64, 64),
    (333, 101),
    (97, 201),
    (640, 480),
    (100, 100),
    (401, 300),
    (30, 90),
]
MORE = [*SIZES, *[(300, 200)] * 20, (301, 200)]


@pytest.mark.parametrize("sizes", [SIZES, MORE, [(640, 427)] * 3, [(90, 200), (91, 201)]])
def test_every_picture_has_the_input_that_val_makes_of_it(tmp_path: Path, sizes) -> None:
    from ultralytics.cfg import get_cfg
    from ultralytics.data.build import build_yolo_dataset

    folder = tmp_path / "images"
    folder.mkdir()
    noise = np.random.default_rng(4)
    pictures = [noise.integers(0, 256, (tall, wide, 3), np.uint8) for wide, tall in sizes]
    for n, picture in enumerate(pictures):
        Image.fromarray(picture).save(folder / f"{n:03}.png")
    cfg = get_cfg(overrides={"imgsz": 160, "task": "detect", "mode": "val"})
    theirs = build_yolo_dataset(
        cfg, str(folder), 16, {"names": {0: "a"}, "channels": 3, "nc": 1}, mode="val", rect=True, stride=32
    )
    boxes = val_letterboxes(sizes, 160, 32)
    for item in (theirs[i] for i in range(len(theirs))):
        n = int(Path(item["im_file"]).stem)
        ours = boxes[n].image_to_model(pictures[n])  # RGB as it was saved
        assert np.array_equal(ours.transpose(2, 0, 1), item["img"].numpy())
