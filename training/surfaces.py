"""Backgrounds and hard negatives: things with stripes, squares and dots that are no markers.

Every function takes a random generator and a size and gives a uint8 BGR picture ``[H x W x 3]``.
"""

from __future__ import annotations

import string
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Surface = Callable[[np.random.Generator, int, int], Picture]
FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
    cv2.FONT_HERSHEY_PLAIN,
)


def colour(rng: np.random.Generator, low: int = 0, high: int = 255) -> tuple[int, int, int]:
    """A random colour, grey more often than not."""
    if rng.random() < 0.5:
        value = int(rng.integers(low, high + 1))
        return value, value, value
    return tuple(int(v) for v in rng.integers(low, high + 1, 3))  # type: ignore[return-value]


def paper(rng: np.random.Generator, width: int, height: int) -> Picture:
    """A plain, light surface."""
    return np.full((height, width, 3), colour(rng, 170, 255), np.uint8)


def gradient(rng: np.random.Generator, width: int, height: int) -> Picture:
    """Two colours that run into each other at some angle."""
    angle = rng.uniform(0, 2 * np.pi)
    ys, xs = np.mgrid[:height, :width].astype(np.float32)
    ramp = np.cos(angle) * xs / width + np.sin(angle) * ys / height
    ramp = ((ramp - ramp.min()) / max(float(np.ptp(ramp)), 1e-6))[..., None]
    return (ramp * np.float32(colour(rng)) + (1 - ramp) * np.float32(colour(rng))).astype(np.uint8)


