"""``python -m heatcam.sources.demo FOLDER`` writes a few stills of the demo scene there, as ``demo-1.jpg`` and so on.

With ``--photographs`` it prints where the two photographs are that lie behind the scene's cards.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2

from heatcam.sources.demo.backdrop import photograph_paths
from heatcam.sources.demo.scene import DemoScene

#: Frames in which no card is turning over: two over each backdrop.
SAMPLE_FRAMES = (0, 150, 400, 500, 800, 1300)


def write_samples(folder: Path) -> list[Path]:
    """Write the sample pictures into ``folder``, created if missing; 1280 x 720 pixels each. Returns their paths.

    Raises:
        OSError: the folder cannot be created or a picture cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    scene, paths = DemoScene(), []
    for number, frame_index in enumerate(SAMPLE_FRAMES, start=1):
        picture = scene.render(frame_index).image_bgr
        path = folder / f"demo-{number}.jpg"
        path.write_bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 93])[1].tobytes())
        paths.append(path)
    return paths


def main() -> None:
    """Read the folder from the command line and fill it."""
    parser = argparse.ArgumentParser(prog="python -m heatcam.sources.demo", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--photographs", action="store_true")
    given = parser.parse_args()
    if given.photographs:
        sys.stdout.write("".join(f"{path}\n" for path in photograph_paths()))
    if given.folder is not None:
        write_samples(given.folder)


if __name__ == "__main__":
    main()
