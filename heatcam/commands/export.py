"""``heatcam export``: a detector and its maps as one file that runs without torch."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from heatcam.commands.default_model import named_model
from heatcam.commands.export_options import ExportChoice, ExportOutput
from heatcam.commands.refusals import require_extra, require_model
from heatcam.commands.setup import offer_download
from heatcam.commands.terminal import Terminal
from heatcam.enums import ExportFormat
from heatcam.errors import SinkError, UsageError, reason_of
from heatcam.exported import ONNX, XML, exported_file
from heatcam.models import MARKERS
from heatcam.runtime import stopping
from heatcam.sinks import make_folder, require_folder
from heatcam.sources import parse_size

if TYPE_CHECKING:
    from heatcam.exporting import ExportPlan

_FOLDER_PARTS = {XML, ".bin"}


def run_export(model: str | None, choice: ExportChoice, output: ExportOutput, terminal: Terminal) -> int:
    """Export a model, compare the file with torch, and give it its name only then.

    Args:
        model: a ``.pt`` file or a built-in model's name; None is ``markers``, with a note about others.
        choice: what to write.
        output: where to.
        terminal: prints results and notes.

    Returns:
        0.

    Raises:
        HeatcamError: the model cannot be exported, or the file differs from torch or cannot be written; none is left then.
    """
    choice.require_valid()
    _require_packages(choice.format)
    spec = named_model(model, MARKERS, terminal)
    target = output.output or _default_output(spec, choice)
    _require_free(target, choice.format, output.overwrite)
    offer_download(spec, terminal)
    require_model(spec, downloadable=False)
    with terminal.status(f"exporting {Path(spec).name}"):
        from heatcam.exporting import export_model  # noqa: PLC0415 (torch: seconds)

        with _draft_of(target) as draft:
            written = export_model(spec, _plan(choice), draft)
            size = _put(draft, target)
    facts, difference = written.facts, written.difference
    compared = "maps" if facts.method else "boxes"
    terminal.note(f"{compared} differ from torch's by {difference:.1e} at most, on two pictures")
    if output.json:
        told = {"path": str(target), "size_bytes": size, "difference": difference}
        terminal.document(told | asdict(facts), output.json)
    if output.json != "-":
        wide, tall = facts.model_wh
        what = f"the {facts.method} map of {facts.objects} objects" if facts.method else "no maps"
        terminal.result(f"{spec} -> {target}  {wide}x{tall} px, {what}, {size / 1e6:.1f} MB")
    return 0


def _plan(choice: ExportChoice) -> ExportPlan:
    from heatcam.exporting import ExportPlan  # noqa: PLC0415 (torch)

    return ExportPlan(
        format=choice.format,
        objects=choice.objects,
        quality=choice.quality.value,
        heat=choice.heat,
        imgsz=choice.imgsz,
        iou=choice.iou,
        size_wh=parse_size(choice.size),
    )


def _require_packages(form: ExportFormat) -> None:
    """Refuse a format whose packages are not installed, before torch is loaded."""
    if form is ExportFormat.ONNX:
        require_extra("export", "onnx", "onnxscript", "onnxruntime")
    else:
        require_extra("export", "openvino")


def _default_output(spec: str, choice: ExportChoice) -> Path:
    """Return the name after the model's: ``best-heat.onnx``, ``best-heat_openvino``, without maps ``best-boxes.onnx``."""
    stem = f"{Path(spec).stem}-{'heat' if choice.heat else 'boxes'}"
    return Path(f"{stem}{ONNX}" if choice.format is ExportFormat.ONNX else f"{stem}_openvino")


def _require_free(target: Path, form: ExportFormat, overwrite: bool) -> None:
    """Refuse a target of another kind, or one that is there and may not be replaced.

    Raises:
        UsageError: it is refused; a folder is replaced only where it holds nothing but an exported model.
    """
    if form is ExportFormat.ONNX and target.suffix.casefold() != ONNX:
        raise UsageError(f"{target} is no name of an ONNX file", f"let it end in {ONNX}")
    if form is ExportFormat.OPENVINO and target.suffix.casefold() in (ONNX, XML):
        raise UsageError(
            f"{target} is no name of a folder", "leave out the ending: OpenVINO's model is two files"
        )
    require_folder(target.parent)
    if not target.exists():
        return
    if target.is_dir() != (form is ExportFormat.OPENVINO) or not _is_replaceable(target):
        raise UsageError(f"{target} is there and is not an exported model", "choose another name")
    if not overwrite:
        raise UsageError(f"{target} exists already", "choose another name or add --overwrite")


def _is_replaceable(target: Path) -> bool:
    """Return True for a file, and for a folder that holds an exported model and nothing else."""
    if not target.is_dir():
        return target.is_file()
    inside = {path.suffix for path in target.iterdir()}
    return not inside or (exported_file(str(target)) is not None and inside <= _FOLDER_PARTS)


@contextmanager
def _draft_of(target: Path) -> Iterator[Path]:
    """Give a path beside the target, of its name, in a folder that is gone afterwards.

    Raises:
        SinkError: nothing can be written there.
    """
    try:
        make_folder(target.parent)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".heatcam-export-") as folder:
            yield Path(folder) / target.name
    except OSError as error:
        raise SinkError(f"cannot write {target} ({reason_of(error)})", "choose another folder") from error


def _put(draft: Path, target: Path) -> int:
    """Move a whole file or folder to its place, and return its size in bytes; what was there is replaced at once."""
    size = sum(path.stat().st_size for path in (draft, *draft.glob("*")) if path.is_file())
    with stopping.held():
        if target.is_dir():
            target.rename(draft.with_name(f"{draft.name}.old"))  # (deleted with the draft's folder)
        draft.replace(target)
    return size
