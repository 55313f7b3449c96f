"""OpenVINO's two passes against torch's, its shapes, its cache, and what happens when it is wrong."""
# ruff: noqa: E402 (what follows needs OpenVINO)

from __future__ import annotations

import locale
import logging
import shutil
import tempfile
from pathlib import Path

import pytest
import torch

openvino = pytest.importorskip("openvino")

from heatcam.engine import conversion, openvino_passes, tracing
from heatcam.engine.boxes import KeptBoxes, Thresholds
from heatcam.engine.gradients import GradientEngine
from heatcam.engine.interface import Forward
from heatcam.engine.network import TappedNetwork
from heatcam.engine.openvino_passes import SHAPES_IN_A_ROW, OpenVinoPasses
from heatcam.engine.passes import TorchPasses
from heatcam.engine.preprocessing import picture_tensor, real_picture
from heatcam.engine.verification import verify
from heatcam.geometry import Letterbox
from heatcam.models.loading import load_model
from tests.nets import (
    COCO_CHECKPOINT,
    FAMILIES,
    SEED,
    engine_of,
    fresh_network,
    needs_coco,
    picture,
    strongest,
)
from tests.rounding import Reference, reference_gradients

LOW = Thresholds(conf=0.05, iou=0.5)
CPU = torch.device("cpu")
#: Random weights magnify the rounding of float32, some a thousandfold (``tests.rounding``); a trained network keeps to 1e-3
#: (last test).
ILL_CONDITIONED = 1e-1


#: Where ``tiny`` and its like are converted once for all tests that do not look at the cache themselves.
_FOLDER = tempfile.TemporaryDirectory(prefix="heatcam-test-")
SHARED = Path(_FOLDER.name)


def compiled_engine(
    family: str, *, fine: bool = False, cache: Path | None = None, tolerance: float = 1e-2
) -> GradientEngine:
    cut = TappedNetwork(fresh_network(family), fine=fine)
    passes = OpenVinoPasses(cut, "fp32", cache)
    passes.tolerance = tolerance
    return GradientEngine(cut, CPU, passes)


def reference_of(engine: GradientEngine, boxes: KeptBoxes) -> Reference:
    """The exact gradient of the boxes' class logits at the engine's taps, and what rounding may make of it."""
    cut = engine.cut
    return reference_gradients(cut.network, picture(), boxes.anchors, boxes.class_ids, cut.tapped)


#: What each kind of network has that none other has: SPPF and the first levels (fine), attention, and no suppression; the trained
#: YOLOv8 of the last tests is compiled too. The rest is in `make soak` and `make processors`.
EACH_KIND = (("yolov8n", True), ("yolo12n", False), ("yolo26n-end2end", False))


@pytest.mark.parametrize(
    ("family", "fine"),
    [
        pytest.param(*one, marks=() if one in EACH_KIND else pytest.mark.soak)
        for one in [*((family, False) for family in FAMILIES), ("yolov8n", True), ("yolo11n", True)]
    ],
    ids=lambda value: {True: "fine", False: "live"}.get(value, value),
)
def test_compiled_gradients_are_proved_and_equal_torchs(family: str, fine: bool) -> None:
    engine, plain = (
        compiled_engine(family, fine=fine, tolerance=ILL_CONDITIONED),
        engine_of(fresh_network(family), fine=fine),
    )
    assert verify(engine, picture()) < ILL_CONDITIONED
    assert engine.name == "openvino fp32"
    ours, exact = (e.forward(picture(), LOW, with_graph=True) for e in (engine, plain))
    mine, theirs = (set(forward.boxes.anchors.tolist()) for forward in (ours, exact))
    assert len(mine ^ theirs) <= max(
        2, 0.05 * len(theirs)
    )  # near ties at the edge of suppression may fall either way
    reference = reference_of(engine, exact.boxes)
    assert (
        reference.bound < ILL_CONDITIONED or SEED
    )  # (other weights may be worse conditioned: 0.14 with one seed of 20)
    assert reference.error_of(plain.summed_gradient(exact)) < reference.bound
    assert reference.error_of(engine.summed_gradient(Forward(ours.inputs, exact.boxes))) < reference.bound


def test_each_object_has_its_own_gradient() -> None:
    engine, plain = compiled_engine("tiny", cache=SHARED), engine_of(fresh_network("tiny"))
    ours, exact = (e.forward(picture(), LOW, with_graph=True) for e in (engine, plain))
    exact = strongest(exact)
    compiled = dict(engine.object_gradients(Forward(ours.inputs, exact.boxes)))
    assert sorted(compiled) == list(range(len(exact.boxes)))
    for number, gradients in compiled.items():
        reference = reference_of(engine, exact.boxes.only(slice(number, number + 1)))
        assert reference.error_of(gradients) < reference.bound


