"""The same picture in every form is the same frame; what is no picture is told with what to give."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from heatcam.errors import UnreadableInputError, UsageError
from heatcam.face.inputs import frame_of
from heatcam.frames import Frame
from tests.face.tiny import red_model

BGR = np.random.default_rng(5).integers(0, 256, (40, 60, 3), np.uint8)
RGB = BGR[..., ::-1]
ALPHA = np.dstack([BGR, np.full((40, 60), 255, np.uint8)])
CHW = torch.from_numpy(RGB.copy()).permute(2, 0, 1)
FORMS = {
    "numpy": BGR,
    "numpy BGRA": ALPHA,
    "numpy with strides": np.asfortranarray(BGR),
    "pillow": Image.fromarray(RGB),
    "pillow RGBA": Image.fromarray(ALPHA[..., [2, 1, 0, 3]]),
    "torch uint8": CHW,
    "torch batch of one": CHW[None],
    "torch float": CHW.float() / 255,
    "torch double with gradient": (CHW.double() / 255).requires_grad_(),
    "torch RGBA": torch.cat([CHW, torch.full((1, 40, 60), 255, dtype=torch.uint8)]),
    "frame": Frame(BGR, 0, 0.0, 0.0),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_same_picture_in_every_form_is_explained_the_same(form: str) -> None:
    model, _ = red_model()
    seen, expected = model.explain(FORMS[form]), model.explain(BGR)
    assert np.array_equal(seen.frame.image_bgr, BGR)
    assert seen.frame.image_bgr.flags.c_contiguous
    assert np.array_equal(seen.detections.boxes_xyxy, expected.detections.boxes_xyxy)
    assert np.array_equal(seen.saliency.values, expected.saliency.values)


@pytest.mark.parametrize("kind", [str, Path])
def test_a_path_is_read_and_names_the_frame(tmp_path: Path, kind: type) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), BGR)
    frame = frame_of(kind(tmp_path / "a.png"), 4)
    assert np.array_equal(frame.image_bgr, BGR)
    assert (frame.name, frame.frame_index) == (str(tmp_path / "a.png"), 4)


@pytest.mark.parametrize(
    "grey",
    [BGR[..., 0], BGR[..., :1], Image.fromarray(BGR[..., 0]), torch.from_numpy(BGR[None, ..., 0].copy())],
)
def test_grey_is_the_same_in_each_channel(grey: object) -> None:
    assert np.array_equal(frame_of(grey).image_bgr, np.repeat(BGR[..., :1], 3, axis=2))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("is_loaded", [False, True])
def test_pillow_images_lie_as_their_exif_says_as_files_do(
    tmp_path: Path, orientation: int, is_loaded: bool
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(RGB).save(tmp_path / "a.png", exif=exif)
    opened = Image.open(tmp_path / "a.png")
    if is_loaded:
        opened.load()
    assert np.array_equal(frame_of(opened).image_bgr, frame_of(tmp_path / "a.png").image_bgr)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "YCbCr", "I;16", "I", "F"])
def test_pillow_images_of_every_mode_are_pictures(mode: str) -> None:
    plain = Image.fromarray(RGB)
    image = plain.convert("L").convert(mode) if mode in ("I;16", "I", "F") else plain.convert(mode)
    assert frame_of(image).image_bgr.shape == (40, 60, 3)


def test_transparency_lies_on_white_in_every_form() -> None:
    clear = ALPHA.copy()
    clear[..., 3] = 0
    as_torch = torch.from_numpy(clear[..., [2, 1, 0, 3]].transpose(2, 0, 1).copy())
    for image in (clear, Image.fromarray(clear[..., [2, 1, 0, 3]]), as_torch):
        assert frame_of(image).image_bgr.min() == 255


@pytest.mark.parametrize("kind", ["numpy", "torch"])
def test_pixels_are_copied_so_that_later_changes_change_nothing(kind: str) -> None:
    image = BGR.copy() if kind == "numpy" else CHW.clone()
    frame = frame_of(image)
    image[:] = 0
    assert np.array_equal(frame.image_bgr, BGR)


@pytest.mark.parametrize(
    ("image", "said"),
    [
        (BGR.astype(np.float32), r"float32 \(40, 60, 3\) is no picture; give uint8 \(H, W, 3\)"),
        (BGR[None], r"uint8 \(1, 40, 60, 3\)"),
        (np.zeros((0, 5, 3), np.uint8), r"\(0, 5, 3\)"),
        (np.zeros((5, 5, 2), np.uint8), r"\(5, 5, 2\)"),
        (torch.zeros(2, 3, 8, 8), "explain_many"),
        (torch.zeros(8, 8, 3), r"\(3, H, W\)"),
        (torch.zeros(8, 8), r"\(3, H, W\)"),
        (torch.full((3, 8, 8), 255.0), r"from 255 to 255 is no picture; give uint8, or floats from 0 to 1"),
        (torch.full((3, 8, 8), float("nan")), "floats from 0 to 1"),
        (torch.zeros(3, 8, 8, dtype=torch.int64), "give uint8, or floats"),
        (3, "int is no picture; give a path"),
        (None, "NoneType is no picture"),
    ],
)
def test_what_is_no_picture_is_told_with_what_to_give(image: object, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        frame_of(image)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInputError, match="there is no file"):
        frame_of(tmp_path / "missing.png")
    Image.fromarray(RGB).save(tmp_path / "cut.png")
    os.truncate(tmp_path / "cut.png", 900)
    with pytest.raises(UnreadableInputError, match="of Pillow cannot be read"):
        frame_of(Image.open(tmp_path / "cut.png"))
