"""Trials of several objects in turn, scored in batches, with a look at them after each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from heatcam.errors import MapError
from heatcam.geometry import Float32Array, Uint8Array
from heatcam.perturbation.refinement import MaskTrial, ObjectTrials

_ROUNDING = 0.02  # of scores in bfloat16
#: Scores pictures, uint8 ``(B, h, w, 3)`` BGR of one size, by the objects that are asked about in them: boxes, float32 ``(B, 4)``
#: xyxy in their pixels, and classes, one a picture. Returns scores, float32 ``(B,)`` in ``[0, 1]``.
Score = Callable[[Uint8Array, Float32Array, Sequence[int]], Float32Array]


@dataclass(frozen=True)
class Progress:
    """Progress of trials.

    Attributes:
        done, total: trials of all objects.
    """

    done: int
    total: int


def refine(refinements: Sequence[ObjectTrials], score: Score, trials: int, batch: int) -> Iterator[Progress]:
    """Make trials until each object has had so many, and yield after each batch.

    Whoever iterates may stop at any time: every trial that was made is in the refinements then, and another call goes on.

    Args:
        refinements: one an object, all of crops of one size; what they have learned is in them.
        score: scores a batch.
        trials: of each object, those of earlier calls included.
        batch: pictures in a batch; batches have pictures of several objects where one object has too few.

    Raises:
        MapError: ``score`` gives what cannot be scores.
    """
    total = trials * len(refinements)
    waiting: list[tuple[ObjectTrials, MaskTrial]] = []
    for refinement, asked in _in_turn(refinements, trials):
        waiting += [(refinement, trial) for trial in asked]
        while len(waiting) >= batch:
            _made(waiting[:batch], score)
            waiting = waiting[batch:]
            yield Progress(sum(min(one.trials, trials) for one in refinements), total)
    if waiting:
        _made(waiting, score)
        yield Progress(total, total)


def _in_turn(
    refinements: Sequence[ObjectTrials], trials: int
) -> Iterator[tuple[ObjectTrials, list[MaskTrial]]]:
    """Yield an object and its next trials, one object after the other, until each has asked for enough."""
    asked = {id(one): one.trials for one in refinements}
    while left := [one for one in refinements if asked[id(one)] < trials]:
        for one in left:
            made = one.ask()[: trials - asked[id(one)]]
            asked[id(one)] += len(made)
            yield one, made


def _made(waiting: Sequence[tuple[ObjectTrials, MaskTrial]], score: Score) -> None:
    """Score some trials in one batch and tell each object its own."""
    pictures = np.stack([refinement.picture(trial) for refinement, trial in waiting])
    boxes = np.stack([refinement.subject.box_xyxy for refinement, _ in waiting])
    scores = score(pictures, boxes, [refinement.subject.class_id for refinement, _ in waiting])
    _require_scores(scores, len(waiting))
    for refinement in dict.fromkeys(one for one, _ in waiting):
        own = [n for n, (other, _) in enumerate(waiting) if other is refinement]
        refinement.tell([waiting[n][1] for n in own], [float(scores[n]) for n in own])


def _require_scores(scores: Float32Array, count: int) -> None:
    """Refuse what cannot be scores, before a map is made of it.

    Raises:
        MapError: there are not ``count``, or one is no number in ``[0, 1]``, but for rounding.
    """
    if scores.shape != (count,) or not ((scores >= -_ROUNDING) & (scores <= 1 + _ROUNDING)).all():
        raise MapError("the network gave scores for the trials that are no numbers from 0 to 1")
