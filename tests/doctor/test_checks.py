"""Each check says what is wrong when it is, and what mends it."""

from __future__ import annotations

import json
import shutil
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from heatcam.doctor import machine, measured, packages
from heatcam.doctor.children import LibraryReport
from heatcam.doctor.finding import Finding, State
from heatcam.doctor.registry import CHECKS, examine
from heatcam.errors import DisplayError
from heatcam.runtime.cpuinfo import processor
from heatcam.sources.cameras import Camera

Patch = pytest.MonkeyPatch
OPENCV = {"version": "5.0.0", "windows": "QT"}
FONTS = {"ascii_only": False, "shapes": True, "lacking": []}
TORCH = {"version": "2", "instructions": "AVX2", "threads": 2, "cuda": [], "built_for_cuda": "", "mps": False}


def answers(facts: dict[str, Any] | None = None, problem: str = "") -> Callable[[str], LibraryReport]:
    return lambda _code: LibraryReport(facts or {}, problem)


def found_by(name: str) -> list[Finding]:
    return [finding for _, finding in examine({name: CHECKS[name]})]


def old_python(patch: Patch, _: Path) -> None:
    patch.setattr(packages, "OLDEST_PYTHON", (99, 0))


def old_package(patch: Patch, _: Path) -> None:
    patch.setattr(packages, "_requirements", lambda _: ["rich>=999"])


def missing_package(patch: Patch, _: Path) -> None:
    patch.setattr(packages, "_requirements", lambda _: ["no-such-package-at-all>=1"])


def torchvision_of_another_torch(patch: Patch, _: Path) -> None:
    patch.setattr(packages, "_requirements", lambda _: ["torch==1.0.0"])


def broken_import(patch: Patch, _: Path) -> None:
    patch.setattr(packages, "ask", answers(problem="ImportError: libtorch.so: no such file"))


def headless_opencv(patch: Patch, _: Path) -> None:
    patch.setattr(packages, "ask", answers(OPENCV | {"windows": ""}))


def old_opencv(patch: Patch, _: Path) -> None:
    patch.setattr(packages, "ask", answers(FONTS | {"ascii_only": True}))


def no_raqm(patch: Patch, _: Path) -> None:
    patch.setattr(packages, "ask", answers(FONTS | {"shapes": False}))


def no_thai_font(patch: Patch, _: Path) -> None:
    patch.setattr(packages, "ask", answers(FONTS | {"lacking": ["Hindi", "Thai"]}))


def no_h264(patch: Patch, _: Path) -> None:
    patch.setattr(packages, "ask", answers({"codecs": ["vp9"]}))


def no_openvino(patch: Patch, _: Path) -> None:
    patch.setattr(packages, "_version", lambda _: "")


def no_avx2(patch: Patch, _: Path) -> None:
    patch.setattr(machine, "processor_features", lambda: frozenset({"fpu", "sse2"}))


def unseen_gpu(patch: Patch, folder: Path) -> None:
    patch.setattr(machine, "ask", answers(TORCH))
    patch.setattr(machine, "_NVIDIA", folder)


def no_display(patch: Patch, _: Path) -> None:
    def refuses() -> None:
        raise DisplayError("there is no display here", "run it on a desktop")

    patch.setattr(machine, "ask", answers(OPENCV))
    patch.setattr(machine, "require_display", refuses)


def locked_camera(patch: Patch, _: Path) -> None:
    problem = "you may not open /dev/video0: `sudo usermod -aG video $USER`, then log in again"
    patch.setattr(machine, "list_cameras", lambda: (Camera(0, "Webcam", problem=problem),))


def no_camera(patch: Patch, _: Path) -> None:
    patch.setattr(machine, "list_cameras", tuple)


def full_disk(patch: Patch, _: Path) -> None:
    usage = namedtuple("usage", "total used free")
    patch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9 - 10**6, 10**6))


def file_in_the_way(patch: Patch, folder: Path) -> None:
    (folder / "file").touch()
    patch.setenv("HEATCAM_CACHE_DIR", str(folder / "file" / "cache"))


def unsafe(patch: Patch, _: Path) -> None:
    patch.setenv("ULTRALYTICS_SAFE_LOAD", "0")


def judged_otherwise(patch: Patch, folder: Path) -> None:
    patch.setenv("HEATCAM_CACHE_DIR", str(folder))
    (folder / "precisions.json").write_text(json.dumps({f"bf16|x {processor()}|y": "other"}))


