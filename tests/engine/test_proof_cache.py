"""A proof that held is not repeated; any other weights, ways or versions are proved anew."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from heatcam.engine import fingerprint, proof_cache
from heatcam.engine.gradients import GradientEngine
from heatcam.engine.network import TappedNetwork
from heatcam.engine.proof_cache import PROOFS_FILE, prove_once
from heatcam.engine.targets import chosen_target
from heatcam.errors import ModelError
from tests.nets import engine_of, fresh_network, picture

SMALL = picture(96, 128)


@pytest.fixture
def proved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[GradientEngine]:
    """The engines that were really proved, in a cache of this test's own."""
    monkeypatch.setenv("HEATCAM_CACHE_DIR", str(tmp_path))
    done: list[GradientEngine] = []
    really = proof_cache.verify
    monkeypatch.setattr(proof_cache, "verify", lambda engine, x: (done.append(engine), really(engine, x))[1])
    return done


def test_the_same_network_is_proved_once(proved: list[GradientEngine]) -> None:
    for _ in range(2):
        prove_once(engine_of(fresh_network("tiny")), SMALL)
    assert len(proved) == 1


def test_weights_that_change_by_one_number_are_proved_anew(proved: list[GradientEngine]) -> None:
    network = copy.deepcopy(fresh_network("tiny"))
    prove_once(engine_of(network), SMALL)
    next(network.parameters())[0, 0, 0, 0] += 1e-3
    prove_once(engine_of(network), SMALL)
    assert len(proved) == 2


def test_another_map_target_or_picture_size_is_proved_anew(proved: list[GradientEngine]) -> None:
    network = fresh_network("tiny")
    for engine, example in (
        (engine_of(network), SMALL),
        (engine_of(network, fine=True), SMALL),
        (engine_of(network), picture(128, 128)),
        *((with_target(network, side), SMALL) for side in ("box", "box:left", "box:top")),
    ):
        prove_once(engine, example)
    assert len(proved) == 6


def with_target(network: torch.nn.Module, name: str) -> GradientEngine:
    cut = TappedNetwork(network)
    return GradientEngine(cut, torch.device("cpu"), target=chosen_target(name, cut.head))


@pytest.mark.parametrize(
    ("where", "what"), [("CACHE_VERSION", 10**6), ("processor", lambda: "another"), ("torch", None)]
)
def test_other_versions_and_processors_are_proved_anew(
    proved: list[GradientEngine], monkeypatch: pytest.MonkeyPatch, where: str, what: Any
) -> None:
    prove_once(engine_of(fresh_network("tiny")), SMALL)
    if where == "torch":
        monkeypatch.setattr(torch, "__version__", "0.0")
    else:
        monkeypatch.setattr(fingerprint, where, what)
    prove_once(engine_of(fresh_network("tiny")), SMALL)
    assert len(proved) == 2


def test_what_fell_back_is_proved_and_said_again(
    proved: list[GradientEngine],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    def refuses(*_: object) -> None:
        raise RuntimeError("a view of a leaf is changed in place")

    for _ in range(2):
        engine = engine_of(fresh_network("tiny"))
        monkeypatch.setattr(engine, "by_patches", refuses)
        prove_once(engine, SMALL)
        assert not engine.uses_patches
    assert len(proved) == 2
    assert caplog.text.count("using dense autograd") == 2
    assert not (tmp_path / PROOFS_FILE).exists()


def test_a_network_without_a_gradient_is_refused_every_time(proved: list[GradientEngine]) -> None:
    network = copy.deepcopy(fresh_network("tiny"))
    network.model[6].forward = lambda x: x[:, :32].detach() * 1
    for _ in range(2):
        with pytest.raises(ModelError, match="lets no gradient through"):
            prove_once(engine_of(network), SMALL)


@pytest.mark.parametrize("text", ["[]", "{half", '{"key": 1}'])
def test_a_spoiled_memory_is_proved_anew(proved: list[GradientEngine], tmp_path: Path, text: str) -> None:
    (tmp_path / PROOFS_FILE).write_text(text)
    prove_once(engine_of(fresh_network("tiny")), SMALL)
    assert len(proved) == 1
    assert len(json.loads((tmp_path / PROOFS_FILE).read_text())) >= 1
