"""Outlines of the places that hold the evidence."""

from dataclasses import replace

import numpy as np
import pytest

from heatcam.errors import ViewError
from heatcam.overlay import OverlayOptions, colour_table
from heatcam.views import regions
from heatcam.views.registry import render_view
from tests.overlay.scenes import lies_in, overlap
from tests.views.scenes import seen

BARE = OverlayOptions(hud=False)


@pytest.fixture
def labels(monkeypatch):
    """Texts on the picture, and the rectangles of labels."""
    texts, places = [], []
    place = regions.place_label
    monkeypatch.setattr(regions, "write", lambda _, text, *__: texts.append(text))
    monkeypatch.setattr(regions, "place_label", lambda *about: places.append(place(*about)) or places[-1])
    return texts, places


def test_each_region_is_outlined_where_it_is_and_the_rest_stays_as_it_was(labels):
    explanation = seen()
    picture, before = render_view("regions", explanation, BARE), explanation.frame.image_bgr
    changed = (picture != before).any(-1)
    assert changed[40:120, 40:100].all()  # in the first box, tinted
    assert not changed[:15, 200:].any()
    hottest = colour_table(BARE.colormap)[255]
    assert (picture[60:220] == hottest).all(-1).sum() > 300  # the outline of the second, which holds most


def test_labels_say_rank_and_share_of_the_evidence(labels):
    texts, places = labels
    render_view("regions", seen())
    assert [text.split(" · ")[0] for text in texts if text[0].isdecimal() and " · " in text] == ["2", "1"]
    shares = [
        int(text.split(" · ")[1].removesuffix(" %"))
        for text in texts
        if text[0].isdecimal() and " · " in text
    ]
    # cells are 16 pixels: 7 by 9 of them with 1 logit, 8 by 11 with 2
    assert shares[1] > 2 * shares[0] > 0
    assert 90 <= sum(shares) <= 100
    assert texts[:2] == [f"2 regions hold {sum(shares)} % of the evidence", "tiny · live map"]
    assert all(lies_in(place, (320, 240)) for place in places)
    assert not overlap(*places)


def test_little_is_not_said_to_be_nothing():
    assert [regions.percent(share) for share in (0.0, 0.004, 0.005, 0.42, 1.0)] == [
        "0 %",
        "<1 %",
        "<1 %",
        "42 %",
        "100 %",
    ]


def test_a_map_without_evidence_has_none():
    explanation = seen()
    nothing = replace(explanation.saliency, values=-np.ones_like(explanation.saliency.values))
    with pytest.raises(ViewError, match="no region of evidence"):
        render_view("regions", replace(explanation, saliency=nothing))
