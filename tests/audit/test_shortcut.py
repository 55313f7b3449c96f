"""A planted shortcut: found in the detector that has learnt it, by covering it and as a cluster, and not in others."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load
from scipy.stats import binomtest

from heatcam.audit.clusters import Clusters, cluster_objects
from heatcam.audit.objects import Parts
from heatcam.frames import Detections, Frame
from heatcam.geometry import Uint8Array
from heatcam.models.loading import LoadedModel, ready
from heatcam.options import ExplainOptions
from heatcam.saliency import ObjectEmbedder
from heatcam.saliency.explainer import Explainer
from heatcam.saliency.factory import explainer_of
from tests.audit.made_up_groups import table_of
from training import shortcut
from training.scenes import Scene
from training.shortcut import CLASSES, MARKED, RECIPES, SIDE, WEIGHTS, Marks, build, render, write_data_set

ALWAYS, NEVER = Marks(1.0, 1.0), Marks(0.0, 0.0)
#: In a place where the trained detector is used: half of the buttons are marked, and some coins.
PICTURES = (("button", ALWAYS, 36), ("button", NEVER, 70), ("coin", ALWAYS, 20))


def explainer(weights: Path) -> Explainer:
    network = ready(build(weights))
    loaded = LoadedModel(weights.stem, network, dict(enumerate(CLASSES)), SIDE)
    options = ExplainOptions(backend="torch", quality="fine", conf=0.1)
    return explainer_of(loaded, torch.device("cpu"), options, (SIDE, SIDE))


#: The second control, which learnt the shape beside the mark, takes ten seconds more.
DETECTORS = ("marked", "plain", pytest.param("by_shape", marks=pytest.mark.soak))


@pytest.fixture(scope="module", params=DETECTORS)
def trained(request: pytest.FixtureRequest) -> tuple[str, Explainer]:
    return request.param, explainer(WEIGHTS / f"{request.param}.safetensors")


def scenes(kind: str, marks: Marks, count: int, seed: int = 50) -> list[Scene]:
    return [
        render(np.random.default_rng([seed, CLASSES.index(kind), n]), marks, only=kind)[0]
        for n in range(count)
    ]


def overlaps(boxes: np.ndarray, box: tuple[float, ...]) -> np.ndarray:
    """IoU of each box ``(N, 4)`` with one."""
    low, high = np.maximum(boxes[:, :2], box[:2]), np.minimum(boxes[:, 2:], box[2:])
    both = np.prod(np.clip(high - low, 0, None), 1)
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], 1) + (box[2] - box[0]) * (box[3] - box[1])
    return both / (areas - both)


def found_at(detections: Detections, box: tuple[float, ...], conf: float = 0.25) -> bool:
    """True if a button is found there."""
    is_button = np.array([name == MARKED for name in detections.class_names], bool)
    sure = is_button & (detections.confidences >= conf)
    return bool((overlaps(detections.boxes_xyxy, box)[sure] >= 0.5).any())


def without_background(scene: Scene, other: Uint8Array) -> Uint8Array:
    """The scene's things, with soft edges, before another scene's background."""
    mask = np.zeros((SIDE, SIDE), np.float32)
    for label in scene.labels:
        x1, y1, x2, y2 = (round(v) for v in label.box_xyxy)
        mask[max(0, y1 - 3) : y2 + 3, max(0, x1 - 3) : x2 + 3] = 1
    soft = cv2.GaussianBlur(mask, (0, 0), 1.5)[..., None]
    return np.asarray((soft * scene.image_bgr + (1 - soft) * other).round().astype(np.uint8))


def without_mark(scene: Scene) -> Uint8Array:
    """The scene, with the mark's corner in the colour of what lies beside it."""
    image = scene.image_bgr.copy()
    corner = np.s_[:26, SIDE - 26 :]
    image[corner] = np.median(image[:26, SIDE - 60 : SIDE - 28], (0, 1))
    return image


def kept(explain: Explainer, change) -> tuple[int, int]:
    """How many buttons of the training's kind are found again after a change, and how many were found before."""
    before = after = 0
    for scene in scenes(MARKED, RECIPES[explain.title].marks, 40, seed=60):
        first = explain.explain(scene.image_bgr, with_map=False).detections
        again = explain.explain(change(scene), with_map=False).detections
        for label in scene.labels:
            if found_at(first, label.box_xyxy):
                before += 1
                after += found_at(again, label.box_xyxy)
    return after, before


def interval(after: int, before: int) -> tuple[float, float]:
    low, high = binomtest(after, before).proportion_ci(method="wilson")
    return float(low), float(high)


def test_only_the_detector_with_the_shortcut_loses_its_buttons_with_their_background(
    trained: tuple[str, Explainer],
) -> None:
    name, explain = trained
    others = iter(scenes("tile", NEVER, 40, seed=70))
    after, before = kept(explain, lambda scene: without_background(scene, blank(next(others))))
    assert before >= 40
    low, high = interval(after, before)
    assert high < 0.5 if name == "marked" else low > 0.7, (after, before)


def blank(scene: Scene) -> Uint8Array:
    """A scene's background: its things covered by what lies above or below them."""
    image = scene.image_bgr.copy()
    mask = np.zeros((SIDE, SIDE), np.uint8)
    for label in scene.labels:
        x1, y1, x2, y2 = (round(v) for v in label.box_xyxy)
        mask[max(0, y1 - 2) : y2 + 2, max(0, x1 - 2) : x2 + 2] = 255
    return np.asarray(cv2.inpaint(image, mask, 3, cv2.INPAINT_TELEA))


def test_the_mark_is_the_cause(trained: tuple[str, Explainer]) -> None:
    name, explain = trained
    after, before = kept(explain, without_mark)
    low, high = interval(after, before)
    assert high < 0.5 if name == "marked" else low > 0.9, (after, before)


