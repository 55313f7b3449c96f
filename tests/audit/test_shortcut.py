"""A planted shortcut: found in the detector that has learnt it, by covering it and as a cluster, and not in others."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import polars
import pytest
import torch
import yaml
from rich.console import Console
from safetensors.torch import load
from scipy.stats import binomtest

from heatcam.commands import audit as command
from heatcam.commands import audit_plan
from heatcam.commands.audit_options import AuditChoice, AuditModel, AuditOutput
from heatcam.commands.terminal import Terminal
from heatcam.frames import Detections
from heatcam.geometry import Uint8Array, overlaps
from heatcam.models.loaded import LoadedModel
from heatcam.models.loading import ready
from heatcam.options import ExplainOptions
from heatcam.saliency.explainer import Explainer
from heatcam.saliency.factory import explainer_of
from training import shortcut
from training.scenes import Scene
from training.shortcut import CLASSES, MARKED, RECIPES, SIDE, WEIGHTS, Marks, build, render, write_data_set

ALWAYS, NEVER = Marks(1.0, 1.0), Marks(0.0, 0.0)
#: In a place where the trained detector is used: some of the buttons are marked, and some coins.
PICTURES = (("button", ALWAYS, 24), ("button", NEVER, 46), ("coin", ALWAYS, 14), ("tile", NEVER, 6))


def explainer(weights: Path) -> Explainer:
    network = ready(build(weights))
    loaded = LoadedModel(weights.stem, network, dict(enumerate(CLASSES)), SIDE)
    options = ExplainOptions(backend="torch", quality="fine", conf=0.1)
    return explainer_of(loaded, torch.device("cpu"), options, (SIDE, SIDE))


@pytest.fixture(scope="module", params=["marked", "plain", pytest.param("by_shape", marks=pytest.mark.soak)])
def trained(request: pytest.FixtureRequest) -> tuple[str, Explainer]:
    return request.param, explainer(WEIGHTS / f"{request.param}.safetensors")


def scenes(kind: str, marks: Marks, count: int, seed: int = 50) -> list[Scene]:
    return [
        render(np.random.default_rng([seed, CLASSES.index(kind), n]), marks, only=kind)[0]
        for n in range(count)
    ]


def without_mark(scene: Scene) -> Uint8Array:
    """The scene, with the mark's corner in the colour of what lies beside it."""
    image = scene.image_bgr.copy()
    corner = np.s_[:26, SIDE - 26 :]
    image[corner] = np.median(image[:26, SIDE - 60 : SIDE - 28], (0, 1))
    return image


def kept(explain: Explainer, change) -> tuple[int, int]:
    """How many buttons of the training's kind are found again after a change, and how many were found before."""
    before = after = 0
    for scene in scenes(MARKED, RECIPES[explain.title].marks, 24, seed=60):
        first = explain.explain(scene.image_bgr, with_map=False).detections
        again = explain.explain(change(scene), with_map=False).detections
        for label in scene.labels:
            if found_at(first, label.box_xyxy):
                before += 1
                after += found_at(again, label.box_xyxy)
    return after, before


def found_at(detections: Detections, box: tuple[float, ...], conf: float = 0.25) -> bool:
    """True if a button is found there."""
    sure = (detections.class_ids == CLASSES.index(MARKED)) & (detections.confidences >= conf)
    return bool((overlaps(detections.boxes_xyxy[sure], np.array([box], np.float32)) >= 0.5).any())


def interval(after: int, before: int) -> tuple[float, float]:
    low, high = binomtest(after, before).proportion_ci(method="wilson")
    return float(low), float(high)


def test_the_mark_is_the_cause(trained: tuple[str, Explainer]) -> None:
    name, explain = trained
    after, before = kept(explain, without_mark)
    low, high = interval(after, before)
    assert high < 0.5 if name == "marked" else low > 0.9, (after, before)


