"""Documents that requests about pictures are answered with: findings, with images in them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from heatcam.measures import FindingsDocument, ImageFindings


class ViewImage(BaseModel):
    """One image in a document, or the reason why there is none."""

    status: str = Field(description="`ok` or `failed`")
    reason: str | None = Field(description="why it could not be made")
    mime: str | None = Field(description="kind of the file")
    data: str | None = Field(description="the file, in base64")


class ClassFindings(BaseModel):
    """One class that a classifier knows."""

    class_name: str
    probability: float = Field(ge=0, le=1)


class AnalyzedImage(ImageFindings):
    """Findings of a picture, with its images."""

    images: dict[str, ViewImage] | None = Field(default=None, description="by the views' names")
    classes: list[ClassFindings] | None = Field(
        default=None, description="of a classifier: the likeliest classes, also those below `conf`"
    )


class AnalyzedDocument(FindingsDocument):
    """Findings of one picture, and what was asked."""

    images: list[AnalyzedImage] = Field(description="one")  # type: ignore[assignment]


class ProblemDocument(BaseModel):
    """Error (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str = Field(description="what is wrong, and what to do next")


#: An answer to ``/analyze`` about a photograph of a bus, shortened.
EXAMPLE = {
    "schema": "heatcam/findings/1",
    "heatcam": "0.1.0",
    "model": {"name": "yolov8n", "sha256": "f59b3d83", "task": "detect"},
    "method": "live",
    "layers": ["15:C2f"],
    "target": "class",
    "why": None,
    "unit": "logits",
    "device": "cpu",
    "backend": "torch",
    "precision": "fp32",
    "imgsz": 640,
    "thresholds": {"conf": 0.25, "iou": 0.7, "max_det": 300},
    "images": [
        {
            "path": "bus.jpg",
            "size_wh": [810, 1080],
            "timings": {"prepare_ms": 4.1, "forward_ms": 61.5, "map_ms": 22.3},
            "question": None,
            "detections": [
                {
                    "class_name": "bus",
                    "class_id": 5,
                    "confidence": 0.8731,
                    "box_xyxy": [22.87, 231.27, 805.0, 756.84],
                    "box_normalised": [0.02823, 0.21414, 0.99383, 0.70078],
                    "energy_in_box": 0.92,
                    "enrichment": 1.96,
                    "evidence": 9.3,
                    "evidence_logits": 9.3,
                    "peak_xy": [388.5, 260.5],
                    "centroid_xy": [402.11, 436.02],
                    "spread": 221.4,
                    "low_evidence": False,
                }
            ],
            "heat": {"histogram": [9210, 603, 187], "entropy": 0.8, "coverage_50": 0.05, "coverage_90": 0.3},
            "map_error": None,
            "warnings": [],
            "regions": [
                {
                    "rank": 1,
                    "polygon": [[24.0, 240.0], [790.0, 244.0], [640.0, 700.0]],
                    "box_xyxy": [24.0, 240.0, 790.0, 700.0],
                    "area": 0.21,
                    "energy": 0.71,
                    "peak": 0.02,
                    "peak_xy": [388.5, 260.5],
                    "place": "centre",
                    "objects": [{"index": 0, "class_name": "bus", "overlap": 0.98}],
                }
            ],
            "images": {
                "overlay": {"status": "ok", "reason": None, "mime": "image/png", "data": "iVBORw0KGgo..."},
                "grid": {"status": "failed", "reason": "nothing was detected", "mime": None, "data": None},
            },
        }
    ],
}
