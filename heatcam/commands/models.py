"""``heatcam models``: list of the models, and download of published ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from heatcam.commands.tables import show_table
from heatcam.commands.terminal import Terminal
from heatcam.errors import UsageError
from heatcam.models import WORDS, encoder_named, official
from heatcam.text import did_you_mean

_DOWNLOAD = "download"


def show_models(words: Sequence[str], json: str | None, terminal: Terminal) -> int:
    """List every model that ``--model`` takes here, or download those that are named.

    Args:
        words: nothing, or ``download`` and the names of published checkpoints and of text encoders.
        json: a file for the machine-readable list, ``-`` for standard output, None for none.
        terminal: prints results and notes.

    Returns:
        0.

    Raises:
        UsageError: the words are neither of these, or name no published checkpoint.
        ModelError: a download failed.
        SinkError: the JSON file cannot be written.
    """
    if words:
        _download(words, terminal)
    rows = models_here()
    if json:
        published = [{"name": name, "where": "published"} for name in official.NAMES]
        terminal.document({"models": rows + published}, json)
    if json != "-" and not words:
        cells = [[row["name"], row["where"], _size(row)] for row in rows]
        show_table(terminal, ("name", "where", "size"), cells, numbers=("size",))
        terminal.note(
            f"and {len(official.NAMES)} that Ultralytics has published (AGPL-3.0), such as yolo26n, yolo11s-seg, yolov8n-pose, "
            "yolo11n-obb, yolo26n-cls, yolov8s-worldv2, yoloe-11s-seg-pf, rtdetr-l: heatcam models download NAME"
        )
    return 0


def models_here() -> list[dict[str, Any]]:
    """List the models that can be used at once: embedded, downloaded, and in this folder; sorted by name within each."""
    embedded = [{"name": word, "where": "embedded"} for word in WORDS]
    downloaded = [_file(path, "downloaded") for path in _checkpoints(official.downloaded_path(""))]
    return embedded + downloaded + [_file(path, "this folder") for path in _checkpoints(Path())]


def _download(words: Sequence[str], terminal: Terminal) -> None:
    first, *names = words
    if first != _DOWNLOAD or not names:
        wanted = names if first == _DOWNLOAD else words
        name = next((n for n in map(official.official_name, wanted) if n), "NAME")
        raise UsageError(
            "what to do with models is not clear", f"for example: heatcam models download {name}"
        )
    encoders = {name: encoder for name in names if (encoder := encoder_named(name))}
    known = [official.official_name(name) for name in names]
    for name, meant in zip(names, known, strict=True):
        if not meant and name not in encoders:
            advice = did_you_mean(name, [one.removesuffix(official.SUFFIX) for one in official.NAMES])
            raise UsageError(
                f"{name} is no published checkpoint that heatcam explains",
                advice or "`heatcam models` names some",
            )
    for encoder in encoders.values():
        terminal.note(f"downloading the text encoder {encoder.name} from {encoder.maker}")
        terminal.note(f"downloaded {encoder.download()}")
    for name in filter(None, known):
        terminal.note(f"downloading {name} from Ultralytics (AGPL-3.0)")
        terminal.note(f"downloaded {official.download(name)}")


def _checkpoints(folder: Path) -> list[Path]:
    try:
        found = [p for p in folder.iterdir() if p.suffix.casefold() == official.SUFFIX and p.is_file()]
    except OSError:
        return []
    return sorted(p for p in found if not p.stem.endswith(".part"))


def _file(path: Path, where: str) -> dict[str, Any]:
    return {"name": path.name, "where": where, "path": str(path), "size_bytes": path.stat().st_size}


def _size(row: dict[str, Any]) -> str | None:
    return f"{row['size_bytes'] / 1e6:.1f} MB" if "size_bytes" in row else None
