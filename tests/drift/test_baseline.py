"""Baselines: when neighbours are alike, what is refused, and the schema of the document."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from heatcam.drift import Baseline, baseline_of, read_baseline, read_state, write_document
from heatcam.drift.documents import BaselineDocument
from heatcam.drift.series import SeriesName, WatchedMeasure
from heatcam.errors import UnreadableInputError, UsageError
from tests.drift.made_up import FACTS, block, learnt, quiet, quiet_baseline

ROOT = Path(__file__).parents[2]
ENERGY = SeriesName("cow", WatchedMeasure.ENERGY_IN_BOX)


def baseline(hours: int = 30, **settings: int) -> Baseline:
    return quiet_baseline(np.random.default_rng(0), hours, ("cow", "dog"), **settings)


def test_independent_blocks_stay_as_they_are() -> None:
    found = baseline(60).document
    assert found.block_s == found.learnt_block_s == 3600
    assert found.alikeness is not None
    assert found.alikeness < 0.5


def test_neighbours_that_are_alike_are_joined_until_they_are_not() -> None:
    """Weather that lasts twelve hours: the energy's level is drawn anew each twelfth block."""
    rng = np.random.default_rng(1)
    levels = np.repeat(rng.normal(0.6, 0.1, 60), 12)
    blocks = [block(n, {"cow": level + rng.normal(0, 0.01)}) for n, level in enumerate(levels)]
    found = baseline_of(learnt(), blocks)
    assert found.block_s == 12 * 3600
    assert len(Baseline(found).blocks) == 60


def test_joined_blocks_are_compared_within_their_part_of_the_day() -> None:
    """Days and nights that differ are no likeness of neighbours where each has a baseline of its own."""
    rng = np.random.default_rng(2)
    blocks = [block(n, {"cow": (0.4 if n % 24 < 12 else 0.8) + rng.normal(0, 0.02)}) for n in range(24 * 10)]
    assert baseline_of(learnt(day_parts=2), blocks).block_s == 3600
    assert baseline_of(learnt(day_parts=1), blocks).block_s > 3600


def test_too_few_blocks_are_no_baseline() -> None:
    with pytest.raises(UsageError, match=r"9 blocks of 3600 s are no baseline; learn for at least 36000 s"):
        baseline_of(learnt(), [quiet(np.random.default_rng(0), n) for n in range(9)])


def test_the_shares_of_false_alarms_sum_to_one_and_do_not_depend_on_what_was_seen() -> None:
    own = baseline()
    assert sum(own.share(name) for name in own.names) == pytest.approx(1)
    assert own.share(SeriesName("", WatchedMeasure.EVIDENCE)) == 0.1
    assert own.share(ENERGY) == 0.05
    alone = quiet_baseline(np.random.default_rng(0), 20)
    assert {name.class_name for name in alone.names} == {""}  # (its only class is all objects)
    assert sum(alone.share(name) for name in alone.names) == pytest.approx(1)


def test_a_part_of_the_day_with_few_values_is_not_judged() -> None:
    own = baseline(27, day_parts=6)  # a day from midnight on, and three hours
    assert own.parts == {0}
    assert set(own.values(ENERGY)) == {0}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sha256": "cd" * 32}, "another model's SHA-256: 'abababababab', not 'cdcdcdcdcdcd'"),
        ({"sha256": "", "model": "other"}, "another model: 'made up', not 'other'"),
        ({"method": "fine"}, "another method: 'live', not 'fine'"),
        ({"layers": ("9:SPPF",)}, "another layers: '15:C2f', not '9:SPPF'"),
        ({"conf": 0.5}, "another conf: '0.25', not '0.5'"),
        ({"precision": "bf16"}, "another precision"),
    ],
)
def test_a_watch_with_other_numbers_is_refused_in_a_line(change: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError) as refused:
        baseline().require_same(replace(FACTS, **change), ("cow", "dog"))  # type: ignore[arg-type]
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_other_classes_and_another_rate_are_refused_and_another_machine_is_not() -> None:
    own = baseline()
    own.require_same(replace(FACTS, device="cuda", backend="openvino"), ("cow", "dog"), 1)
    with pytest.raises(UsageError, match="another classes"):
        own.require_same(FACTS, ("cow",))
    with pytest.raises(UsageError, match="another every: '1', not '5'"):
        own.require_same(FACTS, ("cow", "dog"), 5)


def test_a_baseline_is_read_as_it_was_written_and_fits_its_schema(tmp_path: Path) -> None:
    own = baseline()
    write_document(tmp_path / "base.json", own.document)
    again = read_baseline(tmp_path / "base.json")
    assert again.document == own.document
    assert again.fingerprint == own.fingerprint
    assert again.values(ENERGY)[0] == pytest.approx(own.values(ENERGY)[0])
    schema = json.loads((ROOT / "docs" / "drift-baseline.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(json.loads((tmp_path / "base.json").read_text("utf-8")))


def test_the_schema_in_the_docs_is_that_of_the_code() -> None:
    code = (
        "import sys; sys.path.insert(0, 'docs'); from write_schema import schema; "
        "sys.stdout.write(schema('drift-baseline.schema.json'))"
    )
    made = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert made.stdout == (ROOT / "docs" / "drift-baseline.schema.json").read_text("utf-8")


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"schema": "heatcam/drift-baseline/1"}', '{"schema": "other"}', "\0\xff"],
)
def test_what_is_no_baseline_is_refused_in_a_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "base.json").write_text(text, "utf-8")
    with pytest.raises(UnreadableInputError, match="is no baseline of drift") as refused:
        read_baseline(tmp_path / "base.json")
    assert "\n" not in str(refused.value)
    with pytest.raises(UnreadableInputError, match="is no state of drift"):
        read_state(tmp_path / "base.json")


def test_a_baseline_that_is_not_there_is_refused_and_a_state_begins_anew(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInputError, match="there is no baseline"):
        read_baseline(tmp_path / "none.json")
    assert read_state(tmp_path / "none.json") is None


def test_numbers_that_cannot_be_are_refused(tmp_path: Path) -> None:
    document = baseline().document.model_dump(mode="json", by_alias=True)
    document["blocks"][0]["frames"] = 0
    with pytest.raises(ValueError, match="greater than 0"):
        BaselineDocument.model_validate(document)
