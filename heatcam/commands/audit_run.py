"""The record of one audit, which its stages hand on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heatcam.audit import AuditStore, DataSet
from heatcam.commands.audit_options import AuditChoice, AuditOutput
from heatcam.commands.terminal import Terminal
from heatcam.geometry import Letterbox
from heatcam.models import MARKERS

if TYPE_CHECKING:
    from heatcam.saliency import Explainer


@dataclass
class AuditRun:
    """One audit, handed from stage to stage.

    Attributes:
        data: the data set.
        files: each picture's file, by its name in the table.
        explainer: the model.
        store: all objects.
        choice, output: the options.
        terminal: prints what takes long.
        made: results for later stages, by name: ``figures``, ``clusters``, ``changes``.
        documents: parts of ``audit.json``, plain values, by the names of its fields.
        lines: lines for the terminal.
        head: facts for a page's head, in words.
        model: the model's file or name, as commands take it.
        settings: what the model is asked with, by name: see ``audit.settings_of``.
        letterboxes: each picture's geometry, by its name in the table; None where it is the model's own.
    """

    data: DataSet
    files: Mapping[str, Path]
    explainer: Explainer
    store: AuditStore
    choice: AuditChoice
    output: AuditOutput
    terminal: Terminal
    made: dict[str, Any] = field(default_factory=dict)
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    head: dict[str, str] = field(default_factory=dict)
    model: str = MARKERS
    settings: dict[str, str] = field(default_factory=dict)
    letterboxes: dict[str, Letterbox | None] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """The folder of the audit."""
        return self.output.output
