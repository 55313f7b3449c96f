"""Clusters: known groups are found and told with their mistakes, and where there are none none are."""

from __future__ import annotations

import builtins
import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import norm
from sklearn.metrics import adjusted_rand_score

from heatcam.audit import class_groups
from heatcam.audit.clusters import Clusters, cluster_lines, cluster_objects, clusters_document
from heatcam.audit.objects import Parts
from heatcam.errors import UsageError
from tests.audit.made_up_groups import Reader, bumps, channels, table_of

MIDDLE, CORNER = (11.5, 11.5), (4.0, 19.0)


def two_groups(
    differ_in: str, counts: tuple[int, int] = (120, 60), seed: int = 0
) -> tuple[Reader, np.ndarray]:
    """Objects of two known groups, in random order, that differ in maps, in embeddings, or in both."""
    rng = np.random.default_rng(seed)
    truth = rng.permutation(np.repeat([0, 1], counts))
    total = len(truth)
    own, embedding = bumps(rng, total, MIDDLE, 2.0), channels(rng, total)
    if "maps" in differ_in:
        own[truth == 1] = bumps(rng, counts[1], CORNER, 1.0)
    if "embeddings" in differ_in:
        embedding[truth == 1] += 5 * embedding.std(0) * (np.arange(64) % 3 == 0)
    return Reader(own, embedding), truth


def clustered(reader: Reader, kinds: np.ndarray | None = None, **more: object) -> Clusters:
    count = len(reader.own)
    kinds = np.repeat("true", count) if kinds is None else kinds
    return cluster_objects(table_of(["cow"] * count, kinds.tolist(), **more), reader)  # type: ignore[arg-type]


@pytest.mark.parametrize("differ_in", ["maps", "embeddings", "embeddings and maps"])
def test_known_groups_are_found_whether_maps_or_embeddings_differ(differ_in: str) -> None:
    reader, truth = two_groups(differ_in)
    found = clustered(reader)
    labels = np.array([found.cluster_of[n + 1] for n in range(len(truth))])
    assert len(found.clusters) == 2
    assert found.classes[0].by.find(differ_in.split(maxsplit=1)[0]) >= 0
    assert adjusted_rand_score(truth[labels > 0], labels[labels > 0]) > 0.98
    assert (labels > 0).mean() > 0.85
    assert min(each.stability for each in found.clusters) > 0.9


def normal(rng: np.random.Generator, count: int) -> np.ndarray:
    return rng.normal(size=(count, 64)).astype(np.float32)


def uniform(rng: np.random.Generator, count: int) -> np.ndarray:
    return channels(rng, count, mixed=1) + rng.uniform(size=(count, 64)).astype(np.float32)


def heavy(rng: np.random.Generator, count: int) -> np.ndarray:
    return np.asarray(rng.standard_t(3, size=(count, 4)) @ rng.normal(size=(4, 64)), np.float32)


@pytest.mark.parametrize("count", [80, 400])
@pytest.mark.parametrize("noise", [normal, uniform, heavy, channels])
def test_noise_gives_no_clusters(noise: Callable[..., np.ndarray], count: int) -> None:
    for seed in range(3):
        rng = np.random.default_rng(seed)
        found = clustered(Reader(bumps(rng, count, MIDDLE, 3.0), noise(rng, count)))
        assert found.clusters == ()
        assert set(found.cluster_of.values()) == {-1}
        (told,) = found.classes
        assert (told.clusters, told.in_none, told.objects) == (0, count, count)
        assert told.reason
        assert cluster_lines(found)[0].startswith("no clusters")


def wilson_by_its_definition(count: int, total: int) -> tuple[float, float]:
    """The shares that a score test of 5 % just does not reject (Wilson 1927), found numerically."""
    share, z = count / total, norm.ppf(0.975)

    def too_far(p: float) -> float:
        return abs(share - p) - z * np.sqrt(p * (1 - p) / total)

    return brentq(too_far, 1e-12, share), brentq(too_far, share, 1 - 1e-12)


