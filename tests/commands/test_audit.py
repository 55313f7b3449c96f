"""``heatcam audit`` with the embedded model: beside ultralytics' ``val``, stopped and gone on with, and with broken data."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import polars
import pytest
import yaml
from rich.console import Console

from heatcam.audit import AuditStore, TryQuestion
from heatcam.audit.objects import OBJECT_SCHEMA
from heatcam.commands import audit_tries
from heatcam.commands.audit import run_audit
from heatcam.commands.audit_options import AuditChoice, AuditModel, AuditOutput
from heatcam.commands.audit_stages import AuditRun, Stage, run_stages
from heatcam.commands.terminal import Terminal
from heatcam.errors import UsageError
from heatcam.runtime import stopping
from tests.audit.test_documents import check_document

NAMES = {
    0: "chessboard",
    1: "aruco",
    2: "data-matrix",
    3: "qr-code",
    4: "barcode",
    5: "zebra",
}  # in an order of its own
MODEL = AuditModel(model="markers", device="cpu", backend="torch")
NO_TRIES = AuditChoice(tries=0)


def terminal() -> tuple[Terminal, io.StringIO, io.StringIO]:
    results, notes = io.StringIO(), io.StringIO()
    return Terminal(Console(file=results, width=200), Console(file=notes, width=200)), results, notes


def audit(
    data: Path, folder: Path, choice: AuditChoice = NO_TRIES, model: AuditModel = MODEL, **output
) -> tuple[int, str, str]:
    shown, results, notes = terminal()
    code = run_audit(str(data), model, choice, AuditOutput(folder, **output), shown)
    return code, results.getvalue(), notes.getvalue()


def document(folder: Path) -> dict:
    """The document of an audit, which is valid by the schema in the docs."""
    read = json.loads((folder / "audit.json").read_text())
    check_document(read)
    return read


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """Frames of the demo scene in four shapes, with labels that are nearly where the markers are found."""
    import heatcam

    root = tmp_path_factory.mktemp("data")
    model, noise = heatcam.load("markers", backend="torch", conf=0.2), np.random.default_rng(0)
    ids = {name: n for n, name in NAMES.items()}
    (root / "images").mkdir(), (root / "labels").mkdir()
    with heatcam.open_source("demo") as source:
        frames = [frame.image_bgr for frame, _ in zip(source, range(120), strict=False)][::12]
    for n, frame in enumerate(frames):
        wide, tall = [(320, 180), (180, 320), (300, 300), (320, 240)][n % 4]
        image = cv2.resize(
            frame[:, 280:1000] if wide <= tall else frame, (wide, tall), interpolation=cv2.INTER_AREA
        )
        cv2.imwrite(str(root / f"images/{n:02}.png"), image)
        lines = []
        for own in model.explain(image).findings().detections:
            if noise.random() < 0.15:
                continue
            name = "aruco" if noise.random() < 0.1 else own.class_name
            x, y, w, h = _xywh(own.box_normalised)
            w, h = w * noise.normal(1, 0.12), h * noise.normal(1, 0.12)
            lines.append(f"{ids[name]} {x:.6f} {y:.6f} {min(w, 0.999):.6f} {min(h, 0.999):.6f}")
        (root / f"labels/{n:02}.txt").write_text(
            "\n".join([*lines, "3 0.1 0.1 0.1 0.1" * (n == 0), "5 0.5 0.5 0.2 0.2" * (n == 1)])
        )
    (root / "data.yaml").write_text(
        yaml.safe_dump({"path": str(root), "train": "images", "val": "images", "names": NAMES})
    )
    return root / "data.yaml"


def _xywh(box) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = box
    return (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1


@pytest.fixture(scope="module")
def done(data: Path, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "audit"
    code, *_ = audit(data, folder)
    assert code == 0
    return folder


def test_tries_look_at_pictures_as_their_objects_were_found(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the same borders: a picture in which nothing was changed keeps every object, as sure as before."""
    unchanged = [TryQuestion.BACKGROUND_BLURRED]
    monkeypatch.setattr(
        audit_tries, "changed_pictures", lambda image, *_: [(question, image) for question in unchanged]
    )
    assert audit(data, tmp_path / "audit", AuditChoice(tries=30))[0] == 0
    store = AuditStore(tmp_path / "audit" / "audit.sqlite")
    both = store.tries().join(store.table().select("number", found="confidence"), on="number")
    store.close()
    assert len(both) > 10
    assert both["kept"].all()
    assert (both["confidence"] - both["found"]).abs().max() < 1e-4


