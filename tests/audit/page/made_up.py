"""Objects, pictures, maps and figures that nobody detected, but that look as an audit's do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import cv2
import numpy as np
import polars

from heatcam.audit.changes import Changes, NumberChange, ObjectChange
from heatcam.audit.clusters import Cluster, ClusteredClass, Clusters
from heatcam.audit.figures import (
    ClassFigures,
    Confusion,
    ConfusionCell,
    ContextFigures,
    Distribution,
    Estimate,
    Figures,
    RuleCost,
    Separation,
)
from heatcam.audit.objects import CROP_PX, MAP_CELLS, OBJECT_SCHEMA, THUMB_PX, AuditedObject, Parts
from heatcam.audit.page.writing import AuditPage

KINDS = ("true", "class", "location", "both", "duplicate", "background", "missed", "ignored", "loose")
SHARES = (0.62, 0.06, 0.05, 0.01, 0.03, 0.1, 0.09, 0.02, 0.02)
WRONG = ("class", "location", "both", "duplicate", "background")
CLASSES = ("person", "car", "dog", "cat", "bicycle", "traffic light", "kite", "chair", "bottle", "horse")
AUCS = {"confidence": 0.83, "energy_in_box": 0.74, "enrichment": 0.69, "evidence": 0.78}
SIZE_WH = (1280, 720)


def table_of(objects: Sequence[AuditedObject]) -> polars.DataFrame:
    names = list(OBJECT_SCHEMA)
    return polars.DataFrame(
        [[getattr(one, name) for name in names] for one in objects], schema=OBJECT_SCHEMA, orient="row"
    )


def made_up_objects(
    count: int, seed: int = 0, classes: Sequence[str] = CLASSES, per_image: int = 6
) -> list[AuditedObject]:
    draws = np.random.default_rng(seed)
    return [_object(number, draws, classes, per_image) for number in range(1, count + 1)]


def _object(number: int, draws: np.random.Generator, classes: Sequence[str], per_image: int) -> AuditedObject:
    kind = str(draws.choice(KINDS, p=SHARES))
    at = int(min(draws.exponential(2.5), len(classes) - 1))
    side = draws.lognormal(4.4, 0.7)
    wide, tall = np.clip([side, side * draws.uniform(0.5, 2)], 12, 600)
    x1, y1 = draws.uniform(0, SIZE_WH[0] - wide), draws.uniform(0, SIZE_WH[1] - tall)
    box = np.round([x1, y1, x1 + wide, y1 + tall], 2)
    return with_numbers(number, kind, at, classes, box, draws, 1 + (number - 1) // per_image)


def with_numbers(
    number: int,
    kind: str,
    at: int,
    classes: Sequence[str],
    box: np.ndarray,
    draws: np.random.Generator,
    image_id: int,
) -> AuditedObject:
    """An object of a kind, with numbers that are likely for it."""
    is_right, is_missed = kind in ("true", "loose", "ignored"), kind == "missed"
    labelled = kind not in ("background", "missed", "ignored")
    label = box + draws.normal(0, 4 if is_right else 16, 4)
    other = classes[(at + 1) % len(classes)] if kind in ("class", "both") else classes[at]
    inside = float(np.clip(draws.beta(6, 2.4) if is_right else draws.beta(3, 3), 0, 1))
    return AuditedObject(
        number=number,
        image=f"images/val/{image_id:06d}.jpg",
        image_id=image_id,
        image_wide=SIZE_WH[0],
        image_tall=SIZE_WH[1],
        kind=kind,
        class_id=at,
        class_name=classes[at],
        confidence=float(draws.uniform(0.02, 0.25) if is_missed else draws.beta(*((5, 2) if is_right else (2, 3)))),
        **dict(zip(("x1", "y1", "x2", "y2"), map(float, box), strict=True)),
        label_class_name=other if labelled else None,
        **(dict(zip(("label_x1", "label_y1", "label_x2", "label_y2"), map(float, label), strict=True)) if labelled else {}),
        iou=float(draws.uniform(0.5, 0.95) if is_right else draws.uniform(0.1, 0.5)) if labelled else None,
        energy_in_box=inside,
        enrichment=inside * 9,
        evidence=float(draws.lognormal(1.6 if is_right else 0.9, 0.6)),
        spread=float(draws.uniform(0.05, 0.4)),
        low_evidence=bool(draws.random() < (0.04 if is_right else 0.3)),
        verdict="below-threshold" if is_missed else None,
        why="the best candidate has confidence 0.12, below the threshold of 0.25" if is_missed else None,
        evidence_for=float(draws.lognormal(0.5)),
        evidence_against=float(draws.lognormal(0)),
    )  # fmt: skip


def made_up_parts(numbers: Sequence[int]) -> Parts:
    """Pictures of one colour with their number, and a blot of heat each: quick to make."""
    own = np.stack([_blot(number) for number in numbers]) if numbers else np.zeros((0, 24, 24), np.uint8)
    thumbs = tuple(_picture(number, THUMB_PX) for number in numbers)
    signed = (own.astype(np.int16) // 2 - 30).clip(-127, 127).astype(np.int8)
    crops = tuple(_picture(number, CROP_PX) for number in numbers[:1]) * len(numbers)
    return Parts(tuple(numbers), thumbs, crops, own, signed, np.zeros((len(numbers), 0), np.float32))


def _blot(number: int) -> np.ndarray:
    y, x = np.mgrid[:MAP_CELLS, :MAP_CELLS]
    heat = np.exp(-((x - number % 20 - 2) ** 2 + (y - number // 7 % 20 - 2) ** 2) / 18)
    return np.rint(255 * heat).astype(np.uint8)


def _picture(number: int, side: int) -> bytes:
    image = np.full((side, side, 3), [(37 * number) % 200 + 30, (91 * number) % 200 + 30, 110], np.uint8)
    cv2.putText(image, str(number), (4, side // 2), cv2.FONT_HERSHEY_SIMPLEX, side / 110, (255, 255, 255), 1)
    return bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 70])[1])


def estimate(value: float, n: int, half: float = 0.06) -> Estimate:
    return Estimate(value, max(0.0, value - half), min(1.0, value + half), n)


def made_up_figures(table: polars.DataFrame) -> Figures:
    names = sorted(table["class_name"].unique())
    each = [None, *names]
    return Figures(
        images=table["image_id"].n_unique(),
        objects=table.height,
        has_labels=True,
        classes=tuple(_class_figures(table, name) for name in each),
        distributions=tuple(_distributions(table, each)),
        separation=tuple(
            Separation(name, number, 900, 240, estimate(value, 1140, 0.03 if name is None else 0.09))
            for name in each
            for number, value in AUCS.items()
        ),
        low_evidence_rule=tuple(RuleCost(name, estimate(0.31, 240), estimate(0.04, 900, 0.015)) for name in each),
        confusion=_confusion(table, names),
        context=tuple(_context(table, name) for name in each),
        lines=(
            "1 of 5 detections is false; most of them are on no label (background).",
            "Confidence tells false from true best (AUC 0.83 [0.80, 0.86]); evidence adds to it (0.78 [0.75, 0.81]).",
            "Dropping detections with low evidence would catch 31 % of the false ones and cost 4 % of the true ones.",
            "dog keeps its detections without its background: 83 % [76, 89].",
        ),
    )  # fmt: skip


def _of(table: polars.DataFrame, name: str | None) -> polars.DataFrame:
    return table if name is None else table.filter(polars.col("class_name") == name)


def _class_figures(table: polars.DataFrame, name: str | None) -> ClassFigures:
    kinds = Counter(_of(table, name)["kind"])
    true, false = kinds["true"], sum(kinds[kind] for kind in WRONG)
    return ClassFigures(
        name,
        dict(kinds),
        estimate(true / max(true + false, 1), true + false),
        estimate(true / max(true + kinds["missed"], 1), true + kinds["missed"]),
        {"true": estimate(0.04, true), "false": estimate(0.31, false)},
    )


def _distributions(table: polars.DataFrame, names: Sequence[str | None]) -> list[Distribution]:
    made = []
    for number in ("confidence", "energy_in_box", "enrichment", "evidence"):
        low, high = (
            0.0,
            1.0 if number in ("confidence", "energy_in_box") else float(table[number].quantile(0.98) or 1),
        )
        for name in names:
            for kind, kinds in (("true", ["true"]), ("false", WRONG), ("missed", ["missed"])):
                values = (
                    _of(table, name).filter(polars.col("kind").is_in(kinds))[number].drop_nulls().to_numpy()
                )
                if not len(values):
                    continue
                counts, _ = np.histogram(np.clip(values, low, high), 20, (low, high))
                quantiles = np.quantile(values, (0.05, 0.25, 0.5, 0.75, 0.95))
                made.append(
                    Distribution(
                        name,
                        kind,
                        number,
                        len(values),
                        tuple(quantiles.tolist()),
                        low,
                        high,
                        tuple(counts.tolist()),
                    )
                )
    return made  # fmt: skip


def _confusion(table: polars.DataFrame, names: Sequence[str]) -> Confusion:
    at = {name: place for place, name in enumerate(names)}
    cells: dict[tuple[int | None, int | None], list[int]] = {}
    for number, kind, name, label in table.select("number", "kind", "class_name", "label_class_name").rows():
        predicted = None if kind == "missed" else at[name]
        row = at[name] if kind == "missed" else None if kind == "background" else at.get(label)
        if kind not in ("ignored", "loose"):
            cells.setdefault((row, predicted), []).append(number)
    order = sorted(cells, key=lambda cell: tuple(len(names) if one is None else one for one in cell))
    return Confusion(tuple(names), tuple(ConfusionCell(*cell, tuple(cells[cell])) for cell in order))


def _context(table: polars.DataFrame, name: str | None) -> ContextFigures:
    caused = tuple(_of(table, name).filter(polars.col("kind") == "true")["number"].head(4))
    shares = [estimate(value, 30, 0.12) for value in (0.83, 0.9, 0.86, 0.94)]
    return ContextFigures(
        name, 30, *shares, caused, f"{name} keeps its detections without its background: 83 % [76, 89]"
    )


def made_up_clusters(table: polars.DataFrame, count: int = 5) -> Clusters:
    clusters, of = [], {}
    for number, name in enumerate(sorted(table["class_name"].unique())[:count], 1):
        members = tuple(_of(table, name)["number"].head(60))
        of.update(dict.fromkeys(members, number))
        mean = _blot(number * 41).astype(np.float32) / 255
        count, wrong = len(members), len(members) // 3
        judged = (wrong, count, wrong / count, (0.24, 0.48), 0.17)
        clusters.append(Cluster(number, name, members, members[:6], mean, *judged, 0.82, 0.41, 0.72))
    classes = tuple(
        ClusteredClass(name, _of(table, name).height, _of(table, name).height, int(place < count), 12,
                       "" if place < count else "its maps do not fall into groups")
        for place, name in enumerate(sorted(table["class_name"].unique()))
    )  # fmt: skip
    return Clusters(tuple(clusters), classes, of)


def made_up_changes(table: polars.DataFrame, count: int = 90) -> Changes:
    kinds = ("mended", "broken", "still_wrong")
    objects = tuple(_change(row, kinds[place % 3]) for place, row in enumerate(table.head(count).to_dicts()))
    numbers = tuple(
        NumberChange(name, number, before, now, Estimate(now - before, now - before - 0.02, now - before + 0.02, 400))
        for name in (None, *sorted(table["class_name"].unique())[:3])
        for number, before, now in (("precision", 0.71, 0.76), ("found", 0.83, 0.84), ("low_evidence", 0.08, 0.06),
                                    ("confidence", 0.61, 0.66), ("energy_in_box", 0.70, 0.68), ("evidence", 5.1, 5.6))
    )  # fmt: skip
    counts = {"mended": 30, "broken": 30, "still_wrong": 30, "still_right": 620}
    lines = ("30 objects are mended, 30 broken, 30 still wrong.", "Precision rises by 5.0 points [3.0, 7.0].")
    return Changes("audits/previous", 400, 0, 3, counts, objects, numbers, lines)


def _change(row: dict, change: str) -> ObjectChange:
    gone = change == "mended" and row["number"] % 2 == 0
    return ObjectChange(
        change, row["image"], row["class_name"], None if gone else row["number"], row["number"],
        None if gone else row["kind"], "background" if change != "broken" else "true",
        row["x1"], row["y1"], row["x2"], row["y2"],
        None if gone else row["confidence"], 0.41, row["energy_in_box"], 0.5,
    )  # fmt: skip


def with_clusters(table: polars.DataFrame, clusters: Clusters) -> polars.DataFrame:
    column = [clusters.cluster_of.get(number, -1) for number in table["number"]]
    return table.with_columns(polars.Series("cluster", column, polars.Int64()))


def made_up_page(
    count: int = 60,
    parts: Callable[[Sequence[int]], Parts] = made_up_parts,
    objects: Sequence[AuditedObject] | None = None,
    **given: object,
) -> AuditPage:
    """A whole page of made-up objects."""
    table = table_of(made_up_objects(count) if objects is None else objects)
    clusters = made_up_clusters(table)
    page = AuditPage(
        title="street scenes, val",
        head={
            "Model": "yolov8n.pt", "Data": "street.yaml, val", "Confidence from": "0.25", "Overlap from": "IoU 0.5",
            "Made": "2026-01-02 03:04 UTC", "mAP50": "0.612", "mAP50-95": "0.437",
        },
        table=with_clusters(table, clusters),
        parts=parts,
        figures=made_up_figures(table),
        clusters=clusters,
        changes=made_up_changes(table),
        root="/data/street",
        options=("-m", "yolov8n.pt"),
    )  # fmt: skip
    return replace(page, **given)  # type: ignore[arg-type]