def test_a_cluster_tells_its_mistakes_beside_those_of_the_rest_and_the_worst_comes_first() -> None:
    reader, truth = two_groups("embeddings and maps")
    kinds = np.where(truth == 1, "background", "true").astype(object)
    ones, zeros = np.nonzero(truth == 1)[0], np.nonzero(truth == 0)[0]
    kinds[ones[:20]], kinds[ones[20:25]] = "true", "loose"  # (loose ones are neither)
    kinds[zeros[:3]] = ["class", "duplicate", "ignored"]
    energy = np.where(truth == 1, 0.25, 0.75).tolist()
    found = clustered(reader, kinds, energy_in_box=energy)
    worst, best = found.clusters
    members = np.array(worst.members) - 1
    assert set(members) <= set(ones)
    wrong = int((kinds[members] == "background").sum())
    judged = wrong + int((kinds[members] == "true").sum())
    assert (worst.number, best.number) == (1, 2)
    assert (worst.mistakes, worst.judged) == (wrong, judged)
    assert worst.mistake_share == pytest.approx(wrong / judged)
    assert worst.mistake_interval == pytest.approx(wilson_by_its_definition(wrong, judged), abs=1e-6)
    assert worst.others_mistake_share == pytest.approx(2 / 119, abs=0.01)
    assert (worst.energy_in_box, worst.others_energy_in_box) == (
        pytest.approx(0.25),
        pytest.approx(0.75, abs=0.05),
    )
    assert all(found.cluster_of[n] == 1 for n in worst.members)
    low, high = (round(100 * end) for end in worst.mistake_interval)
    assert f"{round(100 * wrong / judged)} % mistakes [{low}, {high}]" in cluster_lines(found)[0]


def test_without_labels_clusters_have_no_share_of_mistakes() -> None:
    reader, truth = two_groups("maps")
    first = clustered(reader, np.repeat("unlabelled", len(truth))).clusters[0]
    assert (first.mistakes, first.judged) == (0, 0)
    assert first.mistake_share is first.mistake_interval is first.others_mistake_share is None
    assert first.energy_in_box is None


def test_a_mean_map_is_that_of_members_each_scaled_to_its_own_peak() -> None:
    reader, _ = two_groups("maps")
    for each in clustered(reader).clusters:
        own = reader.own[np.array(each.members) - 1].astype(float)
        mean = (own / own.max((1, 2), keepdims=True)).mean(0)
        assert each.mean_map.shape == (24, 24)
        assert np.allclose(each.mean_map, mean / mean.max(), atol=1e-5)
    peaks = [np.unravel_index(each.mean_map.argmax(), (24, 24)) for each in clustered(reader).clusters]
    assert sorted(np.hypot(*np.subtract(peak, CORNER)) < 3 for peak in peaks) == [False, True]


def test_medoids_are_the_members_nearest_to_all_others() -> None:
    """Of points on a line, in maps that are the same: the middle ones."""
    count = 60
    line = np.linspace(-1, 1, count)
    embedding = np.zeros((2 * count, 4), np.float32)
    embedding[:count, 0], embedding[count:, 0] = line, line + 40
    own = np.full((2 * count, 24, 24), 100, np.uint8)
    found = clustered(Reader(own, embedding))
    by_first = sorted(found.clusters, key=lambda each: min(each.members))
    assert [set(each.medoids[:2]) for each in by_first] == [{30, 31}, {90, 91}]
    assert len(by_first[0].medoids) == 6
    assert by_first[0].members[:6] == by_first[0].medoids


def test_classes_are_clustered_by_themselves_and_missed_objects_are_left_out() -> None:
    reader, truth = two_groups("embeddings and maps", (90, 90))
    names = ["cow" if t else "dog" for t in truth]
    kinds = ["missed" if n < 5 else "true" for n in range(len(truth))]
    found = cluster_objects(table_of(names, kinds), reader)
    assert found.clusters == ()
    assert [each.class_name for each in found.classes] == ["cow", "dog"]
    assert set(found.cluster_of) == set(range(6, 181))