def val_of(data: Path, tmp_path: Path) -> tuple[float, float]:
    """What ultralytics' own ``val`` says of the same data, with the classes in the model's order."""
    from ultralytics.models.yolo.detect import DetectionValidator

    from heatcam.models import load_model

    model = load_model("markers")
    root = tmp_path / "theirs"
    shutil.copytree(data.parent / "images", root / "images")
    (root / "labels").mkdir()
    ids = {name: n for n, name in model.class_names.items()}
    for file in (data.parent / "labels").glob("*.txt"):
        rows = [line.split() for line in file.read_text().splitlines() if line.strip()]
        own = [
            " ".join([str(ids[NAMES[int(row[0])]]), *row[1:]]) for row in rows if NAMES[int(row[0])] in ids
        ]
        (root / "labels" / file.name).write_text("\n".join(own))
    said = {"path": str(root), "train": "images", "val": "images", "names": model.class_names}
    (root / "data.yaml").write_text(yaml.safe_dump(said))
    settings = {
        "data": str(root / "data.yaml"),
        "imgsz": 320,
        "rect": True,
        "plots": False,
        "workers": 0,
        "device": "cpu",
        "verbose": False,
    }
    validator = DetectionValidator(args=settings, save_dir=tmp_path)
    validator(model=model.network)
    return validator.metrics.box.map50, validator.metrics.box.map


def test_mean_precision_is_that_of_ultralytics_val(data: Path, done: Path, tmp_path: Path) -> None:
    map50, map50_95 = val_of(data, tmp_path)
    ours = document(done)
    assert 0.3 < map50 < 0.98, "neither nothing nor everything is right"
    assert ours["map50"] == pytest.approx(map50, abs=0.005)
    assert ours["map50_95"] == pytest.approx(map50_95, abs=0.005)


def test_document_and_tables_agree(done: Path) -> None:
    said, table = document(done), polars.read_parquet(done / "objects.parquet")
    assert (said["schema"], said["complete"], said["data"]["broken"]) == ("heatcam/audit/1", True, [])
    assert said["data"]["unknown_classes"] == {"zebra": 1}
    assert table.schema == OBJECT_SCHEMA
    assert table["number"].to_list() == list(range(1, len(table) + 1))
    counts = dict(table["kind"].value_counts().iter_rows())
    assert counts == said["kinds"]
    assert counts["true"] + counts["missed"] + counts.get("loose", 0) == said["data"]["labels"]
    missed = table.filter(polars.col("kind") == "missed")
    assert missed["verdict"].drop_nulls().len() > 0
    found = table.filter(polars.col("kind") != "missed")
    assert found["evidence"].null_count() == 0 and found["evidence_against"].min() >= 0
    covering = table.filter(polars.col("covers").is_not_null())
    assert set(covering["covers"]) <= set(missed["number"])
    assert set(covering["kind"]) <= {"class", "location"}


def test_every_object_has_its_parts(done: Path) -> None:
    store = AuditStore(done / "audit.sqlite")
    table = store.table()
    parts = store.parts(table["number"].to_list())
    crop = cv2.imdecode(np.frombuffer(parts.crops_jpeg[0], np.uint8), cv2.IMREAD_COLOR)
    assert max(crop.shape[:2]) <= 320
    found = np.array([kind != "missed" for kind in table["kind"]])
    assert (parts.own[found].reshape(found.sum(), -1).max(1) > 60).all(), (
        "most of the evidence is near the box"
    )
    assert parts.signed.min() < 0 < parts.signed.max()
    store.close()