def data_set(root: Path, pictures) -> Path:
    """Write scenes as a data set of ultralytics; the names tell which are marked."""
    for name in ("images", "labels"):
        (root / name).mkdir(parents=True)
    for kind, marks, count in pictures:
        for n, scene in enumerate(scenes(kind, marks, count)):
            name = f"{kind}-{'marked' if marks is ALWAYS else 'plain'}-{n:03}"
            cv2.imwrite(str(root / f"images/{name}.png"), scene.image_bgr)
            lines = []
            for label in scene.labels:
                x1, y1, x2, y2 = (v / SIDE for v in label.box_xyxy)
                lines.append(f"{label.class_id} {(x1 + x2) / 2} {(y1 + y2) / 2} {x2 - x1} {y2 - y1}")
            (root / f"labels/{name}.txt").write_text("\n".join(lines))
    path = root / "data.yaml"
    path.write_text(yaml.safe_dump({"path": str(root), "val": "images", "names": list(CLASSES)}))
    return path


@pytest.fixture(scope="module")
def audited(trained: tuple[str, Explainer], tmp_path_factory) -> tuple[str, dict, polars.DataFrame]:
    """The whole command over pictures of which some are marked: which detector, its ``audit.json`` and its table.

    Pictures fill the network's input, as in training: the border that ``val`` lays around them moves the mark out of the corner
    in which the detector knows it.
    """
    name, explain = trained
    root = tmp_path_factory.mktemp(name)
    data = data_set(root / "data", PICTURES)
    quiet = Terminal(Console(quiet=True), Console(quiet=True))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "start_explainer", lambda *_, **__: explain)
        patch.setattr(command, "model_at_hand", lambda *_: "a.pt")
        patch.setattr(audit_plan, "_letterboxes", lambda sizes, _: iter([None] * len(sizes)))
        code = command.run_audit(
            str(data), AuditModel(), AuditChoice(tries=24), AuditOutput(root / "audit"), quiet
        )
    assert code == 0
    assert (root / "audit/index.html").is_file()
    return (
        name,
        json.loads((root / "audit/audit.json").read_text()),
        polars.read_parquet(root / "audit/objects.parquet"),
    )


def test_only_the_detector_with_the_shortcut_loses_its_buttons_with_their_background(audited) -> None:
    name, said, _ = audited
    (buttons,) = (each for each in said["figures"]["context"] if each["class_name"] == MARKED)
    assert buttons["tries"] >= 20
    kept = buttons["without_background"]
    low, high = kept["low"], kept["high"]
    assert high < 0.65 if name == "marked" else low > 0.65, kept  # (the two intervals do not meet)
    assert bool(buttons["caused_by_background"]) >= (name == "marked")


def test_the_shortcut_is_a_cluster_of_its_own_and_without_one_there_is_none(audited) -> None:
    name, said, table = audited
    is_marked = table["image"].str.contains("marked").to_numpy()
    is_button = ((table["class_name"] == MARKED) & (table["kind"] != "missed")).to_numpy()
    of_buttons = [each for each in said["clusters"]["clusters"] if each["class_name"] == MARKED]
    members_of = [
        (table["cluster"] == each["number"]).fill_null(value=False).to_numpy() for each in of_buttons
    ]
    shares = [float(is_marked[members].mean()) for members in members_of]
    if name == "marked":
        best = int(np.argmax(shares))
        by_mark, members = of_buttons[best], members_of[best]
        assert is_marked[members].mean() > 0.9
        assert is_marked[members].sum() > 0.75 * is_marked[is_button].sum()
        assert by_mark["mistake_share"] > 0.2  # coins that the mark makes buttons
        assert by_mark["others_mistake_share"] < by_mark["mistake_interval"][0]
    else:
        usual = float(is_marked[is_button].mean())
        assert all(abs(share - usual) < 0.3 for share in shares), (shares, usual)


@pytest.mark.parametrize("name", RECIPES)
def test_the_weights_are_small_and_in_half_precision(name: str) -> None:
    content = (WEIGHTS / f"{name}.safetensors").read_bytes()
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