def test_a_wrong_compiled_gradient_is_noticed_and_torch_takes_over(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    engine = compiled_engine("tiny", cache=SHARED)
    real = OpenVinoPasses.vjp
    monkeypatch.setattr(OpenVinoPasses, "vjp", lambda *a: tuple(1.05 * gradient for gradient in real(*a)))
    with caplog.at_level(logging.WARNING):
        assert verify(engine, picture()) > 1e-2
    assert [r.levelname for r in caplog.records] == ["WARNING"]
    assert "openvino fp32 gradients differ" in caplog.text
    assert isinstance(engine.passes, TorchPasses)
    assert engine.uses_patches


def test_a_network_that_openvino_cannot_translate_runs_in_torch(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tracing, "inference_only", dict)
    engine = compiled_engine("tiny")
    with caplog.at_level(logging.WARNING):
        verify(engine, picture())
    assert [r.levelname for r in caplog.records] == ["WARNING"]
    assert "openvino fp32 cannot run this network" in caplog.text
    assert engine.name == "torch"
    assert verify(engine, picture()) < 1e-4


def test_torch_keeps_to_one_thread_beside_openvino_and_has_all_for_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads = torch.get_num_threads()
    engine, seen = compiled_engine("tiny", cache=SHARED), {}
    torchs_own = engine.passes._torch.forward
    monkeypatch.setattr(
        engine.passes._torch,
        "forward",
        lambda *a, **k: seen.update(torch=torch.get_num_threads()) or torchs_own(*a, **k),
    )
    with engine.exclusive_threads():
        engine.forward(picture(), LOW, with_graph=True)
        seen["beside"] = torch.get_num_threads()
        monkeypatch.setattr(engine.passes, "_for_shape", lambda *_: None)
        engine.forward(picture(), LOW, with_graph=True)
    assert seen == {"beside": 1, "torch": threads}
    assert torch.get_num_threads() == threads


def test_a_second_start_reads_the_converted_models_and_gives_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gradient() -> torch.Tensor:
        engine = compiled_engine("tiny", cache=tmp_path)
        return engine.summed_gradient(engine.forward(picture(), LOW, with_graph=True))[0]

    first = gradient()
    stored = {path.name for path in tmp_path.iterdir()}
    assert {Path(name).suffix for name in stored} == {".xml", ".bin", ".blob"}

    def no_conversion(*_: object) -> None:
        raise AssertionError("converted again")

    monkeypatch.setattr(conversion, "convert", no_conversion)
    assert torch.allclose(gradient(), first, atol=1e-5)
    assert {path.name for path in tmp_path.iterdir()} == stored


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, torch.Tensor]:
    """A cache that holds what ``tiny`` was converted to, and the boxes that were found."""
    folder = tmp_path_factory.mktemp("cache")
    first = compiled_engine("tiny", cache=folder)
    return folder, first.forward(picture(), LOW, with_graph=False).boxes.xyxy.clone()


@pytest.mark.parametrize("kind", [".xml", ".bin", ".blob"])
def test_a_spoiled_file_in_the_cache_is_made_anew(
    converted: tuple[Path, torch.Tensor], tmp_path: Path, kind: str
) -> None:
    folder, exact = converted
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    spoiled = list(tmp_path.glob(f"*{kind}"))
    assert spoiled
    for path in spoiled:
        path.chmod(0o600)
        path.write_text("<net")
    again = compiled_engine("tiny", cache=tmp_path)
    assert torch.allclose(again.forward(picture(), LOW, with_graph=False).boxes.xyxy, exact, atol=1e-3)
    if kind == ".xml":
        assert all(path.stat().st_size > 1000 for path in tmp_path.glob("*.xml"))


def test_a_later_shape_whose_gradient_is_wrong_is_left_to_torch_with_one_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    engine, plain = compiled_engine("tiny", cache=SHARED), engine_of(fresh_network("tiny"))
    verify(engine, picture())
    real, converted = engine.passes._converted, []

    def wrong(x: torch.Tensor) -> object:
        converted.append(1)
        compiled = real(x)
        right = compiled.vjp
        compiled.vjp = lambda *a: tuple(1.05 * t for t in right(*a))
        return compiled

    monkeypatch.setattr(engine.passes, "_converted", wrong)
    other = picture(128, 192)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            ours = engine.forward(other, LOW, with_graph=True)
            exact = plain.forward(other, LOW, with_graph=True)
            assert torch.allclose(engine.summed_gradient(ours)[0], plain.summed_gradient(exact)[0], atol=1e-5)
    assert len(converted) == 1
    assert [r.levelname for r in caplog.records] == ["WARNING"]
    assert "cannot run pictures of 192x128 (its gradient differs from autograd by" in caplog.text
    assert engine.name == "openvino fp32"


