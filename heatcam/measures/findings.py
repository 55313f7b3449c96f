"""Findings of a picture: its detections, the numbers of their maps, and the regions that hold the evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from heatcam import __version__
from heatcam.frames import LOGITS, Detections, ExplainerFacts, Explanation, Question, SaliencyMap
from heatcam.geometry import Float32Array
from heatcam.measures.documents import (
    SCHEMA,
    ChannelFindings,
    FindingsDocument,
    HeatFindings,
    ImageFindings,
    ModelFindings,
    ObjectFindings,
    ObjectOverlap,
    RegionFindings,
    ThresholdFindings,
    TimingFindings,
)
from heatcam.measures.evidence import relative_error, undecided_share
from heatcam.measures.foreground import Mask, evidence_outside
from heatcam.measures.regions import LEAST_AREA, MOST_REGIONS, Region, find_regions
from heatcam.measures.statistics import concentration_of, evidence_share, heat_counts, spread_of


@dataclass(frozen=True)
class FindingsOptions:
    """Choices about findings.

    Attributes:
        region_share: the share of the evidence that the regions hold together, in ``(0, 1)``; None takes Otsu's threshold.
        least_area: leave out regions smaller than this share of the picture.
        most_regions: number of regions at most.
        regions: find regions at all: the only part that takes more than a millisecond.
    """

    region_share: float | None = None
    least_area: float = LEAST_AREA
    most_regions: int = MOST_REGIONS
    regions: bool = True


def findings_of(
    explanation: Explanation, options: FindingsOptions | None = None, subject: Mask | None = None, **more: Any
) -> ImageFindings:
    """Return one picture's findings.

    Numbers of an object need its own map and are None without one. ``evidence_logits`` is also None for a map that is not in
    logits. ``low_evidence`` is None if unknown. ``question`` is what was asked instead of each object's own class, else None; if
    that is a class, each detection has its ``asked_confidence``.

    Args:
        explanation: detections and maps.
        options: choices about regions.
        subject: bool ``(H, W)`` in image pixels: the evidence outside it is told.
        **more: fields of ``ImageFindings`` that the explanation does not know, such as ``path``.
    """
    options = options or FindingsOptions()
    found, timings, saliency = explanation.detections, explanation.timings, explanation.saliency
    facts: dict[str, Any] = {
        "size_wh": explanation.frame.size_wh,
        "timings": TimingFindings(
            prepare_ms=round(timings.prepare_ms, 2),
            forward_ms=round(timings.forward_ms, 2),
            map_ms=round(timings.map_ms, 2),
        ),
        "question": explanation.question.about if explanation.question else None,
        "detections": [_object(explanation, n) for n in range(len(found))],
        "heat": None if saliency is None else _heat(saliency, subject),
        "map_error": explanation.map_error or None,
        "warnings": _warnings(explanation),
    }
    if options.regions:
        facts["regions"] = [] if saliency is None else _regions(saliency, found, options)
    return ImageFindings(**more, **facts)


def describe(explanation: Explanation) -> dict[str, Any]:
    """Return one picture's findings without its regions, as plain values that JSON has."""
    return findings_of(explanation, FindingsOptions(regions=False)).as_json()


def document_head(facts: ExplainerFacts) -> dict[str, Any]:
    """Return what a document of findings says of the run: everything but its images."""
    head = FindingsDocument(
        schema=SCHEMA,
        heatcam=__version__,
        model=ModelFindings(name=facts.model, sha256=facts.sha256, task=facts.task),
        method=facts.method,
        layers=list(facts.layers),
        target=facts.target,
        why=facts.why or None,
        unit=facts.unit,
        device=facts.device,
        backend=facts.backend,
        precision=facts.precision,
        imgsz=facts.imgsz,
        thresholds=ThresholdFindings(conf=facts.conf, iou=facts.iou, max_det=facts.max_det),
    )
    return head.as_json()


def _object(explanation: Explanation, n: int) -> ObjectFindings:
    """Return the findings of the ``n``-th detection."""
    found, low = explanation.detections, explanation.low_evidence
    box = found.boxes_xyxy[n].astype(float)
    known: dict[str, Any] = {} if found.track_ids is None else {"track_id": int(found.track_ids[n]) or None}
    known |= _numbers(explanation.object_maps[n] if explanation.object_maps else None, box)
    known |= _answer(explanation.question, n) | _shapes(found, n)
    if explanation.channel_evidence is not None:
        known["evidence_by_channel"] = _by_channel(explanation.channel_evidence[n])
    return ObjectFindings(
        class_name=found.class_names[n],
        class_id=int(found.class_ids[n]),
        confidence=round(float(found.confidences[n]), 4),
        box_xyxy=_rounded(box, 2),
        box_normalised=_rounded(box / (explanation.frame.size_wh * 2), 5),
        low_evidence=low[n] if low else None,
        **known,
    )


