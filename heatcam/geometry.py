"""Conversion between the camera's pixels and the model's, in this one place: letterbox, centre crop, and their inverses.

Two frames of reference, both with continuous coordinates whose origin is the top-left corner of the top-left pixel, so that
pixel ``(i, j)`` covers ``[j, j + 1) x [i, i + 1)``:

* *image*: the picture as it was captured, ``image_wh``;
* *model*: the picture that the network sees, ``model_wh``: resized to ``resized_wh``, then padded or cropped.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from heatcam.samples import Pixels, resized_by_pillow, resized_picture

Float32Array = npt.NDArray[np.float32]
Uint8Array = npt.NDArray[np.uint8]

PAD_GREY = 114  # as in ultralytics' training


@dataclass(frozen=True)
class Letterbox:
    """Geometry that fits one picture size into the network's input, and back.

    Attributes:
        image_wh: width and height of the picture, in pixels.
        resized_wh: width and height of the picture inside the letterbox, in model pixels.
        model_wh: width and height of the whole letterbox, multiples of the network's stride.
        pad_left, pad_top: grey border before the picture, in model pixels; negative where that much of the picture is cropped.
        smooth: shrink by area averaging. Without it shrinking is bilinear, as in ultralytics and with the same boxes as there;
            bars finer than a pixel then alias.
    """

    image_wh: tuple[int, int]
    resized_wh: tuple[int, int]
    model_wh: tuple[int, int]
    pad_left: int
    pad_top: int
    smooth: bool = False

    @classmethod
    def fit(
        cls, image_wh: tuple[int, int], imgsz: int, stride: int = 32, *, smooth: bool = False
    ) -> Letterbox:
        """Make the smallest letterbox whose longer picture side is ``imgsz``, rounded as ultralytics' ``LetterBox(auto=True)``.

        Args:
            image_wh: width and height of the picture in pixels, each at least 1.
            imgsz: longer side of the resized picture, rounded up to a multiple of ``stride``.
            stride: the network's coarsest stride.
            smooth: shrink by averaging.

        Raises:
            ValueError: a size below 1.
        """
        side = _rounded_side(image_wh, imgsz, stride)
        resized = fitted_wh(image_wh, (side, side))
        border = [(side - length) % stride for length in resized]
        left, top = (round(b / 2 - 0.1) for b in border)
        return cls(image_wh, resized, (resized[0] + border[0], resized[1] + border[1]), left, top, smooth)

    @classmethod
    def square(cls, image_wh: tuple[int, int], imgsz: int, stride: int = 32) -> Letterbox:
        """Make the square letterbox of any picture shape, as ultralytics' ``LetterBox(auto=False)``; arguments as of ``fit``.

        Raises:
            ValueError: a size below 1.
        """
        side = _rounded_side(image_wh, imgsz, stride)
        resized = fitted_wh(image_wh, (side, side))
        left, top = (round((side - length) / 2 - 0.1) for length in resized)
        return cls(image_wh, resized, (side, side), left, top)

    @classmethod
    def within(
        cls, image_wh: tuple[int, int], model_wh: tuple[int, int], *, smooth: bool = False
    ) -> Letterbox:
        """Make the letterbox of a network whose input has one size; it is that of ``fit`` where ``fit`` gives this size.

        Args:
            image_wh: width and height of the picture in pixels, each at least 1.
            model_wh: width and height of the network's input.
            smooth: shrink by averaging.
        """
        resized = fitted_wh(image_wh, model_wh)
        left, top = (round((side - length) / 2 - 0.1) for side, length in zip(model_wh, resized, strict=True))
        return cls(image_wh, resized, model_wh, left, top, smooth)

    @classmethod
    def stretch(
        cls, image_wh: tuple[int, int], imgsz: int, stride: int = 32, *, smooth: bool = False
    ) -> Letterbox:
        """Make a square without borders for any picture shape, as ultralytics' ``LetterBox(scale_fill=True)`` does for RT-DETR.

        Args:
            image_wh: width and height of the picture in pixels, each at least 1.
            imgsz: side of the square, rounded up to a multiple of ``stride``.
            stride: the network's coarsest stride.
            smooth: shrink by averaging.

        Raises:
            ValueError: a size below 1.
        """
        side = _rounded_side(image_wh, imgsz, stride)
        return cls(image_wh, (side, side), (side, side), 0, 0, smooth)

    @property
    def scale_xy(self) -> tuple[float, float]:
        """Model pixels per image pixel, along x and y (after ``fit`` they differ by the rounding of ``resized_wh``)."""
        return self.resized_wh[0] / self.image_wh[0], self.resized_wh[1] / self.image_wh[1]

    def image_to_model(self, image: Pixels, border: npt.ArrayLike = PAD_GREY) -> Pixels:
        """Return a letterboxed copy of ``image`` (HWC; type, channels and their order are kept): shape ``(model_h, model_w, C)``.

        Args:
            image: uint8, or samples of another type.
            border: value of the border, or one for each channel.

        Raises:
            ValueError: the picture is not of ``image_wh``.
        """
        if (image.shape[1], image.shape[0]) != self.image_wh:
            raise ValueError(f"{image.shape[1]}x{image.shape[0]} given to a letterbox for {self.image_wh}")
        boxed = np.full((self.model_wh[1], self.model_wh[0], image.shape[2]), border, image.dtype)
        resized = image if self.resized_wh == self.image_wh else self._resized(image)
        boxed[self._rows, self._columns] = resized[self._shown_rows, self._shown_columns]
        return cast("Pixels", boxed)

    def network_input(self, image: Uint8Array) -> Uint8Array | Float32Array:
        """Return a picture as the network reads it, in ``[0, 255]``: ``image_to_model``, unless its library keeps fractions."""
        return self.image_to_model(image)

    @property
    def seen_xyxy(self) -> Float32Array:
        """The part of the picture that the network sees: float32 ``(4,)`` in image pixels; all of it in a letterbox."""
        return self.boxes_to_image([0, 0, *self.model_wh]).reshape(4)

    def points_to_model(self, points_xy: npt.ArrayLike) -> Float32Array:
        """Convert points ``(..., 2)`` from image to model pixels, float32, not clipped."""
        points = np.asarray(points_xy, np.float64)
        return (points * self.scale_xy + (self.pad_left, self.pad_top)).astype(np.float32)

    def points_to_image(self, points_xy: npt.ArrayLike) -> Float32Array:
        """Convert points ``(..., 2)`` from model to image pixels, float32, not clipped."""
        points = np.asarray(points_xy, np.float64)
        return ((points - (self.pad_left, self.pad_top)) / self.scale_xy).astype(np.float32)

    def boxes_to_model(self, boxes_xyxy: npt.ArrayLike) -> Float32Array:
        """Convert boxes ``(N, 4)`` xyxy from image to model pixels, float32, not clipped."""
        boxes = np.asarray(boxes_xyxy, np.float64).reshape(-1, 2, 2)
        return self.points_to_model(boxes).reshape(-1, 4)

    def boxes_to_image(self, boxes_xyxy: npt.ArrayLike) -> Float32Array:
        """Convert boxes ``(N, 4)`` xyxy from model to image pixels, float32, clipped to the picture."""
        boxes = np.asarray(boxes_xyxy, np.float64).reshape(-1, 2, 2)
        limits = np.asarray(self.image_wh, np.float32)
        return np.clip(self.points_to_image(boxes), 0, limits).reshape(-1, 4)

    def keypoints_to_image(self, keypoints: npt.ArrayLike) -> Float32Array:
        """Convert keypoints ``(..., 3)``, x, y and a confidence, from model to image pixels, float32, clipped to the picture."""
        points = np.array(keypoints, np.float32)
        points[..., :2] = np.clip(self.points_to_image(points[..., :2]), 0, self.image_wh)
        return points

    def rotated_to_image(self, boxes_xywhr: npt.ArrayLike) -> Float32Array:
        """Convert rotated boxes ``(N, 5)``, centre, sides and radians, from model to image pixels, float32, not clipped.

        Width and height are divided by ``scale_xy`` whatever the angle, as ultralytics does: after ``fit`` the scales differ by
        rounding alone.
        """
        boxes = np.array(boxes_xywhr, np.float32).reshape(-1, 5)
        boxes[:, :2], boxes[:, 2:4] = self.points_to_image(boxes[:, :2]), boxes[:, 2:4] / self.scale_xy
        return boxes

    def outlines_to_image(self, values: Float32Array, box_xyxy: npt.ArrayLike) -> tuple[Float32Array, ...]:
        """Outline the places in one box where a map is positive, in the picture's own pixels.

        The map is interpolated at the middle of each pixel of the box, as ultralytics' ``retina_masks`` does but in one step.

        Args:
            values: float32 ``(h, w)`` covering the letterbox evenly, as in ``map_to_image``.
            box_xyxy: float ``(4,)`` in image pixels; a pixel is in it if its top-left corner is.

        Returns:
            Rings as ``frames.Detections.mask_polygons`` has them; () if the map is positive nowhere.
        """
        first, last = np.clip(np.ceil(np.reshape(box_xyxy, (2, 2))), 0, self.image_wh).astype(int)
        if (last <= first).any():
            return ()
        cells = np.divide(values.shape[::-1], self.model_wh)  # cells a model pixel, along x and y
        start = (self.points_to_model(first + 0.5) * cells - 0.5).astype(np.float64)
        step = self.scale_xy * cells
        back = np.array([[step[0], 0, start[0]], [0, step[1], start[1]]])  # from pixels of the box to cells
        wide, tall = (last - first).tolist()
        how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        inside = cv2.warpAffine(values, back, (wide, tall), flags=how, borderMode=cv2.BORDER_REPLICATE) > 0
        rings, _ = cv2.findContours(inside.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
        return tuple((ring[:, 0] + (first + 0.5)).astype(np.float32) for ring in rings if len(ring) > 2)

    def map_to_image(self, values: Float32Array) -> Float32Array:
        """Resize a map over the whole letterbox, of any resolution, to the picture: borders removed, values kept.

        Args:
            values: ``(h, w)`` float32 covering the letterbox evenly; cell ``(i, j)`` has its centre at
                ``((j + 0.5) * model_w / w, (i + 0.5) * model_h / h)``.

        Returns:
            ``(image_h, image_w)`` float32, linearly interpolated, in the unit of ``values``.
        """
        full: Any = cv2.resize(values, self.model_wh, interpolation=cv2.INTER_LINEAR)
        image: Any = cv2.resize(
            full[self._rows, self._columns], self.image_wh, interpolation=cv2.INTER_LINEAR
        )
        return np.asarray(image, np.float32)

    def map_to_model(self, values: Float32Array) -> Float32Array:
        """Resize a map in image pixels into the letterbox: ``(model_h, model_w)`` float32, borders exactly 0."""
        boxed = np.zeros((self.model_wh[1], self.model_wh[0]), np.float32)
        shrinks = self.resized_wh[0] < self.image_wh[0]
        how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        resized: Any = cv2.resize(values, self.resized_wh, interpolation=how)
        boxed[self._rows, self._columns] = resized[self._shown_rows, self._shown_columns]
        return boxed

    def _resized(self, image: Pixels) -> Pixels:
        """Resize ``image`` to ``resized_wh``, before it is padded or cropped."""
        shrinks = self.resized_wh[0] < self.image_wh[0]
        return resized_picture(image, self.resized_wh, averaged=self.smooth and shrinks)

    @property
    def _rows(self) -> slice:
        """Rows of the picture in model pixels."""
        return slice(max(self.pad_top, 0), min(self.pad_top + self.resized_wh[1], self.model_wh[1]))

    @property
    def _columns(self) -> slice:
        return slice(max(self.pad_left, 0), min(self.pad_left + self.resized_wh[0], self.model_wh[0]))

    @property
    def _shown_rows(self) -> slice:
        """The same rows, counted in the resized picture."""
        return slice(self._rows.start - self.pad_top, self._rows.stop - self.pad_top)

    @property
    def _shown_columns(self) -> slice:
        return slice(self._columns.start - self.pad_left, self._columns.stop - self.pad_left)


@dataclass(frozen=True)
class CropStyle:
    """Preparation of a classifier's pictures.

    Attributes:
        share: the part of the picture's shorter side that is seen, in ``(0, 1]``.
        bicubic: resize by Pillow's bicubic filter instead of its bilinear one. Both average when they shrink.
    """

    share: float = 1.0
    bicubic: bool = False


@dataclass(frozen=True)
class CentreCrop(Letterbox):
    """The square middle of a picture, which is all that a classifier sees; its padding is never positive.

    Pictures are prepared as by ultralytics' ``classify_transforms`` and timm: the shorter side is resized to the crop's side
    divided by ``share`` with a filter of Pillow's (OpenCV has none that gives the same pixels), then the middle is cropped.

    Attributes:
        bicubic: see ``CropStyle``.
    """

    bicubic: bool = False

    @classmethod
    def cut(
        cls, image_wh: tuple[int, int], imgsz: int, stride: int = 32, style: CropStyle | None = None
    ) -> CentreCrop:
        """Make the crop for a picture of ``image_wh``, rounded as by torchvision's ``Resize`` and ``CenterCrop``.

        Args:
            image_wh: width and height of the picture in pixels, each at least 1.
            imgsz: side of the crop, rounded up to a multiple of ``stride``.
            stride: the multiple that ultralytics rounds the side up to.
            style: preparation of the picture; ultralytics' way for None.

        Raises:
            ValueError: a size below 1.
        """
        if min(*image_wh, imgsz, stride) < 1:
            raise ValueError(
                f"sizes must be at least 1, got image {image_wh}, imgsz {imgsz}, stride {stride}"
            )
        style = style or CropStyle()
        side, shorter = -(-imgsz // stride) * stride, min(image_wh)
        resized = math.floor(side / style.share)
        wide, tall = (int(resized * length / shorter) for length in image_wh)
        left, top = (-round((length - side) / 2) for length in (wide, tall))
        return cls(image_wh, (wide, tall), (side, side), left, top, bicubic=style.bicubic)

    def map_to_image(self, values: Float32Array) -> Float32Array:
        """Resize a map over the crop, of any resolution, to the picture: exactly 0 at pixels whose middle is outside the crop.

        See ``Letterbox.map_to_image``.
        """
        full: Any = cv2.resize(values, self.model_wh, interpolation=cv2.INTER_LINEAR)
        cut_away = [
            (rows.start, length - rows.stop)
            for rows, length in zip(
                (self._shown_rows, self._shown_columns), self.resized_wh[::-1], strict=True
            )
        ]
        whole: Any = cv2.resize(
            np.pad(full, cut_away, mode="edge"), self.image_wh, interpolation=cv2.INTER_LINEAR
        )
        image = np.zeros(self.image_wh[::-1], np.float32)
        left, top, right, bottom = (int(edge) for edge in np.ceil(self.seen_xyxy - 0.5))
        image[top:bottom, left:right] = whole[top:bottom, left:right]
        return image

    def _resized(self, image: Pixels) -> Pixels:
        how = Image.Resampling.BICUBIC if self.bicubic else Image.Resampling.BILINEAR
        return resized_by_pillow(image, self.resized_wh, how)


def fitted_wh(size_wh: tuple[int, int], room_wh: tuple[int, int]) -> tuple[int, int]:
    """The largest width and height of the aspect ratio of ``size_wh`` within ``room_wh``, in whole pixels and at least 1."""
    scale = min(room_wh[0] / size_wh[0], room_wh[1] / size_wh[1])
    return max(1, round(size_wh[0] * scale)), max(1, round(size_wh[1] * scale))


def fitted_into(picture: Uint8Array, size_wh: tuple[int, int], grey: int = 0) -> Uint8Array:
    """Resize ``picture``, uint8 ``(H, W, 3)``, to ``size_wh``, its aspect ratio kept by borders; itself if the size is right.

    Args:
        picture: in any colour order, which is kept.
        size_wh: width and height of the result, in pixels.
        grey: value of the borders.
    """
    if picture.shape[1::-1] == size_wh:
        return picture
    wide, tall = fitted_wh((picture.shape[1], picture.shape[0]), size_wh)
    canvas = np.full((size_wh[1], size_wh[0], 3), grey, np.uint8)
    left, top = (size_wh[0] - wide) // 2, (size_wh[1] - tall) // 2
    canvas[top : top + tall, left : left + wide] = cv2.resize(
        picture, (wide, tall), interpolation=cv2.INTER_AREA
    )
    return canvas


def corners_of_rotated(boxes_xywhr: npt.ArrayLike) -> Float32Array:
    """Return the corners of rotated boxes.

    Args:
        boxes_xywhr: float ``(N, 5)``: centre, width, height, and the rotation in radians, clockwise on the screen.

    Returns:
        float32 ``(N, 4, 2)``, x and y, around the box; before it is turned: top left, top right, bottom right, bottom left.
    """
    boxes = np.asarray(boxes_xywhr, np.float64).reshape(-1, 5)
    cosine, sine = np.cos(boxes[:, 4:]), np.sin(boxes[:, 4:])
    along, down = (
        boxes[:, 2:3] / 2 * np.hstack((cosine, sine)),
        boxes[:, 3:4] / 2 * np.hstack((-sine, cosine)),
    )
    turned = np.stack((-along - down, along - down, along + down, down - along), 1)
    return np.asarray(boxes[:, None, :2] + turned, np.float32)


def overlaps(boxes_xyxy: Float32Array, others_xyxy: Float32Array) -> Float32Array:
    """Return the IoU of each of ``(N, 4)`` with each of ``(M, 4)`` boxes: float32 ``(N, M)`` in ``[0, 1]``."""
    (left, top, right, bottom), others = boxes_xyxy.T[..., None], others_xyxy.T[:, None]
    wide = (np.minimum(right, others[2]) - np.maximum(left, others[0])).clip(0)
    shared = wide * (np.minimum(bottom, others[3]) - np.maximum(top, others[1])).clip(0)
    areas = (right - left) * (bottom - top), (others[2] - others[0]) * (others[3] - others[1])
    return np.asarray(shared / np.maximum(areas[0] + areas[1] - shared, 1e-9), np.float32)


def _rounded_side(image_wh: tuple[int, int], imgsz: int, stride: int) -> int:
    """Round ``imgsz`` up to a multiple of ``stride``.

    Raises:
        ValueError: a size below 1.
    """
    if min(*image_wh, imgsz, stride) < 1:
        raise ValueError(f"sizes must be at least 1, got image {image_wh}, imgsz {imgsz}, stride {stride}")
    return -(-imgsz // stride) * stride


#: Makes, from a picture's width and height, the geometry to a network's input.
Fit = Callable[[tuple[int, int]], Letterbox]
