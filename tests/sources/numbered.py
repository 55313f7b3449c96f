"""Frames that carry their own number in the picture, and video files of them that heatcam had no part in making."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

_BITS = 8
_BLOCK = 16
SMALLEST_WH = (_BITS * _BLOCK, 2 * _BLOCK)

_ENCODE = """
import json, sys
from fractions import Fraction
import av, numpy as np
job = json.load(sys.stdin)
output = av.open(job["path"], "w", options=job["options"])
stream = output.add_stream(job["codec"], rate=Fraction(*job["fps"]), options=job["codec_options"])
stream.width, stream.height = job["size_wh"]
stream.pix_fmt = job["pix_fmt"]
stream.codec_context.time_base = Fraction(1, 90000)
for path, pts_s in zip(job["pictures"], job["pts_s"]):
    frame = av.VideoFrame.from_ndarray(np.load(path), format="bgr24")
    frame.pts, frame.time_base = round(pts_s * 90000), Fraction(1, 90000)
    output.mux(stream.encode(frame))
output.mux(stream.encode(None))
output.close()
"""


def numbered_picture(number: int, size_wh: tuple[int, int] = (160, 96)) -> np.ndarray:
    """uint8 (H, W, 3) BGR: the number in 8 black or white blocks along the top, left to right from the lowest bit."""
    image = np.full((size_wh[1], size_wh[0], 3), (40, 120, 200), np.uint8)
    for bit in range(_BITS):
        image[:_BLOCK, bit * _BLOCK : (bit + 1) * _BLOCK] = 255 if number >> bit & 1 else 0
    return image


def number_in(image: np.ndarray) -> int:
    middle = _BLOCK // 2
    return sum(1 << bit for bit in range(_BITS) if image[middle, bit * _BLOCK + middle].mean() > 127)


def encode_numbered(
    path: Path,
    pts_s: Sequence[float],
    *,
    fps: tuple[int, int] = (25, 1),
    size_wh: tuple[int, int] = (160, 96),
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    options: dict[str, str] | None = None,
) -> Path:
    """A video of numbers 0, 1, 2, ... shown at ``pts_s``, made by PyAV in a process of its own."""
    pictures = []
    for number in range(len(pts_s)):
        pictures.append(str(path.with_name(f"{path.stem}-{number}.npy")))
        np.save(pictures[-1], numbered_picture(number, size_wh))
    job = {
        "path": str(path),
        "pts_s": list(pts_s),
        "fps": fps,
        "size_wh": size_wh,
        "codec": codec,
        "pix_fmt": pix_fmt,
        "options": options or {},
        "codec_options": {"g": "10"},
        "pictures": pictures,
    }
    subprocess.run([sys.executable, "-c", _ENCODE], input=json.dumps(job).encode(), check=True, timeout=60)
    for picture in pictures:
        Path(picture).unlink()
    return path
