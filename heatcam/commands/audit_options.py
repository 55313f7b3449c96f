"""Options of ``heatcam audit``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from heatcam.commands.options import ModelChoice
from heatcam.errors import UsageError

MATCH_IOU = 0.5  # as ``probing.MATCH_IOU``, without loading it for the help


@dataclass(frozen=True, kw_only=True)
class AuditModel(ModelChoice):
    """The detector that is audited, and its thresholds: see ``ModelChoice``, of which it offers a part."""


@dataclass(frozen=True)
class AuditChoice:
    """Choices about a data set and what is asked of it.

    Attributes:
        split: of a data set in ultralytics' form; "" takes ``val``.
        images: folder of the pictures of COCO's form; None looks for it.
        match_iou: a detection is on a label from this IoU on, above 0.1, to 1.
        tries: number of objects of each class whose background and whose own place are covered; 0 for none.
        seed: of all that is drawn by chance.
        against: the folder of an earlier audit, to compare with; None for none.
    """

    split: str = ""
    images: Path | None = None
    match_iou: float = MATCH_IOU
    tries: int = 30
    seed: int = 0
    against: Path | None = None

    def require_valid(self) -> None:
        """Refuse what cannot be.

        Raises:
            UsageError: an IoU is outside its range, a split is unknown, or ``against`` is no audit.
        """
        if not 0.1 < self.match_iou <= 1:
            raise UsageError(f"match-iou is {self.match_iou}", "give a number above 0.1, to 1")
        if self.split not in ("", "train", "val", "test"):
            raise UsageError(f"there is no split {self.split!r}", "give train, val or test")
        if self.tries < 0:
            raise UsageError(f"tries is {self.tries}", "give 0 or more")
        if self.against is not None and not (self.against / "objects.parquet").is_file():
            raise UsageError(f"{self.against} is no audit", "give a folder that `heatcam audit` wrote")


@dataclass(frozen=True)
class AuditOutput:
    """Outputs of an audit.

    Attributes:
        output: the folder.
        overwrite: replace an audit that is there.
        resume: go on with one that was stopped; finished pictures whose files and labels did not change are kept.
        json: a file for a copy of ``audit.json``, ``-`` for standard output, None for none.
        labels_out: a folder for YOLO labels of the mistakes; None for none.
        fiftyone: name of a data set to make in FiftyOne; "" for none.
    """

    output: Path = Path("audit")
    overwrite: bool = False
    resume: bool = False
    json: str | None = None
    labels_out: Path | None = None
    fiftyone: str = ""
