"""An explanation draws, writes and tells itself as the commands do."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from pathlib import Path

import cv2
import jsonschema
import numpy as np
import pytest

from heatcam.enums import ViewName
from heatcam.errors import UsageError, ViewError
from heatcam.face import Explanation
from heatcam.measures import FindingsDocument, findings_of
from heatcam.overlay import OverlayOptions
from heatcam.sinks import read_raw_maps
from heatcam.views import render_view
from tests.face.tiny import with_tiny_facts
from tests.views.scenes import seen, without_a_map

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "docs" / "findings.schema.json").read_text("utf-8"))
WICKED = ("<img src=x onerror=alert(1)>\x1b[2J", 'b"us')


@pytest.fixture
def explanation() -> Explanation:
    return with_tiny_facts(seen())


@pytest.mark.parametrize("view", [view.value for view in ViewName if view is not ViewName.SHEET])
def test_it_renders_every_view_as_the_commands_do(explanation: Explanation, view: str) -> None:
    drawn = explanation.render(view, colormap="viridis")
    expected = render_view(view, seen(), OverlayOptions(colormap=type(OverlayOptions().colormap)("viridis")))
    assert drawn.dtype == np.uint8
    assert np.array_equal(drawn, expected)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"view": "overlai"}, "no view 'overlai'; did you mean 'overlay'"),
        ({"colormap": "viridi"}, "no colour map 'viridi'; did you mean 'viridis'"),
        ({"renorm": "all"}, "no renorm 'all'; there are box"),
        ({"alpha": 2.0}, "alpha is 2"),
    ],
)
def test_what_there_is_not_is_refused(explanation: Explanation, wrong: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        explanation.render(**wrong)


def test_its_findings_are_those_of_the_commands_with_its_place(explanation: Explanation) -> None:
    found = explanation.findings()
    expected = findings_of(seen(), path="folder/street.jpg", frame_index=0, pts_s=0.0)
    assert found == expected
    assert explanation.findings(region_share=0.9).regions != found.regions


def test_its_document_is_of_the_schema_and_holds_the_views(explanation: Explanation) -> None:
    document = json.loads(explanation.to_json(images=("overlay", "original")))
    jsonschema.validate(document, SCHEMA)
    assert FindingsDocument.model_validate(document).model.name == "tiny"
    (image,) = document["images"]
    assert list(image["images"]) == ["overlay", "original"]
    data = np.frombuffer(base64.b64decode(image["images"]["original"]["data"]), np.uint8)
    assert np.array_equal(cv2.imdecode(data, cv2.IMREAD_COLOR), explanation.frame.image_bgr)
    assert json.loads(explanation.to_json()) == json.loads(json.dumps(explanation.to_dict()))
    assert "images" not in explanation.to_dict()["images"][0]
    assert "\n" not in explanation.to_json(indent=None)


def test_a_view_that_cannot_be_made_is_in_the_document_with_its_reason() -> None:
    drawn = with_tiny_facts(without_a_map()).to_dict("heatmap")["images"][0]["images"]["heatmap"]
    assert (drawn["status"], drawn["data"]) == ("failed", None)
    assert "no gradient" in drawn["reason"]


@pytest.mark.parametrize("suffix", [".png", ".bmp"])
def test_it_is_saved_as_a_picture_of_the_view(explanation: Explanation, tmp_path: Path, suffix: str) -> None:
    explanation.save(tmp_path / f"a{suffix}")
    explanation.save(str(tmp_path / f"b{suffix}"), "boxes")
    assert np.array_equal(cv2.imread(str(tmp_path / f"a{suffix}")), explanation.render())
    assert np.array_equal(cv2.imread(str(tmp_path / f"b{suffix}")), explanation.render("boxes"))


def test_it_is_saved_as_document_archive_and_page(explanation: Explanation, tmp_path: Path) -> None:
    for name in ("a.json", "a.npz", "a.pdf"):
        explanation.save(tmp_path / name)
    assert json.loads((tmp_path / "a.json").read_text("utf-8")) == json.loads(explanation.to_json())
    again = read_raw_maps(tmp_path / "a.npz")
    assert np.array_equal(again.saliency.values, explanation.saliency.values)
    assert np.array_equal(render_view("grid", again), explanation.render("grid"))
    media = re.search(rb"/MediaBox \[ ?0 0 ([\d.]+) ([\d.]+)", (tmp_path / "a.pdf").read_bytes())
    assert [round(float(side)) for side in media.groups()] == [595, 842], "A4: the sheet, not the overlay"


def test_nothing_is_written_over_and_nothing_half(explanation: Explanation, tmp_path: Path) -> None:
    for name in ("a.png", "a.json", "a.npz"):
        (tmp_path / name).write_text("mine")
        with pytest.raises(UsageError, match="exists already; choose another name or pass overwrite=True"):
            explanation.save(tmp_path / name)
        assert (tmp_path / name).read_text() == "mine"
        explanation.save(tmp_path / name, overwrite=True)
        assert (tmp_path / name).stat().st_size > 100
    with pytest.raises(UsageError, match="cannot tell the format"):
        explanation.save(tmp_path / "a.txt")
    with pytest.raises(UsageError, match="holds no view"):
        explanation.save(tmp_path / "b.json", "overlay")
    with pytest.raises(ViewError):
        with_tiny_facts(without_a_map()).save(tmp_path / "b.png", "heatmap")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "a.npz", "a.png"]


def test_a_changed_copy_is_one_too(explanation: Explanation) -> None:
    bare = replace(explanation, object_maps=())
    assert isinstance(bare, Explanation)
    assert bare.facts is explanation.facts


def test_everything_says_itself_in_one_line(explanation: Explanation) -> None:
    assert repr(explanation) == (
        "<Explanation folder/street.jpg 320x240: 2 thing; live map of tiny, 2 of single objects>"
    )
    assert repr(explanation.frame) == "<Frame folder/street.jpg 320x240, number 0 at 0.00 s>"
    assert repr(explanation.detections) == "<Detections 2 thing>"
    assert repr(explanation.saliency).startswith("<SaliencyMap ")
    assert repr(with_tiny_facts(without_a_map())).endswith("; no map (no gradient comes to layer 15)>")
    assert repr(with_tiny_facts(seen(0)).detections) == "<Detections nothing detected>"


def test_a_line_stays_short_and_commands_no_terminal() -> None:
    many = repr(with_tiny_facts(seen(40, names=tuple(f"class {n}" for n in range(40)))))
    assert "34 of other classes" in many
    wicked = with_tiny_facts(seen(names=WICKED))
    for one in (wicked, wicked.detections):
        assert "\x1b" not in repr(one)
        assert "\n" not in repr(one)


def test_a_notebook_shows_the_overlay_at_a_size_that_fits() -> None:
    large = with_tiny_facts(seen(size_wh=(3840, 2880)))
    shown = cv2.imdecode(np.frombuffer(large._repr_png_(), np.uint8), cv2.IMREAD_COLOR)
    assert shown.shape == (960, 1280, 3)
    small = with_tiny_facts(seen())
    shown = cv2.imdecode(np.frombuffer(small._repr_png_(), np.uint8), cv2.IMREAD_COLOR)
    assert np.array_equal(shown, small.render())


def test_its_html_has_picture_and_table_and_runs_nothing_of_others() -> None:
    explanation = with_tiny_facts(seen(30, names=WICKED * 15))
    html = explanation._repr_html_()
    assert '<img alt="' in html
    assert html.count("<img") == 1, "a class name is text"
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    assert "\x1b" not in html
    assert html.count("<tr>") == 21
    assert "and 10 more" in html
    data = base64.b64decode(re.search(r"data:image/jpeg;base64,([^\"]+)", html)[1])
    assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).shape == (240, 320, 3)
    assert "(low)" in html
    assert "<table>" not in with_tiny_facts(seen(0))._repr_html_()
