"""Pictures of several threads in one batch, each caller with its own part."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor

from heatcam.engine.gathering import Below, Gatherer


class Doubling:
    """A stand-in for a network: doubles pictures, and notes the batches that come."""

    def __init__(self) -> None:
        self.batches: list[tuple[int, ...]] = []

    def __call__(self, pictures: Tensor) -> Below:
        self.batches.append(tuple(pictures.shape))
        if pictures.isnan().any():
            raise ValueError("not a picture")
        return pictures * 2, (pictures + 1, pictures[:, :1])


def at_once(gathered: Gatherer, pictures: list[Tensor]) -> list[Below]:
    start = threading.Barrier(len(pictures))

    def one(picture: Tensor) -> Below:
        start.wait()
        return gathered(picture)

    with ThreadPoolExecutor(len(pictures)) as pool:
        return [found.result() for found in [pool.submit(one, picture) for picture in pictures]]


def test_pictures_of_one_moment_run_in_one_batch_and_each_caller_has_its_own_part(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("heatcam.engine.gathering._WAIT_S", 60.0)  # (a complete batch does not wait)
    below = Doubling()
    pictures = [torch.full((1, 3, 4, 4), float(n)) for n in range(3)]
    found = at_once(Gatherer(below, 3), pictures)
    assert below.batches == [(3, 3, 4, 4)]
    for picture, (leaf, (across, first)) in zip(pictures, found, strict=True):
        assert torch.equal(leaf, picture * 2)
        assert torch.equal(across, picture + 1)
        assert torch.equal(first, picture[:, :1])


def test_sizes_run_apart_and_a_lone_picture_does_not_wait_for_ever() -> None:
    below = Doubling()
    gathered = Gatherer(below, 2)
    found = at_once(gathered, [torch.zeros(1, 3, 4, 4), torch.ones(1, 3, 8, 4)])
    assert [tuple(leaf.shape) for leaf, _ in found] == [(1, 3, 4, 4), (1, 3, 8, 4)]
    assert torch.equal(gathered(torch.ones(1, 3, 4, 4))[0], torch.full((1, 3, 4, 4), 2.0))


def test_an_error_reaches_every_caller_and_the_next_pictures_run_again() -> None:
    gathered = Gatherer(Doubling(), 1)
    with pytest.raises(ValueError, match="not a picture"):
        gathered(torch.full((1, 3, 4, 4), torch.nan))
    assert torch.equal(gathered(torch.zeros(1, 3, 4, 4))[0], torch.zeros(1, 3, 4, 4))