def test_few_objects_objects_without_maps_and_equal_ones_are_in_no_cluster() -> None:
    reader, _ = two_groups("maps")
    few = cluster_objects(table_of(["cow"] * 59, ["true"] * 59), reader)
    assert few.classes[0].reason == "fewer than 60 objects with a map"
    nothing = Reader(np.zeros_like(reader.own), np.zeros_like(reader.embedding))
    assert clustered(nothing).classes[0].reason == "fewer than 60 objects with a map"
    same = Reader(np.ones_like(reader.own), np.ones_like(reader.embedding))
    assert clustered(same).classes[0].reason == "all objects are the same"
    reader.own[:10], reader.embedding[:10] = 0, 0
    assert [clustered(reader).cluster_of[n] for n in range(1, 11)] == [-1] * 10


def test_an_audit_without_embeddings_is_clustered_by_maps() -> None:
    reader, truth = two_groups("maps")
    found = clustered(Reader(reader.own, np.zeros((len(truth), 0), np.float32)))
    assert (len(found.clusters), found.classes[0].by) == (2, "maps")


def test_parts_of_which_none_has_an_embedding_are_read_beside_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(class_groups, "_READ_AT_ONCE", 20)
    monkeypatch.setattr(class_groups, "MOST_OBJECTS", 150)
    reader, truth = two_groups("maps")

    def read(numbers: Sequence[int]) -> Parts:
        parts = reader(numbers)
        return replace(parts, embedding=np.zeros((20, 0), np.float32)) if 1 in numbers else parts

    found = cluster_objects(table_of(["cow"] * len(truth), ["true"] * len(truth)), read)
    assert len(found.clusters) == 2


def test_no_objects_give_no_clusters() -> None:
    found = cluster_objects(table_of([], []), Reader(np.zeros((0, 24, 24), np.uint8), np.zeros((0, 4))))
    assert (found.clusters, found.classes, dict(found.cluster_of)) == ((), (), {})


def test_more_objects_than_are_clustered_are_put_to_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(class_groups, "MOST_OBJECTS", 200)
    reader, truth = two_groups("embeddings and maps", (500, 300))
    found = clustered(reader)
    labels = np.array([found.cluster_of[n + 1] for n in range(len(truth))])
    assert (found.classes[0].looked_at, found.classes[0].objects) == (200, 800)
    assert adjusted_rand_score(truth[labels > 0], labels[labels > 0]) > 0.98
    assert (labels > 0).mean() > 0.85
    assert sum(len(each.members) for each in found.clusters) == (labels > 0).sum()
    for each in found.clusters:
        own = reader.own[np.array(each.members) - 1].astype(float)
        mean = (own / own.max((1, 2), keepdims=True)).mean(0)
        assert np.allclose(each.mean_map, mean / mean.max(), atol=1e-4)


def test_equal_arguments_give_equal_clusters_and_parts_are_read_some_at_once() -> None:
    reader, _ = two_groups("maps", (700, 500))
    one, again = clustered(reader), clustered(reader)
    assert dict(one.cluster_of) == dict(again.cluster_of)
    assert max(reader.asked) <= 500
    assert sum(reader.asked) == 2 * 1200  # each once


def test_the_document_tells_each_cluster_and_each_class_in_plain_values() -> None:
    reader, truth = two_groups("maps")
    found = clustered(reader, np.where(truth == 1, "background", "true"))
    told = json.loads(json.dumps(clusters_document(found)))
    worst = found.clusters[0]
    assert [each["number"] for each in told["clusters"]] == [1, 2]
    assert told["clusters"][0]["objects"] == len(worst.members)
    assert told["clusters"][0]["medoids"] == list(worst.medoids)
    assert told["clusters"][0]["mistake_interval"] == list(worst.mistake_interval)
    assert told["classes"][0]["clusters"] == 2


def test_names_in_lines_are_safe_to_print() -> None:
    reader, truth = two_groups("maps")
    table = table_of(["cow\x1b[31m\n"] * len(truth), ["true"] * len(truth))
    for line in cluster_lines(cluster_objects(table, reader)):
        assert "\x1b" not in line
        assert "\n" not in line
        assert "0 % mistakes [0, " in line


def test_without_scikit_learn_one_line_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: object, **more: object) -> object:
        if name.startswith("sklearn"):
            raise ImportError(name)
        return real(name, *args, **more)  # type: ignore[arg-type]

    reader, _ = two_groups("maps")
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match=r"pip install 'heatcam\[audit\]'"):
        clustered(reader)
