"""Opening of a black box: from a model's name to an explainer of its boxes."""

from __future__ import annotations

import hashlib
import mmap
from collections.abc import Collection
from pathlib import Path

from heatcam.blackbox.box import NetworkBox, ServiceBox
from heatcam.blackbox.explaining import BlackBoxExplainer
from heatcam.blackbox.runtimes import runtime_of
from heatcam.blackbox.runtimes.openvino import network_file
from heatcam.blackbox.runtimes.runtime import BoxRuntime, PictureService
from heatcam.blackbox.suppression import KeepRule
from heatcam.errors import HeatcamError, ModelError, UsageError, first_line
from heatcam.options import ExplainOptions, class_ids_of
from heatcam.sources import public_url

#: Keys that only the metadata of ``heatcam export`` has.
_EXPORTED = b"format_version", b"low_evidence"


def is_black_box(spec: str) -> bool:
    """Return True if a model's name means an existing file, a folder or an address that is opened here.

    False for files of ``heatcam export``, which make their maps themselves.
    """
    if runtime_of(spec) is None:
        return False
    path = network_file(spec) or Path(spec)
    return "://" in spec or not _holds(path.expanduser(), *_EXPORTED)


def open_black_box(
    spec: str, options: ExplainOptions, device: str | None = None, trusted: Collection[str] = ()
) -> BlackBoxExplainer:
    """Open a model of which only the predictions are known.

    Args:
        spec: a file, a folder or an address.
        options: which boxes are kept, and the size of pictures for models that take any.
        device: as the user named it; None for the CPU.
        trusted: files that the user trusts, as given.

    Raises:
        ModelError: it cannot be read or reached, or its outputs are not understood.
        UsageError: an option cannot be honoured, or the file is a program that is not trusted.
    """
    options.require_valid()
    runtime = runtime_of(spec)
    assert runtime is not None  # (``is_black_box``)
    title = shown_name(spec)
    _require_honoured(title, options, device)
    _require_trusted(runtime, spec, trusted)
    runtime.require_installed(title)
    box = _opened(runtime, spec, title, options.imgsz)
    rule = KeepRule(options.conf, options.iou, options.max_det, class_ids_of(options.classes, box.names))
    return BlackBoxExplainer(box, rule, _sha256(spec))


def shown_name(spec: str) -> str:
    """Return a model's name for messages: without folders, user and password."""
    return public_url(spec) if "://" in spec else Path(spec).name


def _opened(runtime: BoxRuntime, spec: str, title: str, imgsz: int | None) -> NetworkBox | ServiceBox:
    try:
        loaded = runtime.load(spec)
        return ServiceBox(loaded, imgsz) if isinstance(loaded, PictureService) else NetworkBox(loaded, imgsz)
    except HeatcamError:
        raise
    except Exception as error:  # (each runtime raises types of its own)
        raise ModelError(
            f"{title} cannot be read ({first_line(error, 160)})", "export it again, or give its .pt original"
        ) from error


def _require_honoured(title: str, options: ExplainOptions, device: str | None) -> None:
    """Refuse what belongs to networks whose inside is known.

    Raises:
        UsageError: the message names the option.
    """
    asked = {
        "method": options.method != "live",
        "layers": bool(options.layers),
        "target": options.target != "class",
        "why": bool(options.why),
        "quality": options.quality != "live",
        "backend": options.backend != "auto",
        "precision": options.precision != "auto",
    }
    for name in (name for name, is_asked in asked.items() if is_asked):
        raise UsageError(
            f"{title} is a black box, and --{name} needs a network's inside",
            f"leave out --{name}, or give its .pt original",
        )
    if device not in (None, "cpu"):
        raise UsageError(f"{title} is not run on {device}", "leave out --device")


def _require_trusted(runtime: BoxRuntime, spec: str, trusted: Collection[str]) -> None:
    """Refuse a program that the user has not said to trust.

    Raises:
        UsageError: with what says so.
    """
    if runtime.is_code and not any(
        Path(one).expanduser().resolve() == Path(spec).expanduser().resolve() for one in trusted
    ):
        raise UsageError(
            f"{shown_name(spec)} is a {runtime.name} file, a program that can call all of torch, files included",
            f"if it is from somebody you trust: --trust {spec}; or export it as ONNX, which holds no program",
        )


def _holds(path: Path, *texts: bytes) -> bool:
    """Return True if a file has all of these texts in it."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return all(content.find(text) >= 0 for text in texts)
    except (OSError, ValueError):  # (it is empty)
        return False


def _sha256(spec: str) -> str:
    """Return the SHA-256 of a file in hexadecimal; "" for a service."""
    path = network_file(spec) or Path(spec).expanduser()
    if "://" in spec or not path.is_file():
        return ""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
