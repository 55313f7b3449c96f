"""Networks that read four or more channels: the boxes of ultralytics' ``predict`` on the same file, through ``heatcam``."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
import torch
from ultralytics import YOLO

import heatcam
from heatcam.engine.preprocessing import samples_tensor
from heatcam.errors import UsageError
from heatcam.geometry import Letterbox
from heatcam.samples import Samples
from tests.channels import many, network_file
from tests.commands.programs import heatcam as run

CONF = 0.3
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> str:
    return network_file(tmp_path_factory.mktemp("four"), 4)


def pages(path: Path, channels: int = 4, times: int = 1) -> Path:
    values = np.moveaxis(many(channels), -1, 0)
    tifffile.imwrite(
        path, values if times == 1 else values.astype(np.uint16) * times, photometric="minisblack"
    )
    return path


def found_by_snapshot(model: str, picture: Path, *more: str) -> tuple[np.ndarray, np.ndarray]:
    """Confidences and boxes, strongest first."""
    target = picture.with_suffix(".png")
    result = run(
        "snapshot", picture, "-m", model, "--conf", CONF, "-o", target, "--overwrite", "--json", "-", *more
    )
    found = json.loads(result.stdout)["images"][0]["detections"]
    return np.array([d["confidence"] for d in found]), np.array([d["box_xyxy"] for d in found])


def test_snapshot_finds_what_ultralytics_finds_in_the_pages_of_a_tiff(four: str, tmp_path: Path) -> None:
    picture = pages(tmp_path / "pages.tif")
    expected = YOLO(four).predict(str(picture), imgsz=128, conf=CONF, iou=0.7, verbose=False)[0].boxes
    confidences, boxes = found_by_snapshot(four, picture)
    assert len(confidences) == len(expected) > 3
    assert np.allclose(confidences, expected.conf.numpy(), atol=1e-4)
    assert np.allclose(boxes, expected.xyxy.numpy(), atol=0.5)


@pytest.mark.parametrize("kind", ["rgb and near infrared", "npy"])
def test_other_files_of_four_channels_are_read_in_ultralytics_order(
    kind: str, four: str, tmp_path: Path
) -> None:
    """Of a colour TIFF with a fourth sample it reads blue, green, red and the fourth."""
    values = many(4)
    if kind == "npy":
        np.save(tmp_path / "a.npy", values)
        expected = YOLO(four).predict(values, imgsz=128, conf=CONF, iou=0.7, verbose=False)[0].boxes
        picture = tmp_path / "a.npy"
    else:
        picture = tmp_path / "a.tif"
        tifffile.imwrite(picture, values, photometric="rgb", extrasamples=["unspecified"])
        expected = YOLO(four).predict(str(picture), imgsz=128, conf=CONF, iou=0.7, verbose=False)[0].boxes
    explanation = heatcam.load(four, conf=CONF).explain(picture)
    assert len(explanation.detections) == len(expected) > 3
    assert np.allclose(explanation.detections.confidences, expected.conf.numpy(), atol=1e-4)
    assert explanation.map_error == ""


def test_sixteen_bits_that_are_eight_bits_find_the_same_up_to_the_rounding_of_the_resized(
    four: str, tmp_path: Path
) -> None:
    """ultralytics cuts them to the high byte: 257 times as much is the same share of the full scale."""
    picture = pages(tmp_path / "pages.tif", times=257)
    expected = YOLO(four).predict(str(picture), imgsz=128, conf=CONF, iou=0.7, verbose=False)[0].boxes
    confidences, _ = found_by_snapshot(four, picture)
    assert len(confidences) == len(expected)
    assert np.allclose(confidences, expected.conf.numpy(), atol=0.01)


def test_two_pictures_that_are_equal_in_their_high_byte_are_two_inputs(four: str) -> None:
    high = many(4).astype(np.uint16) << 8
    explainer = heatcam.load(four, conf=CONF).explainer
    one, other = (explainer.prepare(Samples(values, 65535))[1] for values in (high, high | 200))
    assert one.dtype == torch.float32
    assert one.shape[1] == 4
    assert 0 <= one.min() < one.max() <= 1
    assert 0.5 * 200 / 65535 < float((other - one).abs().max()) < 2 * 200 / 65535


def test_what_is_shown_changes_nothing_that_is_found(four: str, tmp_path: Path) -> None:
    picture = pages(tmp_path / "pages.tif", times=100)
    one = found_by_snapshot(four, picture)
    other = found_by_snapshot(four, picture, "--view-channels", "4,3,2", "--window", "0,9000")
    assert all(map(np.array_equal, one, other))


@pytest.mark.parametrize("channels", [3, 5])
def test_another_number_of_channels_is_one_line_with_both_numbers(
    channels: int, four: str, tmp_path: Path
) -> None:
    result = run(
        "snapshot", pages(tmp_path / "a.tif", channels), "-m", four, "-o", tmp_path / "b.png", exit_code=2
    )
    assert f"{channels} channels, and the model reads 4" in result.stderr
    assert "give snapshot, record or live a TIFF of 4 pages" in result.stderr


def test_a_colour_photograph_a_camera_and_the_demo_are_refused_likewise(four: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the picture has 3 channels, and the model reads 4"):
        heatcam.load(four).explainer.explain(many(3))
    result = run(
        "record",
        "demo",
        "--max-frames",
        2,
        "--backend",
        "torch",
        "-m",
        four,
        "-o",
        tmp_path / "a.mp4",
        exit_code=2,
    )
    assert "demo has 3 channels, and the model reads 4" in result.stderr


def test_arrays_of_the_networks_channels_are_explained_in_python(four: str) -> None:
    model = heatcam.load(four, conf=CONF)
    eight, sixteen = (
        model.explain(many(4).astype(kind) * kind(times)) for kind, times in ((np.uint8, 1), (np.uint16, 257))
    )
    assert len(eight.detections) == len(sixteen.detections) > 3
    assert eight.frame.image_bgr.shape == (270, 202, 3)


def test_eight_bit_colours_as_samples_are_the_same_input_to_the_bit() -> None:
    """So that what is shown of an ordinary picture can be chosen."""
    from heatcam.engine.preprocessing import picture_tensor

    rgb = many(3)
    letterbox = Letterbox.fit((202, 270), 128)
    as_ever = picture_tensor(letterbox.image_to_model(np.ascontiguousarray(rgb[..., ::-1])), CPU)
    assert torch.equal(samples_tensor(letterbox.image_to_model(rgb), 255, CPU), as_ever)


def test_records_pages_of_a_folder_as_channels(four: str, tmp_path: Path) -> None:
    (tmp_path / "many").mkdir()
    for n in range(3):
        pages(tmp_path / "many" / f"{n}.tif")
    result = run(
        "record", tmp_path / "many", "--backend", "torch", "-m", four, "-o", tmp_path / "a.gif", "--json", "-"
    )
    assert json.loads(result.stdout)["frames_written"] == 3
    assert "shows channels 1, 2, 3 of 4" in result.stderr


def test_each_object_tells_its_evidence_by_channel_and_the_picture_has_a_bar_below(
    four: str, tmp_path: Path
) -> None:
    picture, target = pages(tmp_path / "a.tif"), tmp_path / "b.png"
    result = run("snapshot", picture, "-m", four, "--conf", CONF, "-o", target, "--json", "-")
    found = json.loads(result.stdout)["images"][0]["detections"][0]["evidence_by_channel"]
    assert [own["channel"] for own in found] == [1, 2, 3, 4]
    assert sum(abs(own["share"]) for own in found) == pytest.approx(1, abs=1e-3)
    assert all(own["evidence"] * own["share"] >= 0 for own in found)
    assert cv2.imread(str(target)).shape[0] > many(4).shape[0]
    without = run(
        "snapshot", picture, "-m", four, "-o", target, "--overwrite", "--json", "-", "--no-channel-evidence"
    )
    assert "evidence_by_channel" not in json.loads(without.stdout)["images"][0]["detections"][0]
    assert cv2.imread(str(target)).shape[0] == many(4).shape[0]
