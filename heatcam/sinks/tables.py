"""Tables of findings: CSV and Parquet with a row an object, and COCO's JSON."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heatcam.measures import ImageFindings
from heatcam.sinks.files import write_whole
from heatcam.text import escaped_in_json, printable

if TYPE_CHECKING:
    import polars

Polygons = Sequence[Sequence[tuple[float, float]]]


@dataclass
class FindingsTable:
    """Rows of a run, kept as columns until they are written: about 300 bytes an object.

    Args:
        facts: columns whose value is the same in every row, such as the model.
    """

    facts: Mapping[str, str] = field(default_factory=dict)
    _columns: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in FINDINGS_COLUMNS})

    def add(self, image: ImageFindings) -> None:
        """Add a row for each object of a picture or frame."""
        for values in object_rows(image):
            for name in FINDINGS_COLUMNS:
                self._columns[name].append(values[name])

    def __len__(self) -> int:
        return len(self._columns["object"])

    def write(self, path: Path) -> None:
        """Write CSV, or Parquet where the suffix is ``.parquet``: the whole table or nothing.

        Raises:
            SinkError: it cannot be written.
        """
        buffer, frame = io.BytesIO(), self._frame()
        if path.suffix.lower() == ".parquet":
            frame.write_parquet(buffer)
        else:
            frame.write_csv(buffer)
        write_whole(path, buffer.getvalue())

    def _frame(self) -> polars.DataFrame:
        import polars  # noqa: PLC0415 (a tenth of a second)

        kinds = {"text": polars.String, "int": polars.Int64, "float": polars.Float64, "bool": polars.Boolean}
        table = polars.DataFrame(
            self._columns, {name: kinds[kind] for name, kind in FINDINGS_COLUMNS.items()}
        )
        return table.with_columns(**{name: polars.lit(value) for name, value in self.facts.items()})


#: Columns and their types; boxes and points are in image pixels.
FINDINGS_COLUMNS: dict[str, str] = {
    "path": "text",
    "frame_index": "int",
    "pts_s": "float",
    "width": "int",
    "height": "int",
    "object": "int",
    "class_name": "text",
    "class_id": "int",
    "confidence": "float",
    "track_id": "int",
    **dict.fromkeys(("x1", "y1", "x2", "y2"), "float"),
    **dict.fromkeys(("energy_in_box", "enrichment", "evidence"), "float"),
    **dict.fromkeys(("peak_x", "peak_y", "centroid_x", "centroid_y", "spread"), "float"),
    "low_evidence": "bool",
    "asked_class_name": "text",
    "asked_confidence": "float",
}


def object_rows(image: ImageFindings) -> list[dict[str, Any]]:
    """Return the values of each object of a picture by the names of ``FINDINGS_COLUMNS``; None is not known."""
    width, height = image.size_wh
    path = None if image.path is None else printable(image.path)
    common = {"path": path, "frame_index": image.frame_index, "pts_s": image.pts_s}
    rows = []
    for index, one in enumerate(image.detections):
        names = ("class_id", "confidence", "track_id", "energy_in_box", "enrichment", "evidence", "spread")
        row = common | {"width": width, "height": height, "object": index}
        row |= {"class_name": printable(one.class_name)}
        row |= {name: getattr(one, name) for name in (*names, "low_evidence", "asked_confidence")}
        row |= {"asked_class_name": one.asked_class_name and printable(one.asked_class_name)}
        row |= dict(zip(("x1", "y1", "x2", "y2"), one.box_xyxy, strict=True))
        row |= dict(zip(("peak_x", "peak_y"), one.peak_xy or (None, None), strict=True))
        row |= dict(zip(("centroid_x", "centroid_y"), one.centroid_xy or (None, None), strict=True))
        rows.append(row)
    return rows


@dataclass
class CocoResults:
    """A COCO data set of what was detected: boxes, scores, regions of evidence as segmentations, evidence as attributes.

    Category ids are the model's class ids. Where the model gives masks, they are the segmentation; else the regions of the
    object's own map are.

    Args:
        info: facts for the document's ``info``.
        class_names: name of each class id that may occur; others are added as they come.
    """

    info: Mapping[str, Any] = field(default_factory=dict)
    class_names: dict[int, str] = field(default_factory=dict)
    _images: list[dict[str, Any]] = field(default_factory=list)
    _annotations: list[dict[str, Any]] = field(default_factory=list)

    def add(self, image: ImageFindings, evidence: Sequence[Polygons] = ()) -> None:
        """Add a picture or frame.

        Args:
            image: its findings.
            evidence: outlines of the regions of each object's own map, in image pixels; empty without own maps.
        """
        image_id = len(self._images) + 1
        name = image.path or ""
        if image.frame_index is not None and image.pts_s is not None:
            name = f"{name}#{image.frame_index}"
        width, height = image.size_wh
        self._images.append({"id": image_id, "file_name": name, "width": width, "height": height})
        for n, one in enumerate(image.detections):
            self.class_names.setdefault(one.class_id, one.class_name)
            outlines: Polygons = one.mask_polygons or (evidence[n] if evidence else ())
            x1, y1, x2, y2 = one.box_xyxy
            self._annotations.append(
                {
                    "id": len(self._annotations) + 1,
                    "image_id": image_id,
                    "category_id": one.class_id,
                    "bbox": [x1, y1, round(x2 - x1, 2), round(y2 - y1, 2)],
                    "area": round((x2 - x1) * (y2 - y1), 2),
                    "score": one.confidence,
                    "iscrowd": 0,
                    "segmentation": [[v for point in outline for v in point] for outline in outlines],
                    "attributes": {
                        name: getattr(one, name)
                        for name in ("energy_in_box", "enrichment", "evidence", "low_evidence", "track_id")
                    },
                }
            )

    def write(self, path: Path) -> None:
        """Write the JSON file, whole or not at all.

        Raises:
            SinkError: it cannot be written.
        """
        names = sorted(self.class_names.items())
        document = {
            "info": dict(self.info),
            "images": self._images,
            "annotations": self._annotations,
            "categories": [{"id": class_id, "name": name} for class_id, name in names],
        }
        write_whole(path, escaped_in_json(json.dumps(document, ensure_ascii=False, allow_nan=False)).encode())


def earlier_outlines(path: Path) -> dict[str, list[Polygons]]:
    """Return the outlines of each object in a file that ``CocoResults`` wrote, by the picture's name; empty if there is none.

    It is for a run that goes on with an earlier one, whose findings do not tell the regions of each object's own map.
    """
    found: dict[str, list[Polygons]] = {}
    try:
        document = json.loads(path.read_text("utf-8"))
        names = {image["id"]: str(image["file_name"]) for image in document["images"]}
        for each in document["annotations"]:
            rings = [[float(v) for v in ring] for ring in each["segmentation"]]
            outlines = [list(zip(ring[::2], ring[1::2], strict=True)) for ring in rings]
            found.setdefault(names[each["image_id"]], []).append(outlines)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}
    return found