def test_an_audit_that_is_stopped_keeps_what_it_has_and_goes_on_to_the_same_end(
    data: Path, done: Path, tmp_path: Path, monkeypatch
) -> None:
    from heatcam.saliency import Surveyor

    survey, calls = Surveyor.survey, []

    def interrupted(self, *given):
        calls.append(1)
        if len(calls) == 5:
            stopping.note(2)
            raise KeyboardInterrupt
        return survey(self, *given)

    with monkeypatch.context() as patch:
        patch.setattr(Surveyor, "survey", interrupted)
        code, _, notes = audit(data, tmp_path / "a")
    assert (code, len(calls)) == (130, 5)
    assert "--resume goes on" in notes
    assert document(tmp_path / "a")["complete"] is False
    assert document(tmp_path / "a")["data"]["audited"] == 4
    monkeypatch.setattr(stopping, "_state", stopping._State())
    calls.clear()
    monkeypatch.setattr(Surveyor, "survey", lambda *given: calls.append(1) or survey(*given))
    code, _, notes = audit(data, tmp_path / "a", resume=True)
    assert (code, len(calls)) == (0, 6)
    assert "4 pictures are done already" in notes
    whole, ours = (polars.read_parquet(folder / "objects.parquet") for folder in (done, tmp_path / "a"))
    assert ours.equals(whole)
    assert document(tmp_path / "a")["map50"] == document(done)["map50"]


def test_with_resume_only_pictures_whose_labels_changed_are_done_again(
    data: Path, tmp_path: Path, monkeypatch
) -> None:
    from heatcam.saliency import Surveyor

    shutil.copytree(data.parent, tmp_path / "data")
    own = tmp_path / "data/data.yaml"
    own.write_text(data.read_text().replace(str(data.parent), str(tmp_path / "data")))
    for picture in list((tmp_path / "data/images").iterdir())[4:]:
        picture.unlink()
    audit(own, tmp_path / "a")
    file = next((tmp_path / "data/images").iterdir()).stem
    (tmp_path / f"data/labels/{file}.txt").write_text("")
    survey, names = Surveyor.survey, []
    monkeypatch.setattr(
        Surveyor, "survey", lambda self, frame, box: names.append(frame.name) or survey(self, frame, box)
    )
    assert audit(own, tmp_path / "a", resume=True)[0] == 0
    assert names == [f"images/{file}.png"]
    with pytest.raises(UsageError, match="other settings"):
        audit(own, tmp_path / "a", AuditChoice(match_iou=0.6, tries=0), resume=True)


