"""The machine itself: processor, accelerators, display, cameras, disk, folders."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from heatcam.doctor.children import ask
from heatcam.doctor.finding import Finding, fault, note, ok
from heatcam.doctor.packages import ASK_OPENCV, ASK_TORCH
from heatcam.errors import DisplayError
from heatcam.runtime import cache_dir, config_dir, processor, processor_features
from heatcam.sinks import require_display
from heatcam.sources import list_cameras, no_camera_advice

LEAST_FREE_MB = 500  # default of `record --min-free`
_WIDE = ("avx512_bf16", "amx_bf16", "avx512f", "avx2", "asimd")
_NVIDIA = Path("/dev/nvidiactl")


def cpu() -> list[Finding]:
    """Report the processor, its cores and the instruction sets that matter here."""
    features = processor_features()
    said = f"{processor().rpartition(' ')[0]}, {os.cpu_count()} cores"
    can = [name for name in _WIDE if name in features]
    if features and not can:
        return note(
            f"{said}, without AVX2: everything is several times slower", "take a newer machine or a GPU"
        )
    limit = os.environ.get("OMP_NUM_THREADS")
    threads = f"; OMP_NUM_THREADS={limit} limits PyTorch" if limit else ""
    return ok(said + (f" ({', '.join(can)})" if can else "") + threads)


def accelerators() -> list[Finding]:
    """Report the GPUs that could run the network."""
    answer = ask(ASK_TORCH)
    if answer.problem:
        return note("not known: PyTorch cannot be imported")
    facts = answer.facts
    if facts["cuda"] or facts["mps"]:
        return ok(", ".join(facts["cuda"]) or "Apple GPU (mps)")
    if _NVIDIA.exists():
        built = (
            f"built for CUDA {facts['built_for_cuda']}" if facts["built_for_cuda"] else "built without CUDA"
        )
        return note(
            f"there is an NVIDIA GPU, but this PyTorch ({built}) does not see it",
            "update its driver, or install PyTorch for your CUDA: https://pytorch.org/get-started/locally",
        )
    return ok("no GPU; the processor runs the network")


def display() -> list[Finding]:
    """Check that a window can open."""
    answer = ask(ASK_OPENCV)
    if answer.problem or not answer.facts["windows"]:
        return note("not known before OpenCV is mended")
    try:
        require_display()
    except DisplayError as error:
        return fault(f"`live` cannot open its window: {error.problem}", error.next_step)
    return ok(
        f"a window can open ({os.environ.get('DISPLAY') or os.environ.get('WAYLAND_DISPLAY') or sys.platform})"
    )


def cameras() -> Iterator[Finding]:
    """Check that this user may open each camera; having none is no fault."""
    found = list_cameras()
    if not found:
        yield from note("no camera", no_camera_advice())
    for camera in found:
        if camera.problem:
            problem, _, mend = camera.problem.partition(": ")
            yield from fault(f"camera {camera.index} ({camera.name}): {problem}", mend)
        else:
            yield from ok(f"camera {camera.index}: {camera.name}")


def disk() -> Iterator[Finding]:
    """Check the free disk space of this folder and of the cache."""
    for what, folder in (("this folder", Path()), ("the cache", cache_dir())):
        there = _existing(folder)
        free_mb = shutil.disk_usage(there).free / 1e6
        if free_mb < LEAST_FREE_MB:
            mend = "free some room" + (", or record with --min-free 0" if what == "this folder" else "")
            yield from fault(f"{what} has {free_mb:.0f} MB left ({there.resolve()})", mend)
        else:
            yield from ok(f"{what} has {free_mb / 1e3:.1f} GB left ({there.resolve()})")


def folders() -> Iterator[Finding]:
    """Check that settings and caches can be written; otherwise everything is chosen and measured again at every start."""
    for what, folder, variable in (
        ("settings", Path(config_dir()), "HEATCAM_CONFIG_DIR"),
        ("cache", cache_dir(), "HEATCAM_CACHE_DIR"),
    ):
        if os.access(_existing(folder), os.W_OK) and _existing(folder).is_dir():
            yield from ok(f"{what}: {folder} ({_megabytes(folder):.0f} MB)")
        else:
            yield from note(
                f"{what}: {folder} cannot be written to, so nothing is remembered",
                f"sudo chown -R $USER {_existing(folder)}, or set {variable} to a folder of yours",
            )


def safety() -> list[Finding]:
    """Check that the user has not switched off the safe loading of checkpoints."""
    if os.environ.get("ULTRALYTICS_SAFE_LOAD", "1").strip().lower() in {"0", "false", "no", "off"}:
        return note("ULTRALYTICS_SAFE_LOAD=0: checkpoints may run programs", "unset ULTRALYTICS_SAFE_LOAD")
    return ok("checkpoints are loaded without running them")


def _existing(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that exists."""
    return next((path for path in (folder, *folder.absolute().parents) if path.exists()), Path())


def _megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
