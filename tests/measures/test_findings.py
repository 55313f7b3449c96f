"""Numbers of attention, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from heatcam.frames import Detections, Explanation, Frame, SaliencyMap
from heatcam.geometry import Letterbox
from heatcam.measures.findings import describe
from heatcam.measures.statistics import energy_in_box, evidence_share


def plain_map(values: np.ndarray) -> SaliencyMap:
    """A map whose cells are the picture's pixels."""
    height, width = values.shape
    return SaliencyMap(
        values.astype(np.float32),
        Letterbox((width, height), (width, height), (width, height), 0, 0),
        "live",
        "0",
    )


def test_energy_is_the_share_of_positive_evidence_inside() -> None:
    values = np.zeros((4, 4))
    values[1, 1], values[3, 3], values[0, 0] = 3.0, 1.0, -5.0
    assert energy_in_box(plain_map(values), np.float32([0, 0, 2, 2])) == pytest.approx(0.75)
    assert energy_in_box(plain_map(values), np.float32([0, 0, 4, 4])) == pytest.approx(1.0)
    assert energy_in_box(plain_map(values), np.float32([2, 0, 4, 2])) == 0


def test_a_map_without_evidence_has_no_share() -> None:
    assert energy_in_box(plain_map(np.full((3, 3), -1.0)), np.float32([0, 0, 3, 3])) is None


def test_enrichment_is_how_much_denser_the_evidence_is_in_the_box() -> None:
    values = np.zeros((4, 4))
    values[1, 1], values[3, 3], values[0, 0] = 3.0, 1.0, -5.0
    seen = evidence_share(plain_map(values), np.float32([0, 0, 2, 2]))
    assert seen.evidence == pytest.approx(4.0), "negative evidence counts as none"
    assert seen.enrichment == pytest.approx(0.75 / (4 / 16))


def test_a_cell_that_the_box_cuts_counts_by_its_share() -> None:
    assert energy_in_box(plain_map(np.ones((4, 4))), np.float32([0, 0, 1.5, 4])) == pytest.approx(1.5 / 4)


def test_a_letterbox_border_never_counts() -> None:
    letterbox = Letterbox.fit((640, 320), 640, 128)  # 32 pixels of border above and below
    values = np.ones((letterbox.model_wh[1] // 32, 20), np.float32)
    values[0] = values[-1] = 100.0
    seen = evidence_share(SaliencyMap(values, letterbox, "live", "0"), np.float32([0, 0, 320, 320]))
    assert letterbox.model_wh == (640, 384)
    assert (seen.evidence, seen.energy_in_box, seen.enrichment) == (200.0, 0.5, 1.0)
    beyond = evidence_share(SaliencyMap(values, letterbox, "live", "0"), np.float32([-50, -50, 320, 400]))
    assert beyond == seen, "nor where a box reaches into it"


@pytest.mark.parametrize(("low", "said"), [((), None), ((True,), True), ((False,), False)])
@pytest.mark.parametrize(("unit", "evidence"), [("logits", 16.0), ("radians", None)])
def test_the_findings_say_what_is_known(
    low: tuple[bool, ...], said: bool | None, unit: str, evidence: float | None
) -> None:
    own = SaliencyMap(np.ones((4, 4), np.float32), Letterbox((4, 4), (4, 4), (4, 4), 0, 0), "live", "0", unit)
    one = Detections(np.float32([[0, 0, 2, 4]]), np.float32([0.5]), np.array([0]), np.array([0]), ("a",))
    frame = Frame(np.zeros((4, 4, 3), np.uint8), 0, 0.0, 0.0)
    (row,) = describe(Explanation(frame, one, own, (own,), low_evidence=low))["detections"]
    assert row["low_evidence"] is said
    assert row["evidence_logits"] == evidence
    assert (row["energy_in_box"], row["enrichment"]) == (0.5, 1.0)
