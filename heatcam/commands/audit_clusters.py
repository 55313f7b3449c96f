"""Stage of ``heatcam audit`` that finds clusters of objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from heatcam.audit import cluster_lines, cluster_objects, clusters_document
from heatcam.errors import UsageError

if TYPE_CHECKING:
    from heatcam.commands.audit_run import AuditRun


def find_clusters(run: AuditRun) -> None:
    """Put the clusters into the run, and each object's into the store; without scikit-learn a line says how to have them."""
    try:
        found = cluster_objects(run.store.table(), run.store.parts, seed=run.choice.seed)
    except UsageError as error:
        run.lines.append(str(error))
        return
    run.store.put_clusters(found.cluster_of)
    run.made["clusters"] = found
    run.documents["clusters"] = clusters_document(found)
    run.lines += cluster_lines(found)
