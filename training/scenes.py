"""One training scene: a background, things that are no markers, markers on cards, light and a camera.

Scenes are drawn at twice their size and shrunk at the end, so that edges look photographed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from heatcam.geometry import PAD_GREY
from heatcam.sources.demo.cards import print_card
from heatcam.sources.demo.markers import MARKER_CLASSES, Marker, random_marker
from heatcam.sources.demo.perspective import Pose, box_around, card_homography, map_points
from training.leaves import thicket
from training.surfaces import (
    BACKGROUNDS,
    CARDS,
    HARD_NEGATIVES,
    Picture,
    colour,
    foliage,
    railings,
    rough_wall,
)

SUPERSAMPLING = 2
#: Smallest longer side of a labelled pattern in pixels of the scene: below that a person cannot tell the classes apart.
SMALLEST_PX = {"qr-code": 22, "barcode": 26, "data-matrix": 18, "aruco": 15, "chessboard": 20}
LARGEST_SHARE = 0.95
#: A marker whose grey levels spread less than this (standard deviation) in the finished scene cannot be seen: no label.
LEAST_CONTRAST = 7.0


@dataclass(frozen=True)
class Label:
    """One marker's truth: ``class_id`` and its box ``xyxy`` in pixels of the scene, inside the scene."""

    class_id: int
    box_xyxy: tuple[float, float, float, float]


@dataclass(frozen=True)
class Scene:
    """A rendered scene: uint8 BGR ``[H x W x 3]`` and its labels."""

    image_bgr: Picture
    labels: tuple[Label, ...]


@dataclass(frozen=True)
class Emphasis:
    """What scenes show more of, to mend what the model was seen to get wrong. The usual scenes have none of it.

    Attributes:
        foliage: share of the scenes that lie in front of leaves, which were taken for QR codes, or railings, taken for barcodes.
        data_matrices: share of the markers that are made data matrices, which got a second box as a QR code.
        printed: share of the markers that lie on printed cards with a line of text above and below.
        letterboxed: share of the scenes with grey bars above and below or at the sides, as pictures of other shapes come to the
            network: at a bar a patch of leaves ends like a code does.
        walls: share of the scenes that lie in front of rough bricks or stones, which were taken for ArUco markers.
    """

    foliage: float = 0.0
    data_matrices: float = 0.0
    printed: float = 0.0
    letterboxed: float = 0.0
    walls: float = 0.0


USUAL = Emphasis()
#: For a further round; the shipped weights have not seen it (``README.md`` says what such rounds were measured to bring).
MENDING = Emphasis(foliage=0.4, data_matrices=0.1, printed=0.3, letterboxed=0.6, walls=0.12)
#: Editions of printed cards from here on are shown in training only; the demo scene counts from 0.
_FIRST_EDITION = 10**7


def render_scene(
    rng: np.random.Generator,
    photographs: list[Picture],
    side: int = 320,
    cutouts: Sequence[Picture] = (),
    emphasis: Emphasis = USUAL,
    crowns: Sequence[Picture] = (),
) -> Scene:
    """A scene of ``side`` x ``side`` pixels; equal arguments (the generator's state included) give the same scene."""
    size = side * SUPERSAMPLING
    canvas = _background(rng, photographs, size, emphasis, crowns)
    for _ in range(int(rng.choice([0, 0, 1, 2, 3]))):
        canvas = _add_distraction(rng, canvas, photographs)
    for _ in range(int(rng.choice([0, 1, 3, 9], p=[0.6, 0.16, 0.14, 0.1])) if cutouts else 0):
        canvas = _lay(rng, canvas, cutouts[rng.integers(len(cutouts))])
    labels: list[Label] = []
    bars = _bars(rng, side, emphasis)
    taken = [tuple(v * SUPERSAMPLING for v in bar) for bar in bars]  # no marker lies across one
    for _ in range(_how_many(rng)):
        canvas, label, card_box = _add_marker(rng, canvas, taken, emphasis)
        if label is not None:
            labels.append(label)
            taken.append(card_box)
    image = _photograph(rng, _light(rng, canvas), side)
    for x1, y1, x2, y2 in bars:
        image[y1:y2, x1:x2] = PAD_GREY
    half = [Label(k.class_id, tuple(v / SUPERSAMPLING for v in k.box_xyxy)) for k in labels]  # type: ignore[arg-type]
    return Scene(image, tuple(label for label in half if _can_be_seen(image, label)))


