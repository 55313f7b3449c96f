"""Checks of installed packages: versions that fit, libraries that can be imported, and the OpenCV that is active."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from importlib import metadata

from packaging.requirements import Requirement

from heatcam.doctor.children import ask
from heatcam.doctor.finding import Finding, State, fault, note, ok

OLDEST_PYTHON = (3, 10)
MEND_OPENCV = "pip install --force-reinstall --no-deps opencv-python"
ASK_TORCH = """
import torch
facts = {
    "version": torch.__version__,
    "instructions": torch.backends.cpu.get_cpu_capability(),
    "threads": torch.get_num_threads(),
    "cuda": [torch.cuda.get_device_name(n) for n in range(torch.cuda.device_count())] if torch.cuda.is_available() else [],
    "built_for_cuda": torch.version.cuda or "",
    "mps": torch.backends.mps.is_available(),
}
"""
ASK_ULTRALYTICS = """
import torch, ultralytics
facts = {"version": ultralytics.__version__}
"""
ASK_OPENCV = """
import cv2
facts = {"version": cv2.__version__, "windows": cv2.currentUIFramework()}
"""
ASK_FONTS = """
import cv2
from heatcam.overlay import can_shape, font_file
tried = {"Arabic": "\u0639", "Hebrew": "\u05e9", "Hindi": "\u0939", "Thai": "\u0e01", "emoji": "\U0001f436"}
lacking = [script for script, sign in tried.items() if font_file(sign) is None]
facts = {"ascii_only": not hasattr(cv2, "FontFace"), "shapes": can_shape(), "lacking": lacking}
"""
ASK_OPENVINO = """
import openvino
facts = {"version": openvino.__version__, "can": openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")}
"""
ASK_ENCODER = """
from heatcam.sinks import codecs_here
facts = {"codecs": codecs_here()}
"""


def python() -> list[Finding]:
    """Check that Python is new enough."""
    version = platform.python_version()
    if sys.version_info < OLDEST_PYTHON:
        return fault(
            f"Python {version} is too old", "install Python 3.10 or newer: make PYTHON=python3.11 ..."
        )
    return ok(f"Python {version} in {sys.prefix}")


def versions() -> Iterator[Finding]:
    """Check that every package that heatcam requires is installed, in a version that fits."""
    asked = [Requirement(text) for text in _requirements("heatcam")]
    wrong = [finding for requirement in asked for finding in _misfit(requirement)]
    yield from wrong or ok(f"{len(asked)} packages fit heatcam {_version('heatcam')}")


def torch_pair() -> list[Finding]:
    """Check that torchvision was built for this torch; otherwise its operators do not load."""
    for text in _requirements("torchvision"):
        requirement, there = Requirement(text), _version("torch")
        if (
            requirement.name == "torch"
            and there
            and not requirement.specifier.contains(there, prereleases=True)
        ):
            wants = str(requirement.specifier)
            return fault(
                f"torchvision {_version('torchvision')} was built for torch{wants}, here is torch {there}",
                "pip install --upgrade torch torchvision",
            )
    return ok(
        f"torch {_version('torch') or '-'} and torchvision {_version('torchvision') or '-'} fit each other"
    )


def torch() -> list[Finding]:
    """Check that PyTorch can be imported."""
    answer = ask(ASK_TORCH)
    if answer.problem:
        return fault(
            f"PyTorch cannot be imported: {answer.problem}", "pip install --force-reinstall torch torchvision"
        )
    facts = answer.facts
    return ok(f"torch {facts['version']} on {facts['threads']} threads, {facts['instructions']}")


def ultralytics() -> list[Finding]:
    """Check that ultralytics can be imported."""
    answer = ask(ASK_ULTRALYTICS)
    if answer.problem:
        return fault(
            f"ultralytics cannot be imported: {answer.problem}", "pip install --force-reinstall ultralytics"
        )
    return ok(f"ultralytics {answer.facts['version']}")


def opencv() -> list[Finding]:
    """Check that OpenCV can be imported and opens windows: two packages share its folder, and the last installed wins."""
    answer = ask(ASK_OPENCV)
    if answer.problem:
        return fault(f"OpenCV cannot be imported: {answer.problem}", MEND_OPENCV)
    version, windows = answer.facts["version"], answer.facts["windows"]
    both = bool(_version("opencv-python-headless"))
    if not windows:
        why = "opencv-python-headless was installed last" if both else "a build without windows"
        return fault(f"OpenCV {version} cannot open windows ({why}), so `live` cannot run", MEND_OPENCV)
    beside = "; opencv-python-headless is installed too, and lost" if both else ""
    return ok(f"OpenCV {version} opens windows with {windows}{beside}")


def fonts() -> list[Finding]:
    """Check that class names can be drawn in any script; letters that OpenCV's own font lacks come from the system's fonts."""
    answer = ask(ASK_FONTS)
    if answer.problem:
        return note("not known: pictures cannot be drawn here")
    if answer.facts["ascii_only"]:
        return note("OpenCV 4 draws class names in ASCII only", 'pip install --upgrade "opencv-python>=5"')
    if not answer.facts["shapes"]:
        return note(
            "this Pillow has no Raqm: Arabic and Hebrew are not drawn", "pip install --force-reinstall pillow"
        )
    if answer.facts["lacking"]:
        lacking = ", ".join(answer.facts["lacking"])
        return note(
            f"no font for {lacking}: names in it are boxes",
            "sudo apt install fonts-noto fonts-noto-color-emoji",
        )
    return ok("names can be drawn in every script that was tried")


def encoder() -> list[Finding]:
    """Check that PyAV has the default encoder of recordings."""
    answer = ask(ASK_ENCODER)
    mend = "pip install --force-reinstall av"
    if answer.problem:
        return fault(f"videos cannot be written: {answer.problem}", mend)
    codecs = answer.facts["codecs"]
    if "h264" not in codecs:
        return fault("this PyAV has no H.264 encoder, which `record` takes for .mp4", mend)
    return ok(f"PyAV {_version('av')} encodes {', '.join(codecs)}")


def openvino() -> list[Finding]:
    """Check that OpenVINO is installed and can be imported; everything runs without it, slower."""
    if not _version("openvino"):
        return note(
            "OpenVINO is not installed: videos run with PyTorch, slower on most CPUs", "pip install openvino"
        )
    answer = ask(ASK_OPENVINO)
    if answer.problem:
        return note(
            f"OpenVINO cannot be imported: {answer.problem}", "pip install --force-reinstall openvino"
        )
    bf16 = "bfloat16 in hardware" if "BF16" in answer.facts["can"] else "no bfloat16 in hardware"
    return ok(f"OpenVINO {answer.facts['version'].partition('-')[0]}, {bf16}")


def _requirements(package: str) -> list[str]:
    """Return the requirements of a package on this system, without extras; empty where it is not installed."""
    try:
        texts = metadata.requires(package) or []
    except metadata.PackageNotFoundError:
        return []
    wanted = [(text, Requirement(text).marker) for text in texts]
    return [text for text, marker in wanted if marker is None or marker.evaluate({"extra": ""})]


def _misfit(requirement: Requirement) -> list[Finding]:
    there, asked = _version(requirement.name), f"{requirement.name}{requirement.specifier}"
    mend = f'pip install "{asked}"'
    if not there:
        optional = requirement.name == "openvino"
        return [
            Finding(State.NOTE if optional else State.FAULT, f"{requirement.name} is not installed", mend)
        ]
    if requirement.specifier.contains(there, prereleases=True):
        return []
    return fault(f"{requirement.name} {there} does not fit: heatcam asks for {requirement.specifier}", mend)


def _version(package: str) -> str:
    """Return the version of an installed package; "" where it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""
