"""Memory does not grow with the picture's area."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile

PROGRAM = """
import resource, sys
from pathlib import Path
from heatcam.overlay import OverlayOptions
from heatcam.tiling import LargePicture
from tests.tiling.made import SquareExplainer
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with LargePicture(Path(sys.argv[1]), 1280, 0.2) as picture:
    picture.write(Path(sys.argv[2]), picture.explain(SquareExplainer(), whole_px=640), OverlayOptions())
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


@pytest.mark.soak
def test_a_picture_of_300_megapixels_takes_what_a_row_of_its_tiles_takes(tmp_path: Path) -> None:
    wide, tall, side = 20_000, 15_000, 512
    random = np.random.default_rng(0)

    def tiles():
        for _ in range(-(-tall // side) * -(-wide // side)):
            tile = np.full((side, side, 3), 60, np.uint8)
            x, y = random.integers(0, side - 50, 2)
            tile[y : y + 50, x : x + 50, 0] = 200
            yield tile

    with tifffile.TiffWriter(tmp_path / "big.tif", bigtiff=True) as file:
        layout = {"tile": (side, side), "compression": "deflate", "photometric": "rgb"}
        file.write(tiles(), shape=(tall, wide, 3), dtype=np.uint8, **layout)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "big.tif"), str(tmp_path / "out.tif")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert float(done.stdout) < 600, "MB; the pixels alone are 900"
    with tifffile.TiffFile(tmp_path / "out.tif") as file:
        assert [level.shape[:2] for level in file.series[0].levels][:3] == [
            (15_000, 20_000),
            (7_500, 10_000),
            (3_750, 5_000),
        ]