def test_broken_pictures_and_labels_are_left_out_with_a_note(data: Path, tmp_path: Path) -> None:
    for folder in ("images", "labels"):
        (tmp_path / folder).mkdir()
    for n in range(3):
        shutil.copy(data.parent / f"images/{n:02}.png", tmp_path / "images")
    whole = (tmp_path / "images/00.png").read_bytes()
    (tmp_path / "images/00.png").write_bytes(whole[: len(whole) // 2])  # (its header is there)
    (tmp_path / "images/03.png").write_bytes(b"nothing")
    (tmp_path / "labels/01.txt").write_text("9 1 2 3 4")
    (tmp_path / "labels/02.txt").write_text("3 0.5 0.5 0.5 0.5")
    (tmp_path / "data.yaml").write_text(yaml.safe_dump({"val": "images", "names": NAMES}))
    code, results, notes = audit(tmp_path / "data.yaml", tmp_path / "a")
    assert code == 1
    broken = {each["image"]: each["reason"] for each in document(tmp_path / "a")["data"]["broken"]}
    assert sorted(broken) == [f"images/{n:02}.png" for n in (0, 1, 3)]
    assert all("\n" not in reason for reason in broken.values())
    assert "1 of 4 pictures" in results
    assert notes.count("left out: ") == 3


def test_pictures_without_labels_are_neither_right_nor_wrong(data: Path, tmp_path: Path) -> None:
    code, results, _ = audit(
        data.parent / "images", tmp_path / "a", labels_out=tmp_path / "labels", json=str(tmp_path / "x.json")
    )
    assert code == 0
    said = json.loads((tmp_path / "x.json").read_text())
    assert said == document(tmp_path / "a")
    assert (set(said["kinds"]), said["map50"], said["data"]["labelled"]) == ({"unlabelled"}, None, False)
    assert "mAP" not in results
    assert [path.name for path in (tmp_path / "labels").iterdir()] == ["classes.txt"]


def test_cocos_crowds_count_neither_way(data: Path, tmp_path: Path) -> None:
    image = data.parent / "images/03.png"
    whole = {"image_id": 1, "category_id": 1, "bbox": [0, 0, 320, 240], "iscrowd": 1}
    categories = [{"id": n + 1, "name": name} for n, name in enumerate(("qr-code", "aruco"))]
    (tmp_path / "a.json").write_text(
        json.dumps(
            {"images": [{"id": 1, "file_name": "03.png"}], "categories": categories, "annotations": [whole]}
        )
    )
    audit(tmp_path / "a.json", tmp_path / "a", AuditChoice(images=image.parent, tries=0))
    table = polars.read_parquet(tmp_path / "a/objects.parquet")
    kinds = {(row["class_name"] == "qr-code", row["kind"]) for row in table.iter_rows(named=True)}
    assert kinds == {(True, "ignored"), (False, "background")}


def test_stages_run_in_order_where_they_are_needed_and_what_they_find_is_in_the_document(
    data: Path, tmp_path: Path, monkeypatch
) -> None:
    def cluster(run: AuditRun) -> None:
        run.made["clusters"] = 1
        run.store.put_clusters({1: 4})

    def tell(run: AuditRun) -> None:
        run.documents["clusters"] = {"found": run.made["clusters"], "mAP50": run.head["mAP50"]}
        run.lines.append("one cluster")

    stages = (
        Stage("a", cluster),
        Stage("b", tell),
        Stage("c", lambda _: 1 / 0, lambda run: run.choice.tries > 0),
    )
    monkeypatch.setattr("heatcam.commands.audit.run_stages", lambda run: run_stages(run, stages))
    _, results, _ = audit(data, tmp_path / "a")
    assert json.loads((tmp_path / "a" / "audit.json").read_text())["clusters"]["found"] == 1
    assert "one cluster" in results
    assert polars.read_parquet(tmp_path / "a/objects.parquet")["cluster"].to_list()[:2] == [4, None]


@pytest.mark.parametrize(
    ("choice", "problem"),
    [
        ({"match_iou": 0.1}, "match-iou is 0.1"),
        ({"split": "dev"}, "no split 'dev'"),
        ({"tries": -1}, "tries is -1"),
        ({"against": Path("nowhere")}, "nowhere is no audit"),
    ],
)
def test_what_cannot_be_is_refused(data: Path, tmp_path: Path, choice, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        audit(data, tmp_path / "a", AuditChoice(**choice))
    assert not (tmp_path / "a").exists()


def test_an_audit_that_is_there_is_replaced_only_when_told_so(data: Path, done: Path, tmp_path: Path) -> None:
    shutil.copytree(done, tmp_path / "a")
    with pytest.raises(UsageError, match="--resume to go on with it or --overwrite"):
        audit(data, tmp_path / "a")
    with pytest.raises(UsageError, match="exclude each other"):
        audit(data, tmp_path / "a", resume=True, overwrite=True)
    with pytest.raises(UsageError, match="finds classes"):
        audit(data, tmp_path / "a", model=AuditModel(model="everyday"), overwrite=True)
    assert (tmp_path / "a/audit.json").is_file(), "nothing is removed for an audit that is refused"


def test_a_model_that_knows_none_of_the_classes_is_refused(data: Path, tmp_path: Path) -> None:
    other = tmp_path / "data.yaml"
    other.write_text(
        yaml.safe_dump({"path": str(data.parent), "val": "images", "names": {n: f"x{n}" for n in NAMES}})
    )
    with pytest.raises(UsageError, match="knows none of the data set's classes"):
        audit(other, tmp_path / "a")
