"""What a training could notice of other work is as before after a block, also after one that fails."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
import torch

from heatcam.watching.undisturbed import undisturbed

CPU = torch.device("cpu")


def state() -> tuple[Any, ...]:
    cudnn = torch.backends.cudnn
    return (
        random.getstate(),
        str(np.random.get_state()[1:]),
        torch.get_rng_state().tolist(),
        (cudnn.enabled, cudnn.benchmark, cudnn.deterministic, cudnn.allow_tf32),
        torch.backends.cuda.matmul.allow_tf32,
        torch.are_deterministic_algorithms_enabled(),
        torch.get_default_dtype(),
        torch.is_grad_enabled(),
        torch.get_num_threads(),
    )


def meddle() -> None:
    random.random(), np.random.rand(5), torch.rand(5)
    for name in ("enabled", "benchmark", "deterministic", "allow_tf32"):
        setattr(torch.backends.cudnn, name, not getattr(torch.backends.cudnn, name))
    torch.backends.cuda.matmul.allow_tf32 = not torch.backends.cuda.matmul.allow_tf32
    torch.use_deterministic_algorithms(not torch.are_deterministic_algorithms_enabled(), warn_only=True)
    torch.set_default_dtype(torch.float64)
    torch.set_grad_enabled(False)
    torch.set_num_threads(torch.get_num_threads() + 1)


def test_all_is_as_before() -> None:
    before = state()
    with undisturbed(CPU):
        meddle()
        during = state()
    assert state() == before
    assert [a != b for a, b in zip(before, during, strict=True)] == [True] * len(before)


def test_all_is_as_before_also_after_a_fault() -> None:
    before = state()
    with pytest.raises(RuntimeError), undisturbed(CPU):
        meddle()
        raise RuntimeError
    assert state() == before


def test_gradients_are_on_within_whatever_the_trainer_had() -> None:
    with torch.no_grad():
        with undisturbed(CPU):
            assert torch.is_grad_enabled()
        assert not torch.is_grad_enabled()
