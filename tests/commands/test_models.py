"""``heatcam models``: what there is to choose from, and downloads that are whole, wanted and remembered."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest
from ultralytics.utils import downloads

from heatcam.commands import setup
from heatcam.commands.terminal import Terminal
from heatcam.errors import ModelError
from heatcam.models import official
from tests.commands.programs import heatcam


def checkpoint_bytes(filling: int = 0) -> bytes:
    """An archive as long as a small checkpoint."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("model/data.pkl", bytes([filling]) * 200_000)
    return made.getvalue()


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEATCAM_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """What is published, by name; filled by the tests."""
    published: dict[str, bytes] = {}

    def fetch(url: str, file: Path, **_: object) -> None:
        Path(file).write_bytes(published[url.rpartition("/")[2]])

    monkeypatch.setattr(downloads, "safe_download", fetch)
    return published


def test_every_name_that_is_offered_is_published() -> None:
    assert set(official.NAMES) <= set(downloads.GITHUB_ASSETS_NAMES)
    assert len(set(official.NAMES)) == len(official.NAMES)


def test_they_come_from_where_ultralytics_itself_takes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Newer weights are in another of its releases than its pictures and fonts."""
    asked: list[str] = []
    monkeypatch.setattr(downloads, "safe_download", lambda url, **_: asked.append(url))
    downloads.attempt_download_asset("yolo26n.pt")
    assert asked == [official.asset_url("yolo26n.pt")]


@pytest.mark.parametrize(
    "name",
    [
        "yolo11n-seg",
        "yolo26x-pose.pt",
        "yolov8m-obb",
        "yolo11s-cls",
        "yolov8s-world",
        "yolov10n",
        "rtdetr-l",
        "yoloe-11s-seg",
    ],
)
def test_published_weights_of_every_explained_kind_are_known(name: str) -> None:
    assert official.official_name(name) == f"{name.removesuffix('.pt')}.pt"
    assert official.is_missing(name)


def test_the_list_names_embedded_downloaded_and_the_folders_own_models(tmp_path: Path) -> None:
    (tmp_path / "mine.PT").write_bytes(bytes(2_500_000))
    (tmp_path / "cache" / "models").mkdir(parents=True)
    (tmp_path / "cache" / "models" / "yolo11n.pt").write_bytes(b"x")
    result = heatcam("models")
    lines = {line.split()[0]: " ".join(line.split()[1:]) for line in result.stdout.splitlines()}
    assert lines["markers"].startswith("embedded")
    assert lines["mine.PT"] == "this folder 2.5 MB"
    assert lines["yolo11n.pt"].startswith("downloaded")
    assert "heatcam models download NAME" in result.stderr
    rows = json.loads(heatcam("models", "--json", "-").stdout)["models"]
    assert {"name": "rtdetr-l.pt", "where": "published"} in rows
    assert [row["size_bytes"] for row in rows if row["name"] == "mine.PT"] == [2_500_000]


def test_a_download_by_name_is_there_afterwards(server: dict[str, bytes]) -> None:
    server["yolo11n-seg.pt"] = checkpoint_bytes()
    heatcam("models", "download", "yolo11n-seg")
    assert official.downloaded_path("yolo11n-seg.pt").read_bytes() == checkpoint_bytes()


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-40], lambda data: b"<html>", lambda data: data[:5000] + b"!" + data[5001:]]
)
def test_a_damaged_download_is_refused_and_what_was_there_stays(server: dict[str, bytes], damage) -> None:
    server["yolo11n.pt"] = checkpoint_bytes()
    official.download("yolo11n.pt")
    server["yolo11n.pt"] = damage(checkpoint_bytes(1))
    with pytest.raises(ModelError, match="is damaged; try again"):
        official.download("yolo11n.pt")
    assert official.downloaded_path("yolo11n.pt").read_bytes() == checkpoint_bytes()
    assert sorted(p.name for p in official.downloaded_path("").iterdir()) == ["sha256.json", "yolo11n.pt"]


def test_a_file_that_has_changed_is_said_until_it_is_downloaded_anew(server: dict[str, bytes]) -> None:
    server["yolo11n.pt"] = checkpoint_bytes()
    path = official.download("yolo11n.pt")
    assert official.change_of("yolo11n.pt") == ""
    path.write_bytes(checkpoint_bytes(1))
    for _ in range(2):
        assert "has changed since it was first used" in official.change_of("yolo11n.pt")
    official.download("yolo11n.pt")
    assert official.change_of("yolo11n.pt") == ""


def test_the_first_use_of_a_file_is_remembered(server: dict[str, bytes]) -> None:
    path = official.downloaded_path("yolo11n.pt")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"put here by hand")
    assert official.change_of("yolo11n.pt") == ""
    path.write_bytes(b"another")
    assert "has changed" in official.change_of("yolo11n.pt")


def test_with_yes_nobody_is_asked(server: dict[str, bytes]) -> None:
    server["yolo11n.pt"] = checkpoint_bytes()
    setup.offer_download("yolo11n", Terminal())
    assert official.is_missing("yolo11n")
    setup.offer_download("yolo11n", Terminal(says_yes=True))
    assert not official.is_missing("yolo11n")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("yolo11n", "for example: heatcam models download yolo11n.pt"),
        ("download", "for example: heatcam models download NAME"),
        ("download yolo11n-sag", "did you mean 'yolo11n-seg'"),
    ],
)
def test_words_that_mean_nothing_are_one_line(words: str, says: str) -> None:
    (line,) = heatcam("models", *words.split(), exit_code=2).stderr.splitlines()
    assert says in line
