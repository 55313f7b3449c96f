"""Labels and crops as ultralytics' ``save_txt`` and ``save_crop`` write them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from heatcam.geometry import Uint8Array
from heatcam.measures import ImageFindings, ObjectFindings
from heatcam.sinks.files import free_path, make_folder, write_whole
from heatcam.sinks.pictures import write_picture
from heatcam.text import printable

_MARGIN, _GAIN = 10, 1.02  # pixels and factor that ultralytics' ``save_one_box`` adds to a box on both sides


def label_lines(image: ImageFindings, task: str = "detect", *, confidences: bool = False) -> list[str]:
    """Return one line an object, with coordinates as shares of the picture.

    A line is ``class x y w h``; of a mask ``class`` and its longest outline's points; of a rotated box ``class`` and its four
    corners; keypoints, confidence and track number follow. Of a classifier it is ``confidence name``.

    Args:
        image: findings of one picture.
        task: the model's, by ultralytics' name.
        confidences: add the confidences (ultralytics' ``save_conf``).
    """
    if task == "classify":
        return [f"{one.confidence:.2f} {printable(one.class_name)}" for one in image.detections]
    lines = []
    for one in image.detections:
        values = [*_place(one, image.size_wh), *([one.confidence] if confidences else [])]
        parts = [str(one.class_id), *(f"{value:g}" for value in values)]
        lines.append(" ".join(parts + ([str(one.track_id)] if one.track_id else [])))
    return lines


def _place(one: ObjectFindings, size_wh: tuple[int, int]) -> list[float]:
    """Return an object's coordinates as shares of the picture, in the order of ultralytics' labels."""
    width, height = size_wh
    if one.mask_polygons:
        points: Sequence[Sequence[float]] = max(one.mask_polygons, key=len)
    elif one.rotated_xywhr is not None:
        points = _corners(one.rotated_xywhr)
    else:
        x1, y1, x2, y2 = one.box_normalised
        points = [((x1 + x2) / 2 * width, (y1 + y2) / 2 * height), ((x2 - x1) * width, (y2 - y1) * height)]
    values = [v for x, y in points for v in (x / width, y / height)]
    for x, y, confidence in one.keypoints or ():
        values += [x / width, y / height, confidence]
    return values


def _corners(xywhr: Sequence[float]) -> list[tuple[float, float]]:
    """Return the corners of a rotated box as ultralytics' ``xywhr2xyxyxyxy`` orders them."""
    x, y, width, height, angle = xywhr
    along = width / 2 * math.cos(angle), width / 2 * math.sin(angle)
    across = -height / 2 * math.sin(angle), height / 2 * math.cos(angle)
    return [
        (x + a * along[0] + b * across[0], y + a * along[1] + b * across[1])
        for a, b in ((1, 1), (1, -1), (-1, -1), (-1, 1))
    ]


def write_labels(path: Path, image: ImageFindings, task: str, *, confidences: bool = False) -> None:
    """Write a picture's label file; as by ultralytics, there is none where nothing was detected.

    Raises:
        SinkError: it cannot be written.
    """
    if lines := label_lines(image, task, confidences=confidences):
        make_folder(path.parent)
        write_whole(path, "".join(f"{line}\n" for line in lines).encode())


def write_crops(folder: Path, stem: str, image: ImageFindings, pixels_bgr: Uint8Array) -> Sequence[Path]:
    """Write each object's part of the picture as ``FOLDER/CLASS/STEM.jpg``, ``STEM-2.jpg`` ...; return the paths.

    Args:
        folder: the folder of the run's crops.
        stem: name of the picture, without its suffix.
        image: findings of the picture.
        pixels_bgr: the picture without heat, uint8 ``(H, W, 3)``.

    Raises:
        SinkError: one cannot be written.
    """
    written = []
    for one in image.detections:
        x1, y1, x2, y2 = _enlarged(one.box_xyxy, image.size_wh)
        if x2 > x1 and y2 > y1:
            place = folder / _folder_name(one.class_name)
            make_folder(place)
            path = free_path(place / f"{stem}.jpg")
            write_picture(path, pixels_bgr[y1:y2, x1:x2])
            written.append(path)
    return written


def _enlarged(box_xyxy: Sequence[float], size_wh: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return a box with ultralytics' margin, in whole pixels on the picture."""
    x1, y1, x2, y2 = box_xyxy
    centre_x, centre_y = (x1 + x2) / 2, (y1 + y2) / 2
    half_w, half_h = ((x2 - x1) * _GAIN + _MARGIN) / 2, ((y2 - y1) * _GAIN + _MARGIN) / 2
    return (
        max(0, int(centre_x - half_w)),
        max(0, int(centre_y - half_h)),
        min(size_wh[0], int(centre_x + half_w)),
        min(size_wh[1], int(centre_y + half_h)),
    )


def _folder_name(class_name: str) -> str:
    """Return a class's name as that of a folder: no separators, not hidden, at most 80 letters."""
    plain = printable(class_name).replace("/", "_").replace("\\", "_").strip(". ")[:80]
    return plain or "unnamed"