def _bars(rng: np.random.Generator, side: int, emphasis: Emphasis) -> list[tuple[int, int, int, int]]:
    """Where the letterbox's bars lie, xyxy in pixels of the scene; none in most scenes."""
    if not emphasis.letterboxed or rng.random() >= emphasis.letterboxed:
        return []
    wide = int(side * rng.uniform(0.03, 0.24))  # (of 16:9 it is 0.22)
    if rng.random() < 0.75:
        return [(0, 0, side, wide), (0, side - wide, side, side)]
    return [(0, 0, wide, side), (side - wide, 0, side, side)]


def _can_be_seen(image: Picture, label: Label) -> bool:
    x1, y1, x2, y2 = (round(v) for v in label.box_xyxy)
    return float(cv2.cvtColor(image[y1:y2, x1:x2], cv2.COLOR_BGR2GRAY).std()) >= LEAST_CONTRAST


def _how_many(rng: np.random.Generator) -> int:
    """Markers to try: none in one scene of five."""
    return int(rng.choice([0, 1, 2, 4, 6, 8], p=[0.2, 0.2, 0.2, 0.18, 0.14, 0.08]))


def _background(
    rng: np.random.Generator,
    photographs: list[Picture],
    size: int,
    emphasis: Emphasis,
    crowns: Sequence[Picture],
) -> Picture:
    if emphasis.foliage and rng.random() < emphasis.foliage:
        return _before_leaves(rng, photographs, size, crowns)
    if emphasis.walls and rng.random() < emphasis.walls / (1 - emphasis.foliage):
        return _turned(rng, rough_wall(rng, size, size))
    if rng.random() < 0.62:
        return _crop(rng, photographs[rng.integers(len(photographs))], size, size)
    rooms = HARD_NEGATIVES if rng.random() < 0.45 else BACKGROUNDS
    return _turned(rng, rooms[rng.integers(len(rooms))](rng, size, size))


def negative_scene(
    rng: np.random.Generator, photographs: list[Picture], side: int = 320, crowns: Sequence[Picture] = ()
) -> Picture:
    """A scene without a marker: uint8 BGR ``[side x side x 3]``. Equal arguments give the same scene."""
    size, kind = side * SUPERSAMPLING, rng.random()
    if kind < 0.4:
        canvas = _crop(rng, photographs[rng.integers(len(photographs))], size, size)
    elif kind < 0.8:
        canvas = _far_away(rng, photographs[rng.integers(len(photographs))], size)
    else:
        canvas = _before_leaves(rng, photographs, size, crowns)
    image = _photograph(rng, _light(rng, canvas), side)
    for x1, y1, x2, y2 in _bars(rng, side, MENDING):
        image[y1:y2, x1:x2] = PAD_GREY
    return image


def _far_away(rng: np.random.Generator, photo: Picture, size: int) -> Picture:
    """A part of a photograph, shrunk to a half or less and mirrored until it fills the scene."""
    small = int(size * rng.uniform(0.25, 0.6))
    part = _crop(rng, photo, small, small)
    left, top = (int(v) for v in rng.integers(0, size - small, 2))
    around = top, size - small - top, left, size - small - left
    while max(around) >= small:  # (a border may be as wide as the picture at most)
        part = np.asarray(cv2.copyMakeBorder(part, 0, small - 1, 0, small - 1, cv2.BORDER_REFLECT_101))
        small = part.shape[0]
        left, top = 0, 0
        around = 0, max(0, size - small), 0, max(0, size - small)
    return np.asarray(cv2.copyMakeBorder(part, *around, cv2.BORDER_REFLECT_101)[:size, :size])


