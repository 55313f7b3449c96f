"""Several views in memory: each has a status and a reason."""

import base64

import cv2
import numpy as np
import pytest

from heatcam.errors import UsageError, ViewError
from heatcam.views.registry import VIEWS, render_view
from heatcam.views.rendering import encode_view, render_views
from tests.views.scenes import seen, without_a_map


def test_pictures_come_as_png_of_the_same_pixels():
    made = render_views(["overlay", "grid"], seen())
    assert list(made) == ["overlay", "grid"]
    for name, view in made.items():
        assert (view.status, view.reason) == ("ok", "")
        decoded = cv2.imdecode(np.frombuffer(view.png_bytes, np.uint8), cv2.IMREAD_COLOR)
        assert (decoded == render_view(name, seen())).all()


def test_one_that_cannot_be_made_has_its_reason_and_the_others_come():
    made = render_views(["heatmap", "boxes"], without_a_map())
    assert made["heatmap"].status == "failed"
    assert made["heatmap"].reason == "there is no heat map (no gradient comes to layer 15)"
    assert made["boxes"].status == "ok"


def test_in_json_there_is_either_data_or_a_reason():
    made = render_views(["heatmap", "original"], without_a_map())
    failed, done = (made[name].as_json() for name in ("heatmap", "original"))
    assert failed == {"status": "failed", "reason": made["heatmap"].reason, "mime": None, "data": None}
    assert (done["status"], done["reason"], done["mime"]) == ("ok", None, "image/png")
    assert base64.b64decode(done["data"]) == made["original"].png_bytes


def test_an_unknown_view_is_refused_before_anything_is_drawn():
    with pytest.raises(UsageError, match="no view"):
        render_views(["overlay", "none"], seen())


@pytest.mark.parametrize("error", [MemoryError(), cv2.error("no memory")])
def test_too_little_memory_for_one_view_is_a_reason(error, monkeypatch):
    if isinstance(error, cv2.error):
        error.code = cv2.Error.StsNoMem

    def fails(*_):
        raise error

    monkeypatch.setitem(VIEWS, next(iter(VIEWS)), fails)
    made = render_views(["overlay", "original"], seen())
    assert made["overlay"].reason == "there is not enough memory for it"
    assert made["original"].status == "ok"


def test_other_errors_are_not_hidden(monkeypatch):
    def fails(*_):
        raise cv2.error("a mistake of ours")

    monkeypatch.setitem(VIEWS, next(iter(VIEWS)), fails)
    with pytest.raises(cv2.error):
        render_views(["overlay"], seen())


def test_a_picture_that_png_cannot_hold_is_a_reason():
    assert encode_view(np.zeros((0, 0, 3), np.uint8)).reason == "a picture of 0x0 cannot be encoded"
    assert encode_view(ViewError("so", "do")).reason == "so; do"