def clouds(rng: np.random.Generator, width: int, height: int) -> Picture:
    """Noise of several scales: plaster, stone, carpet."""
    total = np.zeros((height, width), np.float32)
    for cells in (4, 12, 40, 120):
        noise = rng.random((max(2, cells * height // width), cells)).astype(np.float32)
        total += cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC) * rng.uniform(0.1, 1)
    total = cv2.normalize(total, None, 0, 1, cv2.NORM_MINMAX)[..., None]
    return (total * np.float32(colour(rng)) + (1 - total) * np.float32(colour(rng))).astype(np.uint8)


def text_page(rng: np.random.Generator, width: int, height: int) -> Picture:
    """Lines of print, in one or two columns, with headings."""
    page, ink = paper(rng, width, height), colour(rng, 0, 90)
    font, scale = FONTS[rng.integers(len(FONTS))], float(rng.uniform(0.25, 0.9))
    letters = np.array(list(string.ascii_letters + string.digits * 2 + "  .,-"))
    line_px, columns = int(34 * scale) + 4, int(rng.integers(1, 3))
    for column in range(columns):
        left, room = column * width // columns + 8, width // columns - 16
        for y in range(line_px, height, line_px):
            if rng.random() < 0.1:
                continue
            count = max(1, int(room / (19 * scale) * rng.uniform(0.5, 1)))
            cv2.putText(
                page, "".join(rng.choice(letters, count)), (left, y), font, scale, ink, 1, cv2.LINE_AA
            )
    return page


def stripes(rng: np.random.Generator, width: int, height: int) -> Picture:
    """Bars of equal or slowly changing width: blinds, zebra crossings, shirts, fences."""
    picture, ink = np.full((height, width, 3), colour(rng, 120), np.uint8), colour(rng, 0, 120)
    period, duty = float(rng.uniform(6, 70)), rng.uniform(0.3, 0.7)
    wobble = rng.uniform(0, 0.25)
    x = 0.0
    while x < width:
        step = period * (1 + wobble * np.sin(x / 90))
        cv2.rectangle(picture, (int(x), 0), (int(x + step * duty), height), ink, -1)
        x += step
    lying = rng.random() >= 0.5 and width == height
    return np.ascontiguousarray(np.rot90(picture)) if lying else picture


def grid(rng: np.random.Generator, width: int, height: int) -> Picture:
    """Lines in both directions: squared paper, tiles, window fronts, tables with numbers."""
    picture, ink = np.full((height, width, 3), colour(rng, 100), np.uint8), colour(rng, 0, 140)
    step_x, step_y = (int(v) for v in rng.integers(10, 70, 2))
    if rng.random() < 0.5:
        step_y = step_x
    thickness = int(rng.integers(1, max(2, step_x // 5)))
    filled, numbers = rng.random() < 0.4, rng.random() < 0.4
    for y in range(0, height, step_y):
        for x in range(0, width, step_x):
            if filled and rng.random() < 0.5:
                cv2.rectangle(picture, (x, y), (x + step_x, y + step_y), colour(rng), -1)
            if numbers and rng.random() < 0.6:
                where = (x + 3, y + step_y - 4)
                cv2.putText(picture, str(rng.integers(0, 99)), where, 0, step_y / 55, ink, 1, cv2.LINE_AA)
            cv2.rectangle(picture, (x, y), (x + step_x, y + step_y), ink, thickness)
    return picture


def crossword(rng: np.random.Generator, width: int, height: int) -> Picture:
    """Black squares scattered in a ruled grid, with letters: what a chessboard or code is not."""
    picture = paper(rng, width, height)
    step = int(rng.integers(14, 48))
    share = rng.uniform(0.12, 0.3)
    for y in range(0, height, step):
        for x in range(0, width, step):
            if rng.random() < share:
                cv2.rectangle(picture, (x, y), (x + step, y + step), (20, 20, 20), -1)
            else:
                cv2.rectangle(picture, (x, y), (x + step, y + step), (40, 40, 40), 1)
                if rng.random() < 0.6:
                    letter = string.ascii_uppercase[rng.integers(26)]
                    cv2.putText(
                        picture,
                        letter,
                        (x + step // 4, y + 3 * step // 4),
                        0,
                        step / 40,
                        (30, 30, 30),
                        1,
                        cv2.LINE_AA,
                    )
    return picture


def keyboard(rng: np.random.Generator, width: int, height: int) -> Picture:
    """Rows of rounded keys with letters."""
    body, key = colour(rng, 10, 200), colour(rng, 10, 250)
    ink = (240, 240, 240) if sum(key) < 380 else (30, 30, 30)
    picture = np.full((height, width, 3), body, np.uint8)
    pitch = int(rng.integers(18, 60))
    gap = max(1, pitch // int(rng.integers(6, 14)))
    for row, y in enumerate(range(gap, height, pitch)):
        x = gap + (row * pitch // 3) % pitch - pitch // 2
        while x < width:
            wide = pitch * int(rng.choice([1, 1, 1, 1, 1, 2]))
            cv2.rectangle(picture, (x, y), (x + wide - 2 * gap, y + pitch - 2 * gap), key, -1)
            letter = string.ascii_uppercase[rng.integers(26)]
            cv2.putText(picture, letter, (x + pitch // 5, y + pitch // 2), 0, pitch / 70, ink, 1, cv2.LINE_AA)
            x += wide
    return picture


def dots(rng: np.random.Generator, width: int, height: int) -> Picture:
    """Dots in rows: perforated metal, loudspeakers, dice, textiles."""
    picture, ink = np.full((height, width, 3), colour(rng, 90), np.uint8), colour(rng, 0, 160)
    step = int(rng.integers(8, 40))
    radius = max(1, int(step * rng.uniform(0.15, 0.45)))
    for row, y in enumerate(range(step // 2, height, step)):
        for x in range(step // 2 + (row % 2) * step // 2, width, step):
            cv2.circle(picture, (x, y), radius, ink, -1, cv2.LINE_AA)
    return picture


def pixel_noise(rng: np.random.Generator, width: int, height: int) -> Picture:
    """Random black and white cells over everything, without finder patterns or borders."""
    step = int(rng.integers(3, 24))
    cells = (rng.random((height // step + 1, width // step + 1)) < rng.uniform(0.3, 0.7)).astype(
        np.uint8
    ) * 255
    if rng.random() < 0.4:
        cells = (rng.random(cells.shape) * 255).astype(np.uint8)
    big = cv2.resize(cells, None, fx=step, fy=step, interpolation=cv2.INTER_NEAREST)[:height, :width]
    return np.repeat(big[..., None], 3, axis=2)


def coins(rng: np.random.Generator, width: int, height: int) -> Picture:
    """Round things with a relief, in rows or scattered: coins, buttons, biscuits, cells under a microscope."""
    picture = (
        clouds(rng, width, height)
        if rng.random() < 0.5
        else np.full((height, width, 3), colour(rng), np.uint8)
    )
    radius = int(rng.integers(max(8, width // 40), max(9, width // 7)))
    metal, jitter = np.float32(colour(rng, 60, 230)), rng.uniform(0, 0.35)
    for y in range(radius, height + radius, int(radius * rng.uniform(2.1, 3.5))):
        for x in range(radius, width + radius, int(radius * rng.uniform(2.1, 3.5))):
            if rng.random() < 0.15:
                continue
            cx, cy = (int(v + rng.normal(0, jitter * radius)) for v in (x, y))
            _emboss(rng, picture, (cx, cy), max(4, int(radius * rng.uniform(0.7, 1.1))), metal)
    return picture


def _emboss(
    rng: np.random.Generator,
    picture: Picture,
    centre: tuple[int, int],
    radius: int,
    metal: NDArray[np.float32],
) -> None:
    """One disc with random relief, lit from the side, drawn into ``picture``; what sticks out is cut off."""
    side = 2 * radius
    rows, columns = np.mgrid[:side, :side].astype(np.float32) - radius + 0.5
    distance = np.hypot(rows, columns) / radius
    relief = np.zeros((side, side), np.float32)
    for cells in rng.integers(3, 14, 2):
        noise = rng.random((int(cells), int(cells))).astype(np.float32)
        relief += cv2.resize(
            noise, (side, side), interpolation=int(rng.choice([cv2.INTER_CUBIC, cv2.INTER_NEAREST]))
        )
    relief += rng.uniform(0, 3) * (np.abs(distance - 0.85) < 0.07)
    light = np.gradient(cv2.GaussianBlur(relief, (0, 0), max(0.5, radius / 25)))[int(rng.integers(2))]
    shade = 1 + rng.uniform(0.4, 1.6) * light * radius / 10
    disc = (metal * shade.clip(0.3, 1.6)[..., None] * rng.uniform(0.7, 1.2)).clip(0, 255)
    left, top = centre[0] - radius, centre[1] - radius
    x1, y1, x2, y2 = (
        max(left, 0),
        max(top, 0),
        min(left + side, picture.shape[1]),
        min(top + side, picture.shape[0]),
    )
    if x1 < x2 and y1 < y2:
        inside = (distance < 1)[y1 - top : y2 - top, x1 - left : x2 - left, None]
        part = disc[y1 - top : y2 - top, x1 - left : x2 - left]
        picture[y1:y2, x1:x2] = np.where(inside, part, picture[y1:y2, x1:x2]).astype(np.uint8)


def bricks(rng: np.random.Generator, width: int, height: int) -> Picture:
    """Bricks in bond, each of its own shade."""
    picture = np.full((height, width, 3), colour(rng, 120, 220), np.uint8)
    tall, base = int(rng.integers(10, 40)), np.int64(colour(rng, 40, 200))
    wide = int(tall * rng.uniform(1.5, 3.5))
    for row, y in enumerate(range(0, height, tall)):
        for x in range(-(row % 2) * wide // 2, width, wide):
            shade = tuple(int(v) for v in (base + rng.integers(-25, 26)).clip(0, 255))
            cv2.rectangle(picture, (x + 1, y + 1), (x + wide - 2, y + tall - 2), shade, -1)
    return picture


def rough_wall(rng: np.random.Generator, width: int, height: int) -> Picture:
    """A wall of weathered bricks or stones, near or far: grain, chipped edges, mortar in relief, and light from one side."""
    tall = float(np.exp(rng.uniform(np.log(18), np.log(150))))
    wide, joint = tall * np.exp(rng.uniform(0.2, 1.8)), tall * rng.uniform(0.05, 0.2)
    ys, xs = np.mgrid[:height, :width].astype(np.float32)
    wander = rng.uniform(0.02, 0.14) * tall
    ys, xs = ys + wander * _grain(rng, width, height, tall), xs + wander * _grain(rng, width, height, tall)
    rows = np.floor(ys / tall).astype(np.int64)
    shifts = rng.random(257) if rng.random() < 0.4 else np.arange(257) % 2 * rng.choice([0.5, 0.25, 0.0])
    shifted = xs + shifts.astype(np.float32)[rows % 257] * wide
    columns = np.floor(shifted / wide).astype(np.int64)
    edge = np.minimum(
        np.minimum(ys % tall, tall - ys % tall), np.minimum(shifted % wide, wide - shifted % wide)
    )
    brick = np.clip((edge - joint / 2) / max(joint / 3, 1.0), 0, 1)
    shades = rng.normal(0, rng.uniform(5, 35), 257).astype(np.float32)[(rows * 31 + columns * 7) % 257]
    grain = rng.uniform(4, 30) * (
        _grain(rng, width, height, 3) + _grain(rng, width, height, tall / rng.uniform(2, 8))
    )
    relief = brick * rng.uniform(10, 60) + grain
    light = np.gradient(cv2.GaussianBlur(relief, (0, 0), 1.2))[int(rng.integers(2))] * rng.uniform(-4, 4)
    stone, mortar = np.float32(colour(rng, 40, 200)), np.float32(colour(rng, 30, 230))
    wall = mortar + brick[..., None] * (stone - mortar + shades[..., None])
    lit = np.asarray((wall + (light + grain)[..., None]).clip(0, 255).astype(np.uint8))
    return cv2.rotate(lit, cv2.ROTATE_90_CLOCKWISE) if rng.random() < 0.5 and width == height else lit


def _grain(rng: np.random.Generator, width: int, height: int, size: float) -> NDArray[np.float32]:
    """Smooth noise, mean 0, deviation 1, float32 ``[H x W]``, its bumps ``size`` pixels wide."""
    cells = max(2, round(height / size)), max(2, round(width / size))
    noise = rng.normal(0, 1, cells).astype(np.float32)
    return np.asarray(cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC))


def shapes(rng: np.random.Generator, width: int, height: int) -> Picture:
    """Boxes, circles and lines of any colour: screens, posters, packaging."""
    picture = gradient(rng, width, height)
    for _ in range(int(rng.integers(3, 25))):
        x, y = int(rng.integers(width)), int(rng.integers(height))
        a, b = (int(v) for v in rng.integers(5, max(6, width // 3), 2))
        kind, fill = rng.integers(3), int(rng.choice([-1, 1, 3]))
        if kind == 0:
            cv2.rectangle(picture, (x, y), (x + a, y + b), colour(rng), fill)
        elif kind == 1:
            cv2.circle(picture, (x, y), a // 2, colour(rng), fill, cv2.LINE_AA)
        else:
            cv2.line(picture, (x, y), (x + a, y - b), colour(rng), 1 + int(rng.integers(6)), cv2.LINE_AA)
    return picture


def railings(rng: np.random.Generator, width: int, height: int) -> Picture:
    """Upright bars with rails across, before walls and dark openings: fences, balconies, gates. They were taken for barcodes."""
    picture = clouds(rng, width, height) if rng.random() < 0.5 else gradient(rng, width, height)
    for _ in range(int(rng.integers(0, 5))):  # windows and doors behind
        x, y = int(rng.integers(width)), int(rng.integers(height))
        far = x + int(rng.integers(20, width // 2)), y + int(rng.integers(20, height // 2))
        cv2.rectangle(picture, (x, y), far, colour(rng, 10, 90), -1)
    apart = float(np.exp(rng.uniform(np.log(5), np.log(36))))
    thick, shade = max(1, round(apart * rng.uniform(0.12, 0.55))), colour(rng, 0, 110)
    if rng.random() < 0.2:
        shade = colour(rng, 150, 255)
    top, slope = int(rng.integers(-height // 2, height // 2)), rng.normal(0, 0.05)
    bottom = top + int(rng.uniform(0.15, 1.5) * height)
    for x in np.arange(0, width, apart) + rng.uniform(0, apart):
        lean = slope * (bottom - top)
        cv2.line(picture, (round(x), top), (round(x + lean), bottom), shade, thick, cv2.LINE_AA)
    for share in rng.uniform(0, 1, int(rng.integers(0, 4))):
        y = round(top + share * (bottom - top))
        cv2.line(picture, (0, y), (width, y + round(rng.normal(0, 8))), shade, thick + 1, cv2.LINE_AA)
    return picture


def foliage(rng: np.random.Generator, width: int, height: int) -> Picture:
    """Trees, hedges, meadows: single leaves when they are near, a grain of light and shade when they are far."""
    return (far_leaves if rng.random() < 0.6 else near_leaves)(rng, width, height)


def near_leaves(rng: np.random.Generator, width: int, height: int) -> Picture:
    """Leaves in front of leaves, with sky or shade between them."""
    length = float(np.exp(rng.uniform(np.log(2.5), np.log(20.0))))  # a leaf's, in pixels
    shade, sky = np.float32(colour(rng, 5, 60)), np.float32(colour(rng, 150, 255))
    holes = clouds(rng, width, height).mean(axis=2, keepdims=True) > np.float32(rng.uniform(120, 245))
    picture = np.ascontiguousarray(np.where(holes, sky, shade).astype(np.uint8))
    green = _leaf_colour(rng)
    slope, spread = rng.uniform(0, 180), rng.uniform(10, 90)
    count = int(min(9000, rng.uniform(0.5, 1.4) * width * height / length**2))
    lights = rng.uniform(0.15, 2.2, count)
    for light in lights if rng.random() < 0.5 else np.sort(lights):
        centre = int(rng.integers(width)), int(rng.integers(height))
        axes = tuple(max(1, int(length * rng.uniform(*span))) for span in ((0.5, 1.2), (0.15, 0.5)))
        hue = tuple(float(v) for v in (green * light + rng.normal(0, 12, 3)).clip(0, 255))
        turn = slope + spread * rng.normal()
        cv2.ellipse(picture, centre, axes, turn, 0, 360, hue, -1, cv2.LINE_AA)
    return picture


def far_leaves(rng: np.random.Generator, width: int, height: int) -> Picture:
    """Leaves that are a pixel or a few: dark, nearly without colour, with lights on them, denser here and thinner there."""
    grain = np.zeros((height, width), np.float32)
    for sigma in rng.uniform(0.8, 5.0, int(rng.integers(1, 4))):
        noise = cv2.GaussianBlur(rng.normal(0, 1, (height, width)).astype(np.float32), (0, 0), float(sigma))
        grain += noise / noise.std() * rng.uniform(0.3, 1.0)
    crown = cv2.resize(
        rng.normal(0, 1, (6, 6)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC
    )
    light = np.exp(rng.uniform(0.4, 1.1) * grain + rng.uniform(0.2, 0.9) * crown)  # few lights, much shade
    tint = _leaf_colour(rng) + cv2.resize(
        rng.normal(0, 8, (height // 3, width // 3, 3)).astype(np.float32), (width, height)
    )
    picture = light[..., None] / light.mean() * tint * rng.uniform(0.3, 1.0)
    return np.asarray((picture + rng.uniform(0, 35)).clip(0, 255).astype(np.uint8))


def _leaf_colour(rng: np.random.Generator) -> NDArray[np.float32]:
    """Of leaves in light, BGR float32: from nearly grey, as distance and haze make them, to a full green or autumn's red."""
    full = np.float32([rng.uniform(10, 80), rng.uniform(60, 170), rng.uniform(30, 150)])
    grey = np.full(3, full.mean(), np.float32) * np.float32([rng.uniform(0.8, 1.2), 1, rng.uniform(0.9, 1.1)])
    share = np.float32(rng.uniform(0, 1))
    return share * full + (1 - share) * grey


BACKGROUNDS: tuple[Surface, ...] = (paper, gradient, clouds, text_page, shapes, bricks, coins, coins)
HARD_NEGATIVES: tuple[Surface, ...] = (
    text_page,
    stripes,
    grid,
    crossword,
    keyboard,
    dots,
    coins,
    coins,  # twice: what was taken for a code more often than anything else
    pixel_noise,
    bricks,
    shapes,
)
#: On a small card random cells are what a data matrix looks like from afar: there they only blur the class.
CARDS: tuple[Surface, ...] = tuple(surface for surface in HARD_NEGATIVES if surface is not pixel_noise)