def _before_leaves(
    rng: np.random.Generator, photographs: list[Picture], size: int, crowns: Sequence[Picture]
) -> Picture:
    """Leaves, or railings, alone or in a part of a photograph: over it, beside it, in a corner of it."""
    real = len(crowns) > 0 and rng.random() < 0.6
    leaves = thicket(rng, crowns, size) if real else foliage(rng, size, size)
    if rng.random() < 0.25:
        leaves = railings(rng, size, size)
    picture = leaves
    if rng.random() < 0.6:
        picture = _crop(rng, photographs[rng.integers(len(photographs))], size, size)
        left, top = (int(v) for v in rng.integers(-size // 2, size, 2))
        wide, tall = (int(v) for v in rng.integers(size // 4, size, 2))
        where = np.s_[max(top, 0) : max(top + tall, 0), max(left, 0) : max(left + wide, 0)]
        picture[where] = leaves[where]
    if rng.random() < 0.6:
        picture = (_behind_roofs if rng.random() < 0.5 else _behind_a_ledge)(rng, picture)
    return picture


def _behind_roofs(rng: np.random.Generator, picture: Picture) -> Picture:
    """A picture with large smooth bright shapes before it, as roofs, walls and vehicles are: patches of it end at their edges."""
    size = picture.shape[0]
    solid = picture.copy()
    for _ in range(int(rng.integers(1, 4))):
        shade = (
            np.float32(colour(rng, 120, 250))
            + np.float32(rng.uniform(-40, 40)) * np.linspace(-1, 1, size)[:, None, None]
        )
        mask = np.zeros((size, size), np.uint8)
        centre = tuple(int(v) for v in rng.uniform(-0.1, 1.1, 2) * size)
        axes = tuple(int(v) for v in rng.uniform(0.15, 0.7, 2) * size)
        if rng.random() < 0.6:
            cv2.ellipse(mask, centre, axes, float(rng.uniform(0, 180)), 0, 360, 255, -1, cv2.LINE_AA)
        else:
            corners = cv2.boxPoints((centre, axes, float(rng.normal(0, 20)))).astype(np.int32)
            cv2.fillPoly(mask, [corners], 255, cv2.LINE_AA)
        share = mask[..., None] / np.float32(255)
        solid = (solid * (1 - share) + shade * share).clip(0, 255).astype(np.uint8)
    return solid


def _behind_a_ledge(rng: np.random.Generator, picture: Picture) -> Picture:
    """A picture of which only a strip at one side is left, behind something smooth and bright: a roof's edge, a sill, a wall."""
    size = picture.shape[0]
    xs = np.linspace(0, 1, size)
    line = (
        rng.uniform(0.08, 0.55)
        + rng.normal(0, 0.12) * (xs - 0.5)
        + rng.uniform(-0.5, 0.5) * (xs - rng.random()) ** 2
    )
    ys = np.linspace(0, 1, size)[:, None]
    below = ((ys - line[None]) * size).clip(0, 1)[..., None]
    shade = (
        np.float32(colour(rng, 130, 255)) + np.float32(rng.uniform(-60, 40)) * ((ys - line[None])[..., None])
    )
    for _ in range(int(rng.integers(0, 3))):  # gutters and seams
        depth, wide = rng.uniform(0.02, 0.4), rng.uniform(0.003, 0.03)
        shade = shade - rng.uniform(10, 110) * (np.abs(ys - line[None] - depth) < wide)[..., None]
    return (picture * (1 - below) + shade * below).clip(0, 255).astype(np.uint8)


def _crop(rng: np.random.Generator, photo: Picture, width: int, height: int) -> Picture:
    """A random part of a photograph, mirrored or turned at times, with colours of its own."""
    share = rng.uniform(0.25, 1.0)
    side = max(16, int(min(photo.shape[:2]) * share))
    y, x = (int(rng.integers(0, max(1, length - side + 1))) for length in photo.shape[:2])
    part = cv2.resize(photo[y : y + side, x : x + side], (width, height), interpolation=cv2.INTER_AREA)
    if rng.random() < 0.5:
        part = part[:, ::-1]
    gain, bias = rng.uniform(0.6, 1.3, 3), rng.uniform(-30, 30)
    return np.ascontiguousarray((part * gain + bias).clip(0, 255).astype(np.uint8))


def _turned(rng: np.random.Generator, surface: Picture) -> Picture:
    """A surface seen at an angle, at times."""
    if rng.random() < 0.4:
        return surface
    height, width = surface.shape[:2]
    jitter = rng.uniform(-0.25, 0.25, (4, 2)) * (width, height)
    corners = np.float32([[0, 0], [width, 0], [width, height], [0, height]])
    inward = np.float32(corners + jitter)
    matrix = cv2.getPerspectiveTransform(inward, corners)
    return np.asarray(cv2.warpPerspective(surface, matrix, (width, height), borderMode=cv2.BORDER_REFLECT))


def _add_distraction(rng: np.random.Generator, canvas: Picture, photographs: list[Picture]) -> Picture:
    """A card that carries no marker: print, a grid, keys, another photograph."""
    width, height = (int(v) for v in rng.integers(60, 400, 2))
    if rng.random() < 0.25:
        card = _crop(rng, photographs[rng.integers(len(photographs))], width, height)
    else:
        card = CARDS[rng.integers(len(CARDS))](rng, width, height)
    size = canvas.shape[0]
    pose = Pose(
        (float(rng.uniform(0, size)), float(rng.uniform(0, size))), float(rng.uniform(0.2, 1.2)),
        float(rng.uniform(-3.1, 3.1)), float(rng.uniform(-0.7, 0.7)), float(rng.uniform(-0.7, 0.7)), 2.0 * size,
    )  # fmt: skip
    return _paste(canvas, card, card_homography((width, height), pose))


def _lay(rng: np.random.Generator, canvas: Picture, cutout: Picture) -> Picture:
    """A cutout (uint8 BGRA) on ``canvas``, at any turn, from a twentieth to four fifths of its side."""
    size, (height, width) = canvas.shape[0], cutout.shape[:2]
    scale = float(np.exp(rng.uniform(np.log(0.05), np.log(0.8)))) * size / max(height, width)
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), float(rng.normal(0, 40)), scale)
    matrix[:, 2] += rng.uniform(0, size, 2) - (width / 2, height / 2)
    solid = (cutout * np.dstack([cutout[..., 3:] / 255] * 3 + [np.ones_like(cutout[..., 3:])])).astype(
        np.uint8
    )
    small = cv2.GaussianBlur(solid, (0, 0), 0.4 / scale) if scale < 0.5 else solid
    laid = cv2.warpAffine(small, matrix, (size, size), flags=cv2.INTER_LINEAR).astype(np.float32)
    return np.asarray((laid[..., :3] + canvas * (1 - laid[..., 3:] / 255)).clip(0, 255).astype(np.uint8))


def _add_marker(
    rng: np.random.Generator,
    canvas: Picture,
    taken: list[tuple[float, float, float, float]],
    emphasis: Emphasis,
) -> tuple[Picture, Label | None, tuple[float, float, float, float]]:
    """The canvas with one marker more where there is room, its label and its card's box, all in canvas pixels."""
    class_name = str(rng.choice(MARKER_CLASSES))
    if emphasis.data_matrices and rng.random() < emphasis.data_matrices:
        class_name = "data-matrix"
    marker = random_marker(class_name, rng)
    if emphasis.printed and rng.random() < emphasis.printed:
        marker = _on_a_card(rng, class_name)
    size = canvas.shape[0]
    for _ in range(8):
        pose = _marker_pose(rng, marker, size)
        matrix = card_homography((marker.image.shape[1], marker.image.shape[0]), pose)
        whole = box_around(map_points(matrix, _corners(marker.image.shape[1], marker.image.shape[0])))
        box = box_around(map_points(matrix, marker.outline_xy))
        seen = _clip(box, size)
        if _area(seen) < 0.6 * _area(box) or any(_touch(whole, other) for other in taken):
            continue
        if max(seen[2] - seen[0], seen[3] - seen[1]) < SMALLEST_PX[marker.class_name] * SUPERSAMPLING:
            continue
        canvas = _paste(canvas, _printed(rng, marker), matrix)
        if rng.random() < 0.12:
            canvas = _cover(rng, canvas, seen)
        return canvas, Label(marker.class_id, seen), whole
    return canvas, None, (0.0, 0.0, 0.0, 0.0)


def _marker_pose(rng: np.random.Generator, marker: Marker, size: int) -> Pose:
    """Anywhere, at any turn, tilted up to some 50 degrees; sizes spread evenly over their logarithm."""
    low, high = SMALLEST_PX[marker.class_name] * SUPERSAMPLING * 1.05, LARGEST_SHARE * size
    wanted = float(np.exp(rng.uniform(np.log(low), np.log(high))))
    roll = float(rng.normal(0, 0.25)) if rng.random() < 0.5 else float(rng.uniform(-np.pi, np.pi))
    pitch, yaw = (float(v) for v in np.clip(rng.normal(0, 0.35, 2), -0.9, 0.9))
    centre = float(rng.uniform(0.02, 0.98)) * size, float(rng.uniform(0.02, 0.98)) * size
    return Pose(
        centre, wanted / max(marker.pattern_size_wh), roll, pitch, yaw, float(rng.uniform(1.2, 4)) * size
    )


def _on_a_card(rng: np.random.Generator, class_name: str) -> Marker:
    """A marker whose picture is a whole printed card in shades of grey: text, sheet and pattern."""
    card = print_card(class_name, int(rng.integers(_FIRST_EDITION, 2 * _FIRST_EDITION)))
    x, y = np.round(card.paper_xy[0]).astype(int)
    right, bottom = np.round(card.paper_xy[2]).astype(int)
    sheet = cv2.cvtColor(card.image_bgra[y:bottom, x:right, :3], cv2.COLOR_BGR2GRAY)
    return replace(card.marker, image=np.asarray(sheet), outline_xy=card.outline_xy - np.float32([x, y]))


def _printed(rng: np.random.Generator, marker: Marker) -> Picture:
    """The marker in inks and on papers as they are met: mostly black on white, at times coloured, pale or inverted."""
    ink, sheet = np.float32(colour(rng, 0, 70)), np.float32(colour(rng, 170, 255))
    if rng.random() < 0.15:
        ink = np.float32(rng.integers(0, 120, 3))
    if rng.random() < 0.06:
        ink, sheet = sheet, ink
    tone = (marker.image.astype(np.float32) / 255)[..., None]
    return (tone * sheet + (1 - tone) * ink).astype(np.uint8)


def _paste(canvas: Picture, card: Picture, matrix: NDArray[np.float64]) -> Picture:
    """``card`` laid onto ``canvas`` by a homography, with smooth edges."""
    size = canvas.shape[1], canvas.shape[0]
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))) / max(abs(matrix[2, 2]), 1e-9))
    if scale < 0.5:  # shrink first: a single warp would skip pixels
        factor = max(scale, 4 / min(card.shape[:2]))
        shrunk = cv2.resize(card, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        back = np.diag([card.shape[1] / shrunk.shape[1], card.shape[0] / shrunk.shape[0], 1.0])
        card, matrix = np.asarray(shrunk), matrix @ back
    opacity = np.full(card.shape[:2], 255, np.uint8)
    warped = cv2.warpPerspective(card, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    mask = cv2.warpPerspective(opacity, matrix, size, flags=cv2.INTER_LINEAR)
    return np.asarray(np.where((mask > 127)[..., None], warped, canvas))


def _cover(rng: np.random.Generator, canvas: Picture, box: tuple[float, float, float, float]) -> Picture:
    """A finger, a sticker or a fold over up to a quarter of the marker, from one of its sides."""
    x1, y1, x2, y2 = box
    width, height = x2 - x1, y2 - y1
    depth = rng.uniform(0.08, 0.25)
    side = rng.integers(4)
    cx = x1 + width * (depth / 2 if side == 0 else 1 - depth / 2 if side == 1 else rng.uniform(0.2, 0.8))
    cy = y1 + height * (depth / 2 if side == 2 else 1 - depth / 2 if side == 3 else rng.uniform(0.2, 0.8))
    axes = (max(2, int(width * depth)), max(2, int(height * depth)))
    canvas = canvas.copy()
    cv2.ellipse(
        canvas,
        (int(cx), int(cy)),
        axes,
        float(rng.uniform(0, 180)),
        0,
        360,
        colour(rng, 30, 230),
        -1,
        cv2.LINE_AA,
    )
    return canvas


def _light(rng: np.random.Generator, canvas: Picture) -> Picture:
    """Uneven light, a shadow's edge, a reflection."""
    height, width = canvas.shape[:2]
    ys, xs = np.mgrid[:height, :width].astype(np.float32) / width
    light = np.ones((height, width), np.float32)
    if rng.random() < 0.5:
        angle = rng.uniform(0, 2 * np.pi)
        light *= 1 + rng.uniform(0, 0.45) * ((xs - 0.5) * np.cos(angle) + (ys - 0.5) * np.sin(angle)) * 2
    if rng.random() < 0.25:
        angle, where = rng.uniform(0, 2 * np.pi), rng.uniform(-0.3, 0.3)
        edge = ((xs - 0.5) * np.cos(angle) + (ys - 0.5) * np.sin(angle) - where) * rng.uniform(5, 60)
        light *= 1 - rng.uniform(0.25, 0.65) / (1 + np.exp(-np.clip(edge, -30, 30)))
    lit = canvas * light[..., None]
    if rng.random() < 0.12:
        x, y, radius = rng.random(), rng.random(), rng.uniform(0.05, 0.3)
        glare = np.exp(-((xs - x) ** 2 + (ys - y) ** 2) / (2 * radius**2)) * rng.uniform(40, 190)
        lit = lit + glare[..., None].astype(np.float32)
    return np.asarray(lit.clip(0, 255).astype(np.uint8))


def _photograph(rng: np.random.Generator, canvas: Picture, side: int) -> Picture:
    """The camera: focus, movement, exposure, noise, compression."""
    # A letterbox shrinks a large picture without smoothing, and fine bars then beat: both kinds are met.
    how = cv2.INTER_NEAREST if rng.random() < 0.4 else cv2.INTER_AREA
    image = np.asarray(cv2.resize(canvas, (side, side), interpolation=how))
    if rng.random() < 0.4:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.3, 1.3))))
    if rng.random() < 0.15:
        image = _motion(rng, image)
    exposed = image.astype(np.float32)
    if rng.random() < 0.6:
        gamma, gain, offset = (float(rng.uniform(*span)) for span in ((0.6, 1.6), (0.55, 1.1), (-10, 25)))
        exposed = 255 * (exposed / 255) ** gamma * gain + offset
    if rng.random() < 0.5:
        exposed = exposed + rng.normal(0, float(rng.uniform(1, 11)), exposed.shape).astype(np.float32)
    image = exposed.clip(0, 255).astype(np.uint8)
    if rng.random() < 0.1:
        image = np.repeat(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[..., None], 3, 2)
    if rng.random() < 0.5:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 95))]
        image = np.asarray(cv2.imdecode(cv2.imencode(".jpg", image, quality)[1], cv2.IMREAD_COLOR))
    return image


def _motion(rng: np.random.Generator, image: Picture) -> Picture:
    length, angle = int(rng.integers(3, 8)), rng.uniform(0, np.pi)
    kernel = np.zeros((length, length), np.float32)
    middle = (length - 1) / 2
    end = round(middle + middle * np.cos(angle)), round(middle + middle * np.sin(angle))
    start = round(middle - middle * np.cos(angle)), round(middle - middle * np.sin(angle))
    cv2.line(kernel, start, end, 1.0)
    return np.asarray(cv2.filter2D(image, -1, kernel / max(float(kernel.sum()), 1e-6)))


def _corners(width: int, height: int) -> NDArray[np.float32]:
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)


def _clip(box: tuple[float, float, float, float], size: int) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = (min(max(v, 0.0), float(size)) for v in box)
    return x1, y1, x2, y2


def _area(box: tuple[float, float, float, float]) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def _touch(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