FAILING = [
    ("python", old_python, State.FAULT, "is too old", "make PYTHON"),
    ("packages", old_package, State.FAULT, "does not fit: heatcam asks for >=999", 'pip install "rich>=999"'),
    ("packages", missing_package, State.FAULT, "is not installed", 'pip install "no-such-package-at-all>=1"'),
    ("torchvision", torchvision_of_another_torch, State.FAULT, "built for torch==1.0.0", "--upgrade torch torchvision"),
    ("torch", broken_import, State.FAULT, "libtorch.so: no such file", "pip install --force-reinstall torch"),
    ("ultralytics", broken_import, State.FAULT, "cannot be imported", "--force-reinstall ultralytics"),
    ("opencv", broken_import, State.FAULT, "cannot be imported", "--no-deps opencv-python"),
    ("opencv", headless_opencv, State.FAULT, "cannot open windows", "--no-deps opencv-python"),
    ("fonts", old_opencv, State.NOTE, "in ASCII only", "opencv-python>=5"),
    ("fonts", no_raqm, State.NOTE, "Arabic and Hebrew are not drawn", "pillow"),
    ("fonts", no_thai_font, State.NOTE, "no font for Hindi, Thai", "fonts-noto"),
    ("encoder", no_h264, State.FAULT, "no H.264 encoder", "--force-reinstall av"),
    ("encoder", broken_import, State.FAULT, "videos cannot be written", "--force-reinstall av"),
    ("openvino", no_openvino, State.NOTE, "is not installed", "pip install openvino"),
    ("openvino", broken_import, State.NOTE, "cannot be imported", "--force-reinstall openvino"),
    ("backends", judged_otherwise, State.NOTE, "1 networks show something else in bf16", "--precision bf16"),
    ("processor", no_avx2, State.NOTE, "without AVX2", "newer machine"),
    ("accelerator", unseen_gpu, State.NOTE, "built without CUDA) does not see it", "pytorch.org"),
    ("display", no_display, State.FAULT, "there is no display here", "run it on a desktop"),
    ("cameras", locked_camera, State.FAULT, "camera 0 (Webcam): you may not open /dev/video0", "sudo usermod"),
    ("cameras", no_camera, State.NOTE, "no camera", "--source demo"),
    ("disk", full_disk, State.FAULT, "this folder has 1 MB left", "free some room"),
    ("folders", file_in_the_way, State.NOTE, "cannot be written to", "HEATCAM_CACHE_DIR"),
    ("safety", unsafe, State.NOTE, "may run programs", "unset ULTRALYTICS_SAFE_LOAD"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "breaks", "state", "text", "mend"),
    FAILING,
    ids=[f"{row[0]}-{row[1].__name__}" for row in FAILING],
)
def test_what_is_wrong_is_said_with_what_mends_it(
    monkeypatch: Patch, tmp_path: Path, name: str, breaks: Callable[[Patch, Path], None], state: State, text: str, mend: str
) -> None:  # fmt: skip
    breaks(monkeypatch, tmp_path)
    wrong = [finding for finding in found_by(name) if finding.state is not State.OK]
    assert wrong and wrong[0].state is state
    assert text in wrong[0].text
    assert mend in wrong[0].mend


def test_every_check_is_made_to_fail_here() -> None:
    assert {row[0] for row in FAILING} == set(CHECKS)


def test_a_check_that_fails_itself_is_a_fault_and_the_others_still_tell() -> None:
    def breaks() -> list[Finding]:
        raise ZeroDivisionError("in the check\nsecond line")

    (one, other) = examine({"sick": breaks, "well": lambda: [Finding(State.OK, "fine")]})
    assert (one[0], one[1].state) == ("sick", State.FAULT)
    assert one[1].text == "could not be checked: ZeroDivisionError in the check"
    assert other[1].text == "fine"


def test_what_was_measured_of_the_backends_is_told(monkeypatch: Patch, tmp_path: Path) -> None:
    monkeypatch.setenv("HEATCAM_CACHE_DIR", str(tmp_path))
    key = "225 modules 3157200 parameters taps (12, 15)|(1, 3, 384, 640)|2|2|2.14|8.4|2026|cpu "
    entry = {"choice": "openvino fp32", "torch_ms": 43.2, "compiled_ms": 38.1, "start_s": 2.5}
    known = {f"{key}{processor()} AVX2": entry, f"{key}another processor": entry, "x": "spoiled"}
    (tmp_path / "backends.json").write_text(json.dumps(known))
    (finding,) = measured.backends()
    assert finding.text == (
        "3.2 million parameters at 640x384 on 2 threads: torch 43 ms, openvino 38 ms (ready after 2.5 s): openvino fp32"
    )


def test_a_key_of_backends_is_read_as_it_is_written(tmp_path: Path, monkeypatch: Patch) -> None:
    import torch

    from heatcam.engine.backends import situation_of
    from heatcam.engine.network import TappedNetwork
    from tests.nets import fresh_network

    key = situation_of(TappedNetwork(fresh_network("tiny")), torch.zeros(1, 3, 96, 128))
    assert "million parameters at 128x96 on" in measured._network(key)
    assert processor() in key


def test_where_nothing_is_wrong_everything_is_ok(monkeypatch: Patch, tmp_path: Path) -> None:
    monkeypatch.setattr(
        packages, "ask", answers(OPENCV | FONTS | TORCH | {"can": ["BF16"], "codecs": ["h264"]})
    )
    monkeypatch.setattr(machine, "ask", answers(OPENCV | TORCH))
    monkeypatch.setattr(machine, "require_display", lambda: None)
    monkeypatch.setattr(machine, "list_cameras", lambda: (Camera(0, "Webcam"),))
    monkeypatch.setenv("HEATCAM_CACHE_DIR", str(tmp_path))
    assert {finding.state for _, finding in examine()} == {State.OK}
