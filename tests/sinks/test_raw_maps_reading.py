"""Archives read back: what was written comes back, and what others have written is refused in one line."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import fields, replace

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heatcam.errors import UnreadableInputError
from heatcam.frames import Question, Timings
from heatcam.geometry import CentreCrop, CropStyle
from heatcam.overlay import OverlayOptions, draw
from heatcam.sinks import raw_maps_reading
from heatcam.sinks.raw_maps import write_raw_maps
from heatcam.sinks.raw_maps_reading import read_raw_maps
from tests.views.scenes import asked_for_a_truck, seen, without_a_map


def with_everything():
    explanation = asked_for_a_truck()
    return replace(
        explanation,
        frame=replace(explanation.frame, name="caf\udce9/street.jpg", frame_index=7, pts_s=0.25),
        detections=replace(
            explanation.detections,
            levels=np.array([0, 2]),
            track_ids=np.array([3, 0]),
            class_names=("bus", "日本\n"),
        ),
        saliency=replace(explanation.saliency, full_heat=1.5),
        timings=Timings(1.0, 2.0, 3.0),
    )


def with_shapes():
    explanation = seen()
    ring = np.float32([[20, 20], [90, 20], [90, 90.5]])
    shapes = {
        "mask_polygons": ((ring, ring[::-1] / 2), ()),
        "keypoints": np.full((2, 17, 3), 0.5, np.float32),
        "rotated_xywhr": np.float32([[60, 60, 20, 40, 0.3], [200, 100, 40, 40, -1]]),
    }
    return replace(explanation, detections=replace(explanation.detections, **shapes))


def of_a_classifier():
    explanation = seen(1)
    crop = CentreCrop.cut((320, 240), 224, style=CropStyle(0.875, bicubic=True))
    maps = [
        replace(own, letterbox=crop, unit="a.u.") for own in (explanation.saliency, *explanation.object_maps)
    ]
    return replace(explanation, saliency=maps[0], object_maps=tuple(maps[1:]), question=Question("the box"))


def by_trial():
    explanation = seen()
    maps = [
        replace(own, method="true", layer="output", unit="score", trials=64, deviation=np.abs(own.values) / 3)
        for own in (explanation.saliency, *explanation.object_maps)
    ]
    return replace(explanation, saliency=maps[0], object_maps=tuple(maps[1:]))


def same(one, other):
    """Whether two records are equal, arrays, dtypes and records in them included."""
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and one.dtype == other.dtype and np.array_equal(one, other)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if hasattr(one, "__dataclass_fields__"):
        return type(one) is type(other) and all(
            same(getattr(one, f.name), getattr(other, f.name)) for f in fields(one)
        )
    return one == other


@pytest.mark.parametrize(
    "explanation",
    [with_everything(), with_shapes(), of_a_classifier(), by_trial(), without_a_map(), seen(0)],
    ids=["everything", "shapes", "classifier", "by trial", "no map", "nothing"],
)
def test_what_was_written_comes_back(explanation, tmp_path):
    write_raw_maps(tmp_path / "a.npz", explanation)
    assert same(read_raw_maps(tmp_path / "a.npz"), explanation)


def test_it_is_drawn_again_byte_for_byte(tmp_path):
    explanation = with_everything()
    write_raw_maps(tmp_path / "a.npz", explanation)
    assert (
        draw(read_raw_maps(tmp_path / "a.npz"), OverlayOptions()) == draw(explanation, OverlayOptions())
    ).all()


def parts_of(path):
    with np.load(path) as archive:
        return dict(archive)


def refused(path, **changed):
    """The line that refuses an archive in which these parts are changed; None takes one out."""
    parts = {name: value for name, value in (parts_of(path) | changed).items() if value is not None}
    np.savez(path, **parts)
    with pytest.raises(UnreadableInputError) as caught:
        read_raw_maps(path)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2
    return str(caught.value)


@pytest.fixture
def archive(tmp_path):
    write_raw_maps(tmp_path / "a.npz", seen())
    return tmp_path / "a.npz"


def test_one_of_an_earlier_version_says_how_to_get_a_picture_into_it(archive):
    assert "of an earlier version, which had no picture in it; write it again" in refused(
        archive, archive_version=None, picture=None, about=None
    )


def test_one_of_a_later_version_says_to_update(archive):
    assert "newer heatcam; update heatcam" in refused(archive, archive_version=np.array(3))


def test_other_archives_and_other_files_are_told_apart(tmp_path):
    np.savez(tmp_path / "other.npz", weights=np.zeros(3))
    (tmp_path / "text.npz").write_text("hello")
    for name, said in {
        "other.npz": "holds no explanation",
        "text.npz": "no NumPy",
        "no.npz": "does not exist",
    }.items():
        with pytest.raises(UnreadableInputError, match=said):
            read_raw_maps(tmp_path / name)


def test_nothing_is_unpickled(archive):
    class Bomb:
        def __reduce__(self):
            return (pytest.fail, ("it was unpickled",))

    assert "boxes_xyxy cannot be read" in refused(archive, boxes_xyxy=np.array([Bomb()], object))


def about(path, **changed):
    data = json.loads(str(parts_of(path)["about"]))
    for key, value in changed.items():
        *way, last = key.split("__")
        place = data
        for step in way:
            place = place[int(step)] if step.isdecimal() else place[step]
        place[last] = value
    return np.array(json.dumps(data))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"saliency__letterbox__image_wh": [10, 10]}, "letterbox does not fit"),
        ({"saliency__letterbox__model_wh": [60_000, 60_000]}, "letterbox does not fit"),
        ({"saliency__letterbox__pad_left": 5000}, "letterbox does not fit"),
        ({"saliency__letterbox__resized_wh": [0, 5]}, "no size"),
        ({"saliency__letterbox__pad_top": 1.5}, "no whole number"),
        ({"saliency__letterbox": None}, "another form"),
        ({"saliency__full_heat": -1}, "full_heat"),
        ({"saliency__full_heat": float("nan")}, "no number"),
        ({"saliency__method": "x\x1b[31m"}, "method is no name"),
        ({"saliency__unit": "u" * 300}, "unit is no name"),
        ({"object_maps": []}, ""),
        ({"object_maps": [1]}, "another form"),
        ({"object_maps": 5}, "no list"),
        ({"model": 5}, "no text"),
        ({"timings__map_ms": True}, "no number"),
        ({"frame__frame_index": 2**40}, "no whole number"),
        ({"frame": []}, "another form"),
    ],
    ids=str,
)
def test_facts_that_do_not_fit_are_refused(archive, changed, said):
    text = about(archive, **changed)
    if not said:  # maps that nobody describes are left alone
        np.savez(archive, **parts_of(archive) | {"about": text})
        assert read_raw_maps(archive).object_maps == ()
        return
    assert said in refused(archive, about=text)


@pytest.mark.parametrize(
    "text", ["{", "[]", "[" * 100_000, '{"frame": 1e999999}'], ids=["cut", "list", "deep", "huge"]
)
def test_facts_that_are_no_json_object_are_refused(archive, text):
    assert "is damaged" in refused(archive, about=np.array(text))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"boxes_xyxy": np.full((2, 4), 400, np.float32)}, "do not lie in the picture"),
        ({"boxes_xyxy": np.full((2, 4), 1e30, np.float32)}, "boxes_xyxy has numbers that are none"),
        ({"boxes_xyxy": np.full((2, 4), np.nan, np.float32)}, "boxes_xyxy has numbers that are none"),
        ({"boxes_xyxy": np.zeros((2, 5), np.float32)}, r"boxes_xyxy has the shape (2, 5)"),
        ({"confidences": np.zeros((), np.float32)}, "confidences has the shape ()"),
        ({"boxes_xyxy": np.zeros((3, 4), np.float32)}, "belong together"),
        ({"confidences": np.float32([2, 0.5])}, "between 0 and 1"),
        ({"confidences": None}, "it has no confidences"),
        ({"class_names": np.array(["a"])}, "belong together"),
        ({"class_names": np.array([1, 2])}, "class_names cannot be read"),
        ({"track_ids": np.zeros(5, np.int64)}, "belong together"),
        ({"low_evidence": np.zeros(5, bool)}, "low_evidence"),
        ({"cells": np.zeros((0, 5), np.float32)}, "cells is no map"),
        ({"cells": np.full((5, 5), np.inf, np.float32)}, "cells is no map"),
        ({"cells": np.zeros((5, 5), np.complex64)}, "cells cannot be read"),
        ({"cells": np.zeros((1, 1 << 23), np.float32)}, "cells is no map"),
        ({"object_cells": np.zeros((1, 5, 5), np.float32)}, "do not belong to its boxes"),
        ({"deviation": np.zeros((1, 1), np.float32)}, "deviation does not belong to its maps"),
        ({"object_deviations": np.full((2, 5, 5), np.nan, np.float32)}, "object_deviations is no map"),
        ({"picture": np.zeros(100, np.uint8)}, "no PNG"),
        ({"picture": None}, "it has no picture"),
    ],
    ids=str,
)
def test_arrays_that_do_not_fit_are_refused(archive, changed, said):
    assert said in refused(archive, **changed)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"mask_polygons": np.zeros((5, 2), np.float32)}, "mask_polygons: points and their numbers"),
        ({"mask_polygons_counts": np.array([1, 0])}, "mask_polygons: points and their numbers"),
        ({"mask_polygons_counts": None}, "it has no mask_polygons_counts"),
        ({"mask_polygons": np.full((6, 2), np.nan, np.float32)}, "mask_polygons has numbers that are none"),
        ({"keypoints": np.zeros((2, 17, 2), np.float32)}, "keypoints has the shape"),
        ({"rotated_xywhr": np.zeros((2, 4), np.float32)}, "rotated_xywhr has the shape"),
        ({"rotated_xywhr": np.zeros((1, 5), np.float32)}, "belong together"),
    ],
    ids=str,
)
def test_shapes_that_do_not_fit_are_refused(archive, changed, said):
    write_raw_maps(archive, with_shapes(), overwrite=True)
    assert said in refused(archive, **changed)


def png(image):
    return cv2.imencode(".png", image)[1]


@pytest.mark.parametrize(
    "picture",
    [
        png(np.zeros((240, 320), np.uint8)),
        png(np.zeros((240, 320, 3), np.uint16)),
        png(np.zeros((240, 320, 3), np.uint8))[:200],
    ],
    ids=["grey", "16 bits", "cut"],
)
def test_other_pictures_are_refused(archive, picture):
    assert "is damaged: picture" in refused(archive, picture=picture)


def test_a_picture_is_not_decoded_before_its_size_is_looked_at(archive, monkeypatch):
    bomb = png(np.zeros((240, 320, 3), np.uint8)).copy()
    bomb[16:24] = np.frombuffer((60_000).to_bytes(4, "big") * 2, np.uint8)
    monkeypatch.setattr(raw_maps_reading.cv2, "imdecode", lambda *_: pytest.fail("it was decoded"))
    assert "60000x60000 pixels" in refused(archive, picture=bomb)


def with_part(path, name, data, kind=zipfile.ZIP_DEFLATED):
    """Put another part into an archive, as bytes."""
    parts = {key: value for key, value in parts_of(path).items() if key != name}
    np.savez(path, **parts)
    with zipfile.ZipFile(path, "a", kind) as archive:
        archive.writestr(f"{name}.npy", data)


def npy(shape, dtype="<f4", body=b""):
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": dtype, "fortran_order": False, "shape": shape})
    return buffer.getvalue() + body


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (npy((100_000, 100_000)), "said to have 40,000,000,000 bytes"),
        (npy((10, 10)), "cut off"),
        (npy((1, 1), body=b"12345678"), "more bytes than its shape"),
        (npy((-1, -4)), "negative"),
        (b"\x93NUMPY\x07\x00rest", "format"),
        (b"\x93NUMPY\x01\x00\x76\x00" + b"(" * 118, "cannot be read"),
        (b"", "cannot be read"),
    ],
    ids=["huge", "short", "long", "negative", "version", "nested", "empty"],
)
def test_an_array_that_declares_what_it_does_not_hold_is_refused(archive, data, said):
    with_part(archive, "cells", data)
    with pytest.raises(UnreadableInputError, match=said):
        read_raw_maps(archive)


def test_a_part_that_unpacks_to_gigabytes_is_not_unpacked(archive):
    """The reader stops at what the header declares, however much follows."""
    with_part(archive, "cells", npy((4, 4), body=bytes(64 + 50_000_000)))
    with pytest.raises(UnreadableInputError, match="more bytes than its shape"):
        read_raw_maps(archive)


def test_a_long_list_of_contents_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        for number in range(9000):
            archive.writestr(f"{number:0100}.npy", b"")
    with pytest.raises(UnreadableInputError, match="no NumPy archive"):
        read_raw_maps(tmp_path / "a.npz")


@given(data=st.data())
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_bytes_are_refused_in_one_line_or_do_no_harm(archive, data):
    whole = archive.read_bytes()
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.just(len(whole)), st.integers(0, len(whole))))
    other = archive.with_name("damaged.npz")
    other.write_bytes(damaged[:cut])
    try:
        explanation = read_raw_maps(other)
    except UnreadableInputError as error:
        assert "\n" not in str(error)
    else:
        assert draw(explanation, OverlayOptions()).shape == explanation.frame.image_bgr.shape