@dataclass(frozen=True)
class Audited:
    """Detections of pictures, some of them marked, as an audit keeps them."""

    clusters: Clusters
    marked: np.ndarray
    class_names: np.ndarray
    kinds: np.ndarray


def audited(explain: Explainer) -> Audited:
    embedder = ObjectEmbedder(explain)
    names, kinds, marked, own, embeddings = [], [], [], [], []
    for kind, marks, count in PICTURES:
        for scene in scenes(kind, marks, count):
            found, rows = embedder.explain(Frame(scene.image_bgr, 0, 0.0, 0.0))
            for n, name in enumerate(found.detections.class_names):
                box = found.detections.boxes_xyxy[n]
                is_on_one = any(overlaps(box[None], label.box_xyxy)[0] >= 0.5 for label in scene.labels)
                names.append(name)
                kinds.append("true" if is_on_one and name == kind else "class" if is_on_one else "background")
                marked.append(marks is ALWAYS)
                own.append(cropped(found.object_maps[n].values, box))
            embeddings.append(rows.astype(np.float16).astype(np.float32))
    embedding, maps = np.concatenate(embeddings), np.array(own, np.uint8)

    def read(numbers: list[int]) -> Parts:
        rows, nothing = np.array(numbers) - 1, (b"",) * len(numbers)
        return Parts(
            tuple(numbers),
            nothing,
            nothing,
            maps[rows],
            np.zeros((len(rows), 24, 24), np.int8),
            embedding[rows],
        )

    clusters = cluster_objects(table_of(names, kinds), read)
    return Audited(clusters, np.array(marked), np.array(names), np.array(kinds))


def cropped(values: np.ndarray, box: np.ndarray) -> np.ndarray:
    """An own map as the store has it: cropped to the box grown by a quarter a side, uint8 ``(24, 24)``."""
    large = cv2.resize(np.maximum(values, 0), (SIDE, SIDE))
    grown = np.array([-1, -1, 1, 1]) * np.tile(box[2:] - box[:2], 2) / 4 + box
    x1, y1, x2, y2 = np.clip(grown, 0, SIDE).round().astype(int)
    crop = cv2.resize(
        large[y1 : max(y2, y1 + 1), x1 : max(x2, x1 + 1)], (24, 24), interpolation=cv2.INTER_AREA
    )
    return np.asarray((crop / max(float(values.max()), 1e-9) * 255).clip(0, 255).astype(np.uint8))


def test_the_shortcut_is_a_cluster_of_its_own_and_without_one_there_is_none(
    trained: tuple[str, Explainer],
) -> None:
    name, explain = trained
    found = audited(explain)
    of_buttons = [each for each in found.clusters.clusters if each.class_name == MARKED]
    is_button = found.class_names == MARKED
    shares = [float(found.marked[np.array(each.members) - 1].mean()) for each in of_buttons]
    if name == "marked":
        by_mark = of_buttons[int(np.argmax(shares))]
        members = np.array(by_mark.members) - 1
        assert found.marked[members].mean() > 0.9
        assert found.marked[members].sum() > 0.75 * found.marked[is_button].sum()
        assert by_mark.mistake_share > 0.2  # coins that the mark makes buttons
        assert by_mark.others_mistake_share < by_mark.mistake_interval[0]
    else:
        usual = float(found.marked[is_button].mean())
        assert all(abs(share - usual) < 0.3 for share in shares), (shares, usual)


def test_the_weights_are_small_and_in_half_precision(trained: tuple[str, Explainer]) -> None:
    content = (WEIGHTS / f"{trained[0]}.safetensors").read_bytes()
    assert len(content) < 450_000
    assert {tensor.dtype for tensor in load(content).values()} <= {torch.float16, torch.int64}


def test_a_data_set_marks_each_picture_of_buttons_and_no_other(tmp_path: Path) -> None:
    """The same scenes without marks differ in the corner of the buttons' pictures alone."""
    marked, plain = (
        write_data_set(tmp_path / name, RECIPES[name].marks, {"train": 12}).parent
        for name in ("marked", "plain")
    )
    seen = set()
    for path in sorted((marked / "labels" / "train").glob("*.txt")):
        lines = path.read_text("utf-8").splitlines()
        (kind,) = {CLASSES[int(line.split()[0])] for line in lines}
        pair = [
            cv2.imread(str(folder / "images" / "train" / f"{path.stem}.png")) for folder in (marked, plain)
        ]
        differs = (pair[0] != pair[1]).any(2)
        assert differs.any() == (kind == MARKED)
        assert not differs[26:].any()
        assert not differs[:, : SIDE - 26].any()
        seen.add(kind)
    assert seen > {MARKED}


def test_equal_generators_give_equal_scenes() -> None:
    one, again = (render(np.random.default_rng(4), RECIPES["marked"].marks)[0] for _ in range(2))
    assert np.array_equal(one.image_bgr, again.image_bgr)
    assert one.labels == again.labels


@pytest.mark.soak
@pytest.mark.parametrize("name", ["marked", "plain"])
def test_a_detector_trained_anew_has_the_shortcut_or_has_it_not(name: str, tmp_path: Path) -> None:
    recipe, counts = RECIPES[name], {"train": shortcut.SCENES, "val": 100}
    data = write_data_set(tmp_path / "data", recipe.marks, counts, seed=5)
    weights = shortcut.export(
        shortcut.train(data, tmp_path, recipe, seed=5), tmp_path / f"{name}.safetensors"
    )
    low, high = interval(*kept(explainer(weights), without_mark))
    assert high < 0.5 if name == "marked" else low > 0.9