def _numbers(own: SaliencyMap | None, box_xyxy: npt.ArrayLike) -> dict[str, Any]:
    """Return the numbers of one object's map; all None without a map."""
    if own is None:
        names = (
            "energy_in_box",
            "enrichment",
            "evidence",
            "evidence_logits",
            "peak_xy",
            "centroid_xy",
            "spread",
        )
        return dict.fromkeys(names)
    seen, where = evidence_share(own, box_xyxy), spread_of(own)
    return {
        "energy_in_box": seen.energy_in_box,
        "enrichment": seen.enrichment,
        "evidence": seen.evidence,
        "evidence_logits": seen.evidence if own.unit == LOGITS else None,
        "peak_xy": where and _rounded(where.peak_xy, 2),
        "centroid_xy": where and _rounded(where.centroid_xy, 2),
        "spread": where and round(where.radius, 2),
        **_trials(own),
    }


def _trials(own: SaliencyMap) -> dict[str, Any]:
    """Return the numbers of a map by trial; empty for one from gradients."""
    if not own.trials:
        return {}
    share = undecided_share(own)
    numbers = {"trials": own.trials, "undecided": None if share is None else round(share, 4)}
    if not own.seconds:
        return numbers
    error = relative_error(own)
    return numbers | {"error": None if error is None else round(error, 4), "seconds": own.seconds}


def _shapes(found: Detections, n: int) -> dict[str, Any]:
    """Return the ``n``-th detection's mask, keypoints and rotated box, those of them that the head tells."""
    known: dict[str, Any] = {}
    if found.mask_polygons is not None:
        rings = found.mask_polygons[n]
        known["mask_polygons"] = [[_rounded(point, 2) for point in ring] for ring in rings]
    if found.keypoints is not None:
        known["keypoints"] = [
            (*_rounded(point[:2], 2), round(float(point[2]), 4)) for point in found.keypoints[n]
        ]
    if found.rotated_xywhr is not None:
        box = found.rotated_xywhr[n]
        known["rotated_xywhr"] = (*_rounded(box[:4], 2), round(float(box[4]), 5))
    return known


def _by_channel(evidence: Float32Array) -> list[ChannelFindings]:
    """Return one object's evidence by channel, float ``(channels,)``."""
    shares = channel_shares(evidence)
    return [
        ChannelFindings(
            channel=number,
            evidence=round(float(value), 5),
            share=None if shares is None else round(float(shares[number - 1]), 4),
        )
        for number, value in enumerate(evidence, start=1)
    ]


def channel_shares(evidence: Float32Array) -> Float32Array | None:
    """Return each channel's share of the absolute evidence, with its sign; None where there is none."""
    total = float(np.abs(evidence).sum())
    return np.asarray(evidence / total, np.float32) if total > 0 else None


def _answer(question: Question | None, n: int) -> dict[str, Any]:
    """Return name and confidence of the class that was asked about; empty if none was."""
    if question is None or question.scores is None:
        return {}
    return {"asked_class_name": question.class_name, "asked_confidence": round(float(question.scores[n]), 6)}


def _heat(saliency: SaliencyMap, subject: Mask | None) -> HeatFindings:
    """Return how the evidence of a map is distributed."""
    spread = concentration_of(saliency)
    outside = {} if subject is None else {"outside_foreground": evidence_outside(saliency, subject)}
    return HeatFindings(
        histogram=heat_counts(saliency).tolist(),
        entropy=None if spread is None else round(spread.entropy, 4),
        coverage_50=None if spread is None else round(spread.coverage_50, 5),
        coverage_90=None if spread is None else round(spread.coverage_90, 5),
        **outside,
    )


def _regions(saliency: SaliencyMap, found: Detections, options: FindingsOptions) -> list[RegionFindings]:
    """Return the regions of a map, the one with the most evidence first."""
    regions = find_regions(
        saliency, options.region_share, least_area=options.least_area, most=options.most_regions
    )
    pixels = saliency.letterbox.image_wh[0] * saliency.letterbox.image_wh[1]
    return [
        RegionFindings(
            rank=rank,
            polygon=[_rounded(point, 2) for point in region.polygon_xy],
            box_xyxy=_rounded(region.box_xyxy, 2),
            area=round(region.area_px / pixels, 5),
            energy=round(region.share, 4),
            peak=region.peak,
            peak_xy=_rounded(region.peak_xy, 2),
            place=region.place,
            objects=_overlapping(region, found),
        )
        for rank, region in enumerate(regions, start=1)
    ]


def _overlapping(region: Region, found: Detections) -> list[ObjectOverlap]:
    """Return the objects whose boxes a region overlaps by a hundredth of it at least, most first."""
    shares = [round(region.overlap_with(box), 4) for box in found.boxes_xyxy]
    order = sorted((n for n, share in enumerate(shares) if share >= 0.01), key=lambda n: -shares[n])
    return [ObjectOverlap(index=n, class_name=found.class_names[n], overlap=shares[n]) for n in order]


def _warnings(explanation: Explanation) -> list[str]:
    """Return what a reader of the numbers should know before trusting them."""
    names = explanation.detections.class_names
    low = [names[n] for n, is_low in enumerate(explanation.low_evidence) if is_low]
    said = [f"no heat map: {explanation.map_error}"] if explanation.map_error else []
    return said + ([f"low evidence: {', '.join(low)}"] if low else [])


def _rounded(values: Any, digits: int) -> Any:
    """Return numbers as a tuple of floats with so many decimals."""
    return tuple(round(float(value), digits) for value in np.asarray(values).reshape(-1))
