"""The stage of clusters, on made-up objects, and embeddings that a survey hands on."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from heatcam.commands import audit_clusters
from heatcam.commands.audit_clusters import find_clusters
from heatcam.commands.audit_options import AuditChoice
from heatcam.commands.audit_stages import STAGES
from heatcam.engine.boxes import Thresholds
from heatcam.errors import UsageError
from heatcam.frames import Frame
from heatcam.saliency import ObjectEmbedder, Surveyor
from heatcam.saliency.explainer import Explainer
from heatcam.saliency.methods import method_formula
from tests.audit.made_up_groups import Reader, bumps, channels, table_of
from tests.nets import engine_of, fresh_network


def run_of(groups: int) -> Any:
    """A run over 160 made-up objects of one class, in one group or two."""
    rng = np.random.default_rng(0)
    own, embedding = bumps(rng, 160, (11.5, 11.5), 2.0), channels(rng, 160)
    if groups == 2:
        embedding[:60] += 5 * embedding.std(0)
    noted: dict[int, int] = {}
    store = SimpleNamespace(
        table=lambda: table_of(["cow"] * 160, ["true"] * 160),
        parts=Reader(own, embedding),
        put_clusters=noted.update,
        noted=noted,
    )
    return SimpleNamespace(store=store, choice=AuditChoice(), made={}, documents={}, lines=[])


def test_clusters_are_noted_told_and_documented() -> None:
    run = run_of(2)
    find_clusters(run)
    found = run.made["clusters"]
    assert len(found.clusters) == len(run.lines) == 2
    assert run.store.noted == dict(found.cluster_of)
    assert json.loads(json.dumps(run.documents["clusters"]))["classes"][0]["clusters"] == 2
    assert find_clusters in [stage.run for stage in STAGES]


def test_no_clusters_are_an_answer() -> None:
    run = run_of(1)
    find_clusters(run)
    assert run.made["clusters"].clusters == ()
    assert set(run.store.noted.values()) == {-1}
    assert run.lines[0].startswith("no clusters")


def test_without_scikit_learn_the_audit_goes_on_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_args: object, **_more: object) -> None:
        raise UsageError("clusters need scikit-learn", "install it")

    monkeypatch.setattr(audit_clusters, "cluster_objects", refused)
    run = run_of(2)
    find_clusters(run)
    assert run.lines == ["clusters need scikit-learn; install it"]
    assert run.made == run.store.noted == {}


def test_a_survey_hands_on_the_embedding_of_each_object() -> None:
    engine = engine_of(fresh_network("tiny"))
    explain = Explainer(
        engine, dict(enumerate("abcde")), 128, Thresholds(0.05, 0.5), "live", method_formula("live")
    )
    frame = Frame(np.random.default_rng(3).integers(0, 256, (150, 200, 3), np.uint8), 0, 0.0, 0.0)
    surveyed = Surveyor(explain, ObjectEmbedder).survey(frame)
    _, exact = ObjectEmbedder(explain).explain(frame)
    assert len(surveyed.signed) == len(surveyed.embedding) == len(surveyed.explanation.detections) > 0
    assert np.allclose(surveyed.embedding, exact, rtol=1e-3, atol=1e-3 * np.abs(exact).max())
