"""Stages of an audit after its pictures are collected: what is counted, tried, clustered and written from the store.

A stage is a name and a function; it takes the run, puts what it found into it, and says nothing on its own. To add one: a line in
``STAGES``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heatcam.audit import AuditStore, DataSet
from heatcam.commands.audit_figures import (
    compare_audits,
    count_figures,
    is_against,
    try_context,
    wants_tries,
)
from heatcam.commands.audit_options import AuditChoice, AuditOutput
from heatcam.commands.terminal import Terminal

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

    @property
    def folder(self) -> Path:
        """The folder of the audit."""
        return self.output.output


@dataclass(frozen=True)
class Stage:
    """A stage.

    Attributes:
        doing: what it does, for the terminal.
        run: does it.
        needs: tells whether an audit asks for it.
    """

    doing: str
    run: Callable[[AuditRun], None]
    needs: Callable[[AuditRun], bool] = lambda _: True


#: In their order; a page comes last, since it shows what the others found.
STAGES: tuple[Stage, ...] = (
    Stage("trying context", try_context, wants_tries),
    Stage("counting figures", count_figures),
    Stage("comparing with the earlier audit", compare_audits, is_against),
)


def run_stages(run: AuditRun, stages: tuple[Stage, ...] | None = None) -> None:
    """Run the stages that the audit asks for."""
    for stage in STAGES if stages is None else stages:
        if stage.needs(run):
            with run.terminal.status(stage.doing):
                stage.run(run)
