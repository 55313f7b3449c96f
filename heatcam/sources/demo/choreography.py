"""Motion of the cards: slowly around an ellipse, with small turns and tilts of each card, and a flip now and then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from heatcam.sources.demo.perspective import Pose

FLIP_EVERY_S: Final = 12.0  # a card turns over and shows its next marker
FLIP_S: Final = 1.1
_LAP_S = 52.0
_REACH = (0.362, 0.272)  # half the ellipse's axes, in shares of width and height
_REFERENCE_HEIGHT = 720.0  # the speeds and sizes below are for a picture of this height


@dataclass(frozen=True)
class CardMoment:
    """State of one card at one moment: the number of the print that is up, and the pose in the picture's pixels."""

    edition: int
    pose: Pose


def card_moment(number: int, count: int, time_s: float, size_wh: tuple[int, int], seed: int) -> CardMoment:
    """Return the state of card ``number`` of ``count`` at ``time_s`` seconds in a picture of ``size_wh`` pixels."""
    phase = _phases(seed, number)
    edition, flip = _flip(time_s + FLIP_EVERY_S * (number + 0.5) / count)
    width, height = size_wh
    along_x, along_y = _on_the_round(number / count + time_s / _LAP_S + phase[0] / 250)
    x = width * (0.5 + along_x + 0.008 * np.sin(0.61 * time_s + phase[1]))
    y = height * (0.5 + along_y + 0.012 * np.sin(0.83 * time_s + phase[2]))
    breath = 0.84 + 0.08 * np.sin(0.41 * time_s + phase[3])
    pose = Pose(
        centre_xy=(float(x), float(y)),
        scale=float(min(height / _REFERENCE_HEIGHT, width / 1280.0) * breath),
        roll=float(0.24 * np.sin(0.37 * time_s + phase[4])),
        pitch=float(0.46 * np.sin(0.53 * time_s + phase[5])),
        yaw=float(0.46 * np.sin(0.47 * time_s + phase[6]) + flip),
        focal_px=1.35 * height,
    )
    return CardMoment(edition, pose)


def _flip(time_s: float) -> tuple[int, float]:
    """Return the number of flips before ``time_s``, and the angle that the current flip adds, in radians.

    The print changes when the card is seen edge-on: it turns away to 90 degrees and comes back from -90.
    """
    edition, within_s = divmod(time_s, FLIP_EVERY_S)
    half = FLIP_S / 2
    if within_s < half:
        return int(edition), -np.pi / 2 * (1 - _ease(within_s / half))
    left_s = FLIP_EVERY_S - within_s
    if left_s < half:
        return int(edition), np.pi / 2 * (1 - _ease(left_s / half))
    return int(edition), 0.0


def _on_the_round(laps: float) -> tuple[float, float]:
    """Return the point after ``laps`` laps around an ellipse, in shares of width and height from the picture's centre.

    Equal laps are equal distances (seen at 16:9), so that cards that start evenly spaced stay so and never cover each other.
    """
    angles, ways = _ROUND
    angle = float(np.interp(laps % 1.0, ways, angles))
    return _REACH[0] * float(np.cos(angle)), _REACH[1] * float(np.sin(angle))


def _measure_round() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return angles around the ellipse and the share of its circumference up to each."""
    angles = np.linspace(0, 2 * np.pi, 361)
    points = np.column_stack([16 * _REACH[0] * np.cos(angles), 9 * _REACH[1] * np.sin(angles)])
    steps = np.hypot(*np.diff(points, axis=0).T)
    return angles, np.concatenate([[0.0], np.cumsum(steps) / steps.sum()])


def _ease(share: float) -> float:
    """Ease out along the first quarter of a sine: fast at 0, at rest at 1."""
    return float(np.sin(np.pi / 2 * share))


def _phases(seed: int, number: int) -> list[float]:
    return [float(value) for value in np.random.default_rng([seed, number]).uniform(0, 2 * np.pi, 7)]


_ROUND: Final = _measure_round()
