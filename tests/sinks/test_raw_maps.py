"""Raw maps in a file: what was seen, unscaled, in the picture's own pixels."""

from dataclasses import replace

import numpy as np
import pytest

from heatcam.errors import SinkError, UsageError
from heatcam.sinks.raw_maps import write_raw_maps
from tests.overlay.scenes import cells_for, explanation

SIZE_WH = (320, 240)


def with_map():
    values = np.linspace(-1, 1, int(np.prod(cells_for(SIZE_WH))), dtype=np.float32).reshape(
        cells_for(SIZE_WH)
    )
    return explanation(SIZE_WH, [(10, 10, 100, 100)], values, ("cat",))


def test_the_map_keeps_its_sign_its_numbers_and_lies_over_the_picture(tmp_path):
    seen = with_map()
    write_raw_maps(tmp_path / "a.npz", replace(seen, object_maps=(seen.saliency,)))
    raw = np.load(tmp_path / "a.npz")
    assert raw["saliency"].shape == (240, 320)
    assert (raw["cells"] == seen.saliency.values).all()
    assert raw["saliency"].min() < 0 < raw["saliency"].max()
    assert raw["object_maps"].shape == (1, 240, 320)
    assert raw["class_names"].tolist() == ["cat"]
    assert (str(raw["method"]), str(raw["unit"])) == ("live", "logits")


def test_without_a_map_the_boxes_are_there(tmp_path):
    write_raw_maps(tmp_path / "a.npz", explanation(SIZE_WH, [(10, 10, 100, 100)], None))
    raw = np.load(tmp_path / "a.npz")
    assert raw["boxes_xyxy"].shape == (1, 4)
    assert "saliency" not in raw


def test_nothing_is_replaced_unasked_and_nothing_half_is_left(tmp_path):
    (tmp_path / "a.npz").write_bytes(b"mine")
    with pytest.raises(UsageError, match="exists already"):
        write_raw_maps(tmp_path / "a.npz", with_map())
    with pytest.raises(SinkError):
        write_raw_maps(tmp_path / "missing" / "a.npz", with_map())
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]
    assert (tmp_path / "a.npz").read_bytes() == b"mine"
