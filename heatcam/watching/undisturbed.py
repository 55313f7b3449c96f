"""A training's state that is not in its objects: random numbers, flags and threads of the process, kept around other work."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch


@contextmanager
def undisturbed(device: torch.device) -> Iterator[None]:
    """Restore the states of random numbers, flags of torch and its number of threads after a block, however it ends.

    Args:
        device: of the training; other devices are not asked, which would take memory on them.
    """
    before = [(put, get()) for get, put in (*_RANDOM, *_of_device(device), *_FLAGS)]
    with ExitStack() as stack:
        for put, state in before:
            stack.callback(put, state)
        stack.enter_context(torch.enable_grad())
        yield


def _of_device(device: torch.device) -> list[tuple[Callable[[], Any], Callable[[Any], Any]]]:
    """Return functions that read and write the accelerator's random numbers; none for the CPU."""
    if device.type == "cuda":
        cuda = torch.cuda
        return [(lambda: cuda.get_rng_state(device), lambda state: cuda.set_rng_state(state, device))]
    if device.type == "mps":
        return [(torch.mps.get_rng_state, torch.mps.set_rng_state)]
    return []


def _flag(owner: Any, name: str) -> tuple[Callable[[], Any], Callable[[Any], Any]]:
    return lambda: getattr(owner, name), lambda value: setattr(owner, name, value)


def _deterministic() -> tuple[bool, bool]:
    return (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )


def _set_threads(count: int) -> None:
    if torch.get_num_threads() != count:
        torch.set_num_threads(count)


#: Functions that read a state, and those that write it.
_RANDOM: tuple[tuple[Callable[[], Any], Callable[[Any], Any]], ...] = (
    (random.getstate, random.setstate),
    (np.random.get_state, np.random.set_state),
    (torch.get_rng_state, torch.set_rng_state),
)
_FLAGS: tuple[tuple[Callable[[], Any], Callable[[Any], Any]], ...] = (
    *(_flag(torch.backends.cudnn, name) for name in ("enabled", "benchmark", "deterministic", "allow_tf32")),
    _flag(torch.backends.cuda.matmul, "allow_tf32"),
    (_deterministic, lambda state: torch.use_deterministic_algorithms(state[0], warn_only=state[1])),
    (torch.get_default_dtype, torch.set_default_dtype),
    (torch.is_grad_enabled, torch.set_grad_enabled),
    (torch.get_num_threads, _set_threads),
)