def test_the_locale_that_threads_of_openvino_leave_behind_is_set_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = locale.setlocale(locale.LC_ALL)
    passes = OpenVinoPasses(TappedNetwork(fresh_network("tiny")), "fp32", None)
    monkeypatch.setattr(passes, "_request", lambda _: locale.setlocale(locale.LC_ALL, "C"))
    passes._compiled_of([None, None])
    after = locale.setlocale(locale.LC_ALL)
    locale.setlocale(locale.LC_ALL, before)
    assert after == before


def test_other_weights_are_another_model_in_the_cache(tmp_path: Path) -> None:
    for seed in (0, 5):
        cut = TappedNetwork(fresh_network("tiny", seed=seed))
        OpenVinoPasses(cut, "fp32", tmp_path).forward(picture(), with_graph=True)
    assert len(list(tmp_path.glob("forward-*.xml"))) == 2


def test_a_folder_that_cannot_be_written_to_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    engine = compiled_engine("tiny", cache=tmp_path / "file" / "cache")
    assert len(engine.forward(picture(), LOW, with_graph=False).boxes) > 0


def test_pictures_that_keep_changing_their_shape_are_not_compiled_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cut = TappedNetwork(fresh_network("tiny"))
    passes = OpenVinoPasses(cut, "fp32", None)
    compiled = []

    def compile_nothing(shape: tuple[int, ...], _picture: torch.Tensor) -> bool:
        compiled.append(shape[2:])
        passes._compiled[shape] = None
        return True

    monkeypatch.setattr(passes, "_compile", compile_nothing)
    for height in (64, 96, 128, 160, 128, 160):
        passes._for_shape((1, 3, height, 64), picture(height, 64))
    assert compiled == [(64, 64), (96, 64)]
    for _ in range(SHAPES_IN_A_ROW):
        passes._for_shape((1, 3, 192, 64), picture(192, 64))
    assert compiled[2:] == [(192, 64)]


def test_a_shape_that_is_not_compiled_runs_in_torch_with_exact_gradients(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(openvino_passes, "SHAPES_AT_ONCE", 0)
    engine, plain = compiled_engine("tiny"), engine_of(fresh_network("tiny"))
    ours, exact = (e.summed_gradient(e.forward(picture(), LOW, with_graph=True)) for e in (engine, plain))
    assert torch.allclose(ours[0], exact[0], atol=1e-5)


@needs_coco
@pytest.mark.parametrize("fine", [False, True], ids=["live", "fine"])
def test_a_trained_network_keeps_to_the_tolerance_on_a_photograph(fine: bool) -> None:
    loaded = load_model(str(COCO_CHECKPOINT))
    cut = TappedNetwork(loaded.network, fine=fine)
    engine = GradientEngine(cut, CPU, OpenVinoPasses(cut, "fp32", None))
    photograph = Letterbox.fit((640, 480), 320, 32).image_to_model(real_picture((640, 480)))
    assert verify(engine, picture_tensor(photograph, CPU)) < 1e-3
    assert engine.name == "openvino fp32"


@pytest.mark.parametrize("family", ["tiny-seg", "tiny26-seg"])
def test_compiled_prototypes_are_torchs_and_come_from_the_cache_too(family: str, tmp_path: Path) -> None:
    plain = engine_of(fresh_network(family))
    exact = plain.passes.prototypes(plain.passes.forward(picture(), with_graph=False).inputs.features)
    for _ in range(2):
        passes = compiled_engine(family, cache=tmp_path, tolerance=ILL_CONDITIONED).passes
        ours = passes.prototypes(passes.forward(picture(), with_graph=False).inputs.features)
        assert float((ours - exact).abs().max() / exact.abs().max()) < ILL_CONDITIONED
    assert len(list(tmp_path.glob("prototypes*.xml"))) == 1


def test_prototypes_that_differ_from_torchs_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    real = conversion.CompiledPasses.prototypes
    monkeypatch.setattr(conversion.CompiledPasses, "prototypes", lambda *given: 1.5 * real(*given))
    engine = compiled_engine("tiny-seg", cache=SHARED, tolerance=ILL_CONDITIONED)
    verify(engine, picture())
    assert engine.name == "torch"


def test_pictures_that_run_in_torch_have_their_prototypes_made_there(monkeypatch: pytest.MonkeyPatch) -> None:
    passes = compiled_engine("tiny-seg", cache=SHARED, tolerance=ILL_CONDITIONED).passes
    monkeypatch.setattr(OpenVinoPasses, "_for_shape", lambda *_: None)
    features = passes.forward(picture(96, 128), with_graph=False).inputs.features
    assert passes.prototypes(features).shape == (1, 8, 24, 32)
