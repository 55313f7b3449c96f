"""A small labelled data set of everyday photographs to audit: ``python -m training.everyday FOLDER`` writes it.

The pictures are read where they are installed (scikit-image, scikit-learn, matplotlib, ultralytics, and Debian's ``opencv-doc``)
and written into ``FOLDER`` beside ``labels.json``, in COCO's format with COCO's class names. The labels began as the boxes of a
COCO detector and were corrected by eye, one by one: boxes that are right were kept, the others left out; missed objects were
added; groups too blurred to count are crowds. They are a test of the audit, not of detectors.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from training.photographs import package_folder

LABELS = Path(__file__).parent / "everyday.json"
DEBIAN = {"opencv-doc": Path("/usr/share/doc/opencv-doc/examples/data")}
_OF_COCO = ("id", "file_name", "width", "height")


def write_everyday(folder: Path) -> int:
    """Write the pictures that are installed, and their labels; returns how many there are."""
    document = json.loads(LABELS.read_text("utf-8"))
    folder.mkdir(parents=True, exist_ok=True)
    kept = [image for image in document["images"] if _write(image, folder)]
    ids = {image["id"] for image in kept}
    document["images"] = [{name: image[name] for name in _OF_COCO} for image in kept]
    document["annotations"] = [own for own in document["annotations"] if own["image_id"] in ids]
    (folder / "labels.json").write_text(json.dumps(document), "utf-8")
    return len(kept)


def _write(image: dict[str, Any], folder: Path) -> bool:
    """Write one picture without loss; False where it is not installed, or is not the one that was labelled."""
    picture = _picture(image)
    if picture is None or picture.shape[1::-1] != (image["width"], image["height"]):
        return False
    return cv2.imwrite(str(folder / image["file_name"]), picture)


def _picture(image: dict[str, Any]) -> NDArray[Any] | None:
    """A picture as uint8 BGR ``[H x W x 3]``; None where it is not installed."""
    package = image["package"]
    try:
        root = DEBIAN[package] if package in DEBIAN else package_folder(package)
    except ModuleNotFoundError:
        return None
    if "film" not in image:
        found = cv2.imread(str(root / image["file"]), cv2.IMREAD_COLOR)
        return None if found is None else np.asarray(found)
    film = cv2.VideoCapture(str(root / image["film"]))
    for _ in range(image["frame"] + 1):  # (seeking is not exact in every film)
        read, frame = film.read()
        if not read:
            return None
    return np.asarray(frame)


def main() -> None:
    """Read the command line and write the data set."""
    parser = argparse.ArgumentParser(prog="python -m training.everyday", description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    print(f"{write_everyday(folder)} pictures and labels.json in {folder}")


if __name__ == "__main__":
    main()
