"""Which network is it? Told by its numbers, read once as long as nothing was written to it."""

from __future__ import annotations

import copy

import pytest
import torch

from heatcam.engine import fingerprint
from heatcam.engine.fingerprint import hash_of, runs_on
from tests.nets import fresh_network


def test_a_network_is_read_once_and_again_after_each_change(monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    really = fingerprint._digest
    monkeypatch.setattr(fingerprint, "_digest", lambda n, s: (read.append(n), really(n, s))[1])
    network = copy.deepcopy(fresh_network("tiny"))
    first = hash_of(network)
    assert hash_of(network) == first and len(read) == 1
    weights = next(network.parameters())
    with torch.no_grad():
        weights[0] += 1  # in place
    second = hash_of(network)
    network.load_state_dict(fresh_network("tiny").state_dict())
    assert len({first, second}) == 2
    assert hash_of(network) == first
    weights.data = weights.data * 2  # another tensor
    assert hash_of(network) not in {first, second}
    assert len(read) == 4


def test_a_copy_has_the_same_hash_and_a_changed_copy_another() -> None:
    network = fresh_network("tiny")
    first = hash_of(network)
    copied = copy.deepcopy(network)
    assert hash_of(copied) == first
    with torch.no_grad():
        next(copied.parameters()).mul_(1.001)
    assert hash_of(copied) != first
    assert hash_of(network) == first


def test_the_instructions_that_may_be_used_belong_to_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = torch.device("cpu")
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
    before = runs_on(cpu)
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    limited = runs_on(cpu)
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "DEFAULT")
    assert len({before, limited, runs_on(cpu)}) == 3
