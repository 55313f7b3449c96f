"""Made-up objects of an audit."""

from __future__ import annotations

import numpy as np

from heatcam.audit.objects import AuditedObject
from heatcam.audit.precision import ScoredBoxes
from heatcam.audit.store import AuditedPicture, ObjectParts


def an_object(number: int, kind: str = "true", **more) -> AuditedObject:
    place = {"image": "", "image_id": 0, "image_wide": 0, "image_tall": 0}
    box = {"x1": 1.0, "y1": 2.0, "x2": 11.0, "y2": 22.5}
    return AuditedObject(
        number=number,
        kind=kind,
        **(place | box | {"class_id": 0, "class_name": "cat", "confidence": 0.5} | more),
    )


def parts(seed: int, width: int = 3) -> ObjectParts:
    noise = np.random.default_rng(seed)
    own = noise.integers(0, 256, (24, 24)).astype(np.uint8)
    signed = noise.integers(-127, 128, (24, 24)).astype(np.int8)
    embedding = np.full(width, seed, np.float32)
    return ObjectParts(f"thumb {seed}".encode(), f"crop {seed}".encode(), own, signed, embedding)


def a_picture(name: str, position: int, objects: int = 2, stamp: str = "s", **more) -> AuditedPicture:
    scored = ScoredBoxes(
        np.array([0.9, 0.1], np.float32), np.array([0, 1]), np.array([1023, 0], np.uint16), np.array([0, 0])
    )
    own = tuple(an_object(n, **more) for n in range(1, objects + 1))
    kept = tuple(parts(100 * position + n) for n in range(1, objects + 1))
    return AuditedPicture(name, position, stamp, (640, 480), own, kept, scored)
