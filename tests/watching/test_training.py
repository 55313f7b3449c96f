"""A real training of a tiny detector, watched and not: the same to the bit, and everything is in its folder."""

from __future__ import annotations

import csv
import random
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

import heatcam
from heatcam.frames import Explanation, Frame
from heatcam.watching.ema import EmaExplainer
from tests.watching.runs import dataset, picture, tiny_yolo, train


class Trained(NamedTuple):
    trainer: Any
    random_numbers: tuple[Any, ...]
    settings: tuple[Any, ...]
    results: str

    @property
    def folder(self) -> Path:
        return Path(self.trainer.save_dir) / "heatcam"


def settings() -> tuple[Any, ...]:
    cudnn = torch.backends.cudnn
    flags = cudnn.benchmark, cudnn.deterministic, torch.are_deterministic_algorithms_enabled()
    return *flags, torch.get_num_threads(), torch.is_grad_enabled(), torch.get_default_dtype()


def meddling(explainer: EmaExplainer, frame: Frame) -> Explanation:
    """Explain, and change all that a training could notice."""
    found = EXPLAIN(explainer, frame)
    random.random(), np.random.rand(3), torch.rand(3)
    torch.backends.cudnn.benchmark = not torch.backends.cudnn.benchmark
    torch.use_deterministic_algorithms(False)
    torch.set_grad_enabled(False)
    torch.set_num_threads(2 if torch.get_num_threads() == 1 else 1)
    return found


EXPLAIN = EmaExplainer.explain


def trained(folder: Path, *, watched: bool) -> Trained:
    yolo = tiny_yolo(folder)
    seen: list[Any] = []
    if watched:
        heatcam.watch(yolo, [picture(7), picture(8, (64, 96))], every=1, imgsz=64)
    yolo.add_callback("on_fit_epoch_end", lambda _: seen.append(settings()))
    trainer = train(yolo, dataset(folder / "data"), folder)
    numbers = random.getstate(), str(np.random.get_state()[1:]), torch.get_rng_state().tolist()
    return Trained(trainer, numbers, tuple(seen), (folder / "run" / "results.csv").read_text())


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Trained, Trained]:
    """The same training with and without."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(EmaExplainer, "explain", meddling)
        watched = trained(tmp_path_factory.mktemp("watched"), watched=True)
    return watched, trained(tmp_path_factory.mktemp("plain"), watched=False)


def tensors(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return [tensor for each in values for tensor in tensors(each)]


@pytest.mark.parametrize("part", ["model", "ema", "optimizer"])
def test_weights_averages_and_the_optimizers_state_are_the_same_to_the_bit(
    pair: tuple[Trained, Trained], part: str
) -> None:
    states = [getattr(one.trainer, part) for one in pair]
    one, other = (tensors((state.ema if part == "ema" else state).state_dict()) for state in states)
    assert len(one) == len(other) > 20
    assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_random_numbers_flags_and_threads_are_as_without(pair: tuple[Trained, Trained]) -> None:
    watched, plain = pair
    assert watched.random_numbers == plain.random_numbers
    assert watched.settings == plain.settings


def test_results_and_metrics_are_as_without(pair: tuple[Trained, Trained]) -> None:
    watched, plain = pair
    without_time = [[row.split(",")[2:] for row in one.results.splitlines()] for one in pair]
    assert without_time[0] == without_time[1]
    assert watched.trainer.metrics == plain.trainer.metrics


def test_the_networks_have_no_hooks_and_learn_what_they_learned(pair: tuple[Trained, Trained]) -> None:
    networks = [network for one in pair for network in (one.trainer.model, one.trainer.ema.ema)]
    for network in networks:
        assert not any(
            m._forward_hooks or m._forward_pre_hooks or m._backward_hooks for m in network.modules()
        )
    learnt = [[p.requires_grad for p in network.parameters()] for network in networks]
    assert learnt[:2] == learnt[2:]
    assert [network.training for network in networks[:2]] == [network.training for network in networks[2:]]


def test_the_folder_has_a_strip_and_a_film_of_each_picture(pair: tuple[Trained, Trained]) -> None:
    folder = pair[0].folder
    for name in ("probe7", "probe8"):
        assert cv2.imread(str(folder / f"heat-{name}.png")) is not None
        film = cv2.VideoCapture(str(folder / f"heat-{name}.mp4"))
        assert film.get(cv2.CAP_PROP_FRAME_COUNT) == 3 + 3  # the last look is held
    assert not [path for path in folder.rglob("*") if path.suffix == ".part"]
    assert not pair[1].folder.exists()


def test_the_energies_stand_in_the_csv_file_by_epoch(pair: tuple[Trained, Trained]) -> None:
    rows = list(csv.DictReader((pair[0].folder / "energy.csv").read_text().splitlines()))
    assert [(row["epoch"], row["picture"]) for row in rows] == [
        (str(epoch), name) for epoch in range(3) for name in ("probe7", "probe8")
    ]
    assert all(int(row["objects"]) > 0 and 0 < float(row["energy_in_box"]) <= 1 for row in rows)


def test_the_maps_change_with_the_weights(pair: tuple[Trained, Trained]) -> None:
    looks = [np.load(pair[0].folder / "maps" / "probe7" / f"epoch-0000{n}.npz")["cells"] for n in range(3)]
    assert not np.array_equal(looks[0], looks[1]) and not np.array_equal(looks[1], looks[2])


def test_the_last_maps_are_those_of_the_checkpoint(pair: tuple[Trained, Trained]) -> None:
    """The checkpoint has the weights in half precision, so that boxes near the threshold may differ."""
    model = heatcam.load(str(pair[0].trainer.last), quality="fine")
    found = model.explain(picture(7))
    with np.load(pair[0].folder / "maps" / "probe7" / "epoch-00002.npz") as kept:
        assert found.saliency is not None
        cells = kept["cells"]
    assert cells.shape == found.saliency.values.shape
    assert np.corrcoef(cells.ravel(), found.saliency.values.ravel())[0, 1] > 0.98
