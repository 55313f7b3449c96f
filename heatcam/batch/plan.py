"""Plan of what is made of each picture: a record that travels to other processes and machines. Does not import torch."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from heatcam.enums import MapsAs
from heatcam.errors import UsageError
from heatcam.options import ExplainOptions
from heatcam.overlay import OverlayOptions

if TYPE_CHECKING:
    from heatcam.models import Prompt

MOST_STREAMS = 256


@dataclass(frozen=True, kw_only=True)
class BatchPlan:
    """The model, its options, and the form of maps and pictures, for a great many pictures.

    It can be pickled, so that it travels to a process or a machine, which loads the model from the same name or path.

    Attributes:
        model: a ``.pt`` file or a built-in model's name.
        device: torch's name of the device; None takes the fastest.
        options: which boxes are kept and how their evidence is mapped; not by trial. The precision ``auto`` is float32 here, so
            that processes, shards and machines agree: a box at the threshold is kept by all of them or by none.
        trust: ``.py`` files or packages of your own, whose layers the model needs: they are run where it is loaded.
        prompt: what an open-vocabulary model is to look for; None for the classes that it has.
        maps: ``rows`` packs each object's map into its row, ``npz`` writes an archive a picture into ``folder``, ``none`` keeps
            none.
        pictures: write each picture with its heat map into ``folder``.
        look: look of these pictures.
        folder: where archives and pictures are written; needed for these alone.
        streams: pictures that are explained at the same time in one process, each by one thread; they share the weights.
        threads: threads of torch for each pass; None leaves as many as there are, and one with several streams.

    >>> import heatcam
    >>> heatcam.BatchPlan(model="markers").maps.value
    'rows'
    """

    model: str = "everyday"
    device: str | None = None
    options: ExplainOptions = field(default_factory=ExplainOptions)
    trust: tuple[str, ...] = ()
    prompt: Prompt | None = None
    maps: MapsAs = MapsAs.ROWS
    pictures: bool = False
    look: OverlayOptions = field(default_factory=OverlayOptions)
    folder: str = ""
    streams: int = 1
    threads: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "maps", MapsAs(self.maps))  # (may be given as a word)
        if self.options.precision == "auto":  # (which may be bfloat16 on one machine and not on the next)
            object.__setattr__(self, "options", replace(self.options, precision="fp32"))

    def require_valid(self) -> None:
        """Refuse what contradicts itself, before a model is loaded.

        Raises:
            UsageError: an option is outside its range, maps are asked for by trial, or files without a folder.
        """
        self.options.require_valid()
        if self.options.by_trial:
            raise UsageError(
                "maps by trial take seconds an object", "take quality 'fine', or heatcam snapshot"
            )
        if self.options.by_masks:
            raise UsageError(
                "maps by masks take a minute a picture", "take another method, or heatcam snapshot"
            )
        if not 1 <= self.streams <= MOST_STREAMS:
            raise UsageError(f"streams is {self.streams}", f"give a number from 1 to {MOST_STREAMS}")
        if self.writes_files and not self.folder:
            raise UsageError("archives and pictures need a folder", "give the plan its folder")

    @property
    def writes_files(self) -> bool:
        """True if there are files beside the rows."""
        return self.pictures or self.maps is MapsAs.NPZ


def pinned(plan: BatchPlan, backend: str, precision: str) -> BatchPlan:
    """Return the plan with the backend and precision that ``auto`` has chosen, so that every process and later start has them."""
    options = replace(plan.options, backend=backend, precision=precision)
    return replace(plan, options=options)
