"""Choosing a model: what is said, and that nothing is fetched without a yes."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from rich.console import Console

from heatcam.commands import setup
from heatcam.commands.options import LookOptions, ModelChoice, MotionOptions
from heatcam.commands.terminal import Terminal
from heatcam.enums import Renorm
from heatcam.errors import ModelError
from heatcam.frames import Explanation
from heatcam.geometry import Uint8Array
from heatcam.models import official
from heatcam.overlay import OverlayOptions, draw
from heatcam.pipeline import Run
from tests.commands.programs import heatcam
from tests.smoothing.streams import seen, spot


@pytest.fixture
def asked() -> list[str]:
    return []


def terminal(asked: list[str], answer: bool | None) -> Terminal:
    """A terminal at which somebody answers, or nobody sits."""

    def confirm(question: str) -> bool:
        asked.append(question)
        return bool(answer)

    memory = Console(file=io.StringIO())
    return Terminal(memory, memory, confirm if answer is not None else None)


@pytest.fixture(autouse=True)
def nothing_is_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEATCAM_CACHE_DIR", str(tmp_path / "cache"))


def refuse_to_fetch(name: str) -> Path:
    raise AssertionError(f"{name} was fetched")


def test_nobody_to_ask_means_no_download(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(official, "download", refuse_to_fetch)
    with pytest.raises(ModelError, match=r"yolo26n\.pt is not here and heatcam downloads nothing unasked"):
        setup.start_explainer(ModelChoice(model="yolo26n.pt"), terminal(asked, None))
    assert asked == []


def test_a_no_means_no_download(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(official, "download", refuse_to_fetch)
    with pytest.raises(ModelError, match="downloads nothing unasked"):
        setup.start_explainer(ModelChoice(model="yolo26n.pt"), terminal(asked, False))
    assert len(asked) == 1
    assert "Download it from Ultralytics" in asked[0]


def test_a_yes_fetches_once_into_the_cache(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    fetched = []
    monkeypatch.setattr(official, "download", fetched.append)
    with pytest.raises(ModelError):  # the fake brings nothing
        setup.start_explainer(ModelChoice(model="yolo26n.pt"), terminal(asked, True))
    assert fetched == ["yolo26n.pt"]


def test_a_download_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ultralytics.utils import downloads

    def broken(url: str, file: Path, **_: object) -> None:
        Path(file).write_bytes(b"half")
        raise ConnectionError("no network")

    monkeypatch.setattr(downloads, "safe_download", broken)
    with pytest.raises(ModelError, match=r"yolo26n\.pt could not be downloaded: no network"):
        official.download("yolo26n.pt")
    assert not [p for p in (tmp_path / "cache").rglob("*") if p.is_file()]


@pytest.mark.parametrize(
    "name", ["best.pt", "yolo26n-sem.pt", "sub/yolo26n.pt", "yolo11q.pt", "https://x/yolo11n.pt", "sam_b.pt"]
)
def test_only_published_weights_that_can_be_explained_are_ever_offered(name: str) -> None:
    assert not official.is_missing(name)


def test_the_model_and_its_device_are_said_in_one_line(asked: list[str]) -> None:
    spoken = terminal(asked, None)
    explainer = setup.start_explainer(
        ModelChoice(model="markers", device="cpu", imgsz=160, backend="torch"), spoken
    )
    text = spoken.notes.file.getvalue()
    assert "model markers on cpu (torch), 160 px, method live" in " ".join(text.split())
    assert explainer.imgsz == 160


def test_the_size_to_come_is_the_files_own_and_a_likely_one_for_what_tells_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (320, 240))
    writer.write(np.zeros((240, 320, 3), np.uint8))
    writer.release()
    assert setup.size_to_come(str(path)) == (320, 240)
    assert setup.size_to_come("demo") == (1280, 720)
    cv2.imwrite(str(tmp_path / "photo.png"), np.zeros((50, 60, 3), np.uint8))
    assert setup.size_to_come(str(tmp_path / "photo.png")) in {(60, 50), setup.LIKELY_SIZE_WH}
    assert setup.size_to_come("0") == setup.LIKELY_SIZE_WH  # not opened: there is no camera here


def stream() -> list[Explanation]:
    """Evidence that comes and goes by a third from frame to frame."""
    return [seen(np.float32(1 - n % 2 / 3) * (spot(28, 30) + 0.2), n=n) for n in range(4)]


def painted(smooth: float, frames: list[Explanation]) -> list[Uint8Array]:
    paint = setup.painter(LookOptions(), None, smooth)
    return [paint(one, Run()) for one in frames]


def test_the_heat_of_a_video_is_scaled_in_the_regions_of_the_share_that_is_asked_for() -> None:
    look, one = LookOptions(Renorm.REGION, boxes=False, hud=False), seen(spot(28, 30) + np.float32(0.2))
    few, many = (setup.painter(look, region_share=share)(one, Run()) for share in (0.2, 0.9))
    plain = one.frame.image_bgr
    assert 0 < (few != plain).any(2).mean() < 0.7 * (many != plain).any(2).mean()


def test_without_smoothing_each_picture_is_exactly_what_it_is_alone() -> None:
    alone = [draw(one, OverlayOptions()) for one in stream()]
    for picture, own in zip(painted(0.0, stream()), alone, strict=True):
        np.testing.assert_array_equal(picture, own)


def test_with_smoothing_pictures_follow_one_another_and_each_run_begins_anew() -> None:
    first, *later = painted(MotionOptions().smooth, stream())
    alone = [draw(one, OverlayOptions()) for one in stream()]
    np.testing.assert_array_equal(first, alone[0])
    assert all((picture != own).any() for picture, own in zip(later, alone[1:], strict=True))
    np.testing.assert_array_equal(painted(MotionOptions().smooth, stream())[0], alone[0])


def test_switched_off_and_on_again_the_heat_begins_anew() -> None:
    frames = stream()
    frames[2] = seen(None, n=2)
    shown = painted(MotionOptions().smooth, frames)
    np.testing.assert_array_equal(shown[3], draw(frames[3], OverlayOptions()))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["snapshot", "a.jpg", "--method", "gradcan"], "'gradcan' is not one of 'live'"),
        (["record", "a.mp4", "--fps", "0"], "greater than or equal to 0.1"),
        (["live", "--every", "many"], "--every"),
    ],
)
def test_a_value_that_an_option_does_not_take_is_one_line(words: list[str], says: str) -> None:
    result = heatcam(*words, exit_code=2)
    assert len(result.stderr.strip().splitlines()) == 1
    assert result.stderr.startswith("heatcam: ")
    assert says in result.stderr
    assert f"`heatcam {words[0]} --help`" in result.stderr
