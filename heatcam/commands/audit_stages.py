"""Stages of an audit after its pictures are collected: what is counted, tried, clustered and written from the store.

A stage is a name and a function; it takes the run, puts what it found into it, and says nothing on its own. To add one: a line in
``STAGES``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from heatcam.commands.audit_clusters import find_clusters
from heatcam.commands.audit_figures import (
    compare_audits,
    count_figures,
    is_against,
    try_context,
    wants_tries,
)
from heatcam.commands.audit_page import show_page
from heatcam.commands.audit_run import AuditRun


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
    Stage("finding clusters", find_clusters),
    Stage("comparing with the earlier audit", compare_audits, is_against),
    Stage("writing the page", show_page),
)


def run_stages(run: AuditRun, stages: tuple[Stage, ...] | None = None) -> None:
    """Run the stages that the audit asks for."""
    for stage in STAGES if stages is None else stages:
        if stage.needs(run):
            with run.terminal.status(stage.doing):
                stage.run(run)
