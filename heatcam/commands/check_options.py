"""Options of ``heatcam check``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from heatcam.commands.audit_options import MATCH_IOU, AuditChoice, AuditModel
from heatcam.errors import UsageError


@dataclass(frozen=True)
class CheckChoice:
    """Base of the judgement: a data set, which is audited for it, or an audit that is there.

    Attributes:
        data: the data set; None takes the one that the rules name.
        audit: the folder of an audit.
        split: see ``AuditChoice``, as the next three.
        images: folder of the pictures of COCO's form.
        match_iou: a detection is on a label from this IoU on.
        tries: number of objects of each class whose context is tried.
        strict: rules that cannot be decided fail too.
        seed: of what is drawn.
    """

    data: str | None = None
    audit: Path | None = None
    split: str = ""
    images: Path | None = None
    match_iou: float = MATCH_IOU
    tries: int = 30
    strict: bool = False
    seed: int = 0

    def require_valid(self, model: AuditModel) -> None:
        """Refuse what contradicts itself.

        Raises:
            UsageError: so it does.
        """
        if self.audit is not None and self.data is not None:
            raise UsageError("give --audit or --data, not both", "an audit has its data already")
        if self.audit is not None and model.model is not None:
            raise UsageError("give --audit or --model, not both", "an audit has its model already")
        self.audit_choice().require_valid()

    def audit_choice(self) -> AuditChoice:
        """Return the part of it that an audit takes."""
        return AuditChoice(self.split, self.images, self.match_iou, self.tries, self.seed)


@dataclass(frozen=True)
class CheckOutput:
    """Outputs of ``check``.

    Attributes:
        output: the folder that the audit is kept in; None keeps none.
        junit: a file for JUnit XML.
        json: a file for the machine-readable result, ``-`` for standard output, None for none.
        overwrite: replace existing files.
    """

    output: Path | None = None
    junit: Path | None = None
    json: str | None = None
    overwrite: bool = False
