"""Write a page to look at: objects of real photographs with their own maps, and made-up labels.

``python -m tests.audit.page.look PHOTOS -m best.pt -o OUT --objects 10000``: boxes are moved at random until there are so many.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

import heatcam
from heatcam.audit.objects import CROP_MARGIN, CROP_PX, MAP_CELLS, THUMB_PX, AuditedObject, Parts
from heatcam.audit.page.writing import write_page
from tests.audit.page.made_up import KINDS, SHARES, made_up_page, with_numbers


class Photographs:
    """Objects of photographs, and their parts."""

    def __init__(self, folder: Path, model: str, count: int) -> None:
        self.draws, self.objects, self._held = (
            np.random.default_rng(5),
            list[AuditedObject](),
            dict[int, tuple](),
        )
        found = [
            (path.name, one, at)
            for path, one in self._explained(folder, model)
            for at in range(len(one.detections.class_names))
        ]
        names = sorted({one.detections.class_names[at] for _, one, at in found})
        while len(self.objects) < count:
            for name, one, at in found:
                if len(self.objects) < count:
                    self._add(name, one, at, names)

    def _explained(self, folder: Path, model: str):
        loaded = heatcam.load(model, conf=0.12)
        for path in sorted(folder.glob("*.jpg")):
            yield path, loaded.explain(path)

    def _add(self, name: str, one, at: int, names: Sequence[str]) -> None:
        number, (wide, tall) = len(self.objects) + 1, one.frame.size_wh
        box = np.asarray(one.detections.boxes_xyxy[at], float)
        confidence = float(one.detections.confidences[at])
        if number > 200:
            box = box + self.draws.normal(0, 0.08, 4) * np.tile(box[2:] - box[:2], 2)
        box = np.clip(box, 0, [wide, tall, wide, tall]).round(1)
        box[2:] = np.maximum(box[2:], box[:2] + 4)
        kind = str(self.draws.choice(KINDS, p=SHARES)) if confidence < 0.6 or number > 200 else "true"
        made = with_numbers(
            number, kind, names.index(one.detections.class_names[at]), names, box, self.draws, 1
        )
        image_id = self.image_ids.setdefault((name, number // 300), len(self.image_ids) + 1)
        made = replace(made, image=name, image_id=image_id, image_wide=wide, image_tall=tall)
        self.objects.append(replace(made, confidence=confidence if kind != "missed" else made.confidence))
        self._held[number] = (one, at, box)

    def part(self, number: int) -> tuple[bytes, bytes, np.ndarray, np.ndarray]:
        one, at, box = self._held[number]
        (wide, tall), grown = one.frame.size_wh, CROP_MARGIN * np.tile(box[2:] - box[:2], 2) * [-1, -1, 1, 1]
        x1, y1, x2, y2 = np.clip(np.rint(box + grown), 0, [wide, tall, wide, tall]).astype(int)
        crop = one.frame.image_bgr[y1:y2, x1:x2]
        values = one.object_maps[at].in_image()
        cut = cv2.resize(values[y1:y2, x1:x2], (MAP_CELLS, MAP_CELLS), interpolation=cv2.INTER_AREA)
        own = np.clip(255 * cut / max(values.max(), 1e-9), 0, 255).astype(np.uint8)
        signed = np.clip(127 * cut / max(np.abs(values).max(), 1e-9), -127, 127).astype(np.int8)
        return boxed(crop, THUMB_PX), jpeg(fitted(crop, CROP_PX, grow=False)), own, signed

    def parts(self, numbers: Sequence[int]) -> Parts:
        thumbs, crops, own, signed = zip(*(self.part(number) for number in numbers), strict=True)
        nothing = np.zeros((len(numbers), 0), np.float32)
        return Parts(tuple(numbers), thumbs, crops, np.stack(own), np.stack(signed), nothing)


def fitted(image: np.ndarray, side: int, *, grow: bool = True) -> np.ndarray:
    scale = side / max(image.shape[:2])
    scale = scale if grow else min(1, scale)
    wide, tall = (max(1, round(scale * pixels)) for pixels in image.shape[1::-1])
    return cv2.resize(image, (wide, tall), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)


def boxed(image: np.ndarray, side: int) -> bytes:
    small, square = fitted(image, side), np.zeros((side, side, 3), np.uint8)
    tall, wide = small.shape[:2]
    top, left = (side - tall) // 2, (side - wide) // 2
    square[top : top + tall, left : left + wide] = small
    return jpeg(square)


def jpeg(image: np.ndarray) -> bytes:
    return bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 85])[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("-m", "--model", default="markers")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--objects", type=int, default=150)
    given = parser.parse_args()
    photographs = Photographs(given.photos, given.model, given.objects)
    page = made_up_page(parts=photographs.parts, objects=photographs.objects, root=str(given.photos))
    (given.output / "crops").mkdir(parents=True, exist_ok=True)
    for one in photographs.objects[:200]:
        (given.output / "crops" / f"{one.number:06d}.jpg").write_bytes(photographs.part(one.number)[1])
    begun = time.monotonic()
    write_page(given.output / "index.html", page)
    size = (given.output / "index.html").stat().st_size
    print(f"{page.table.height} objects, {size / 1e6:.1f} MB, written in {time.monotonic() - begun:.1f} s")  # noqa: T201


if __name__ == "__main__":
    main()
