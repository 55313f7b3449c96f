"""Options of ``heatcam snapshot``, as small records."""

from __future__ import annotations

from dataclasses import dataclass, field

from heatcam.commands.capture_options import CaptureChoice
from heatcam.commands.options import FindingsChoice, LookOptions, ModelChoice, PictureOutput
from heatcam.errors import UsageError
from heatcam.options import USUAL_MASKS, USUAL_TRIALS
from heatcam.tiling import USUAL_OVERLAP, require_tiles


@dataclass(frozen=True)
class TrialChoice:
    """Extent of maps by trial.

    Attributes:
        trials: number of trials of each object, with ``--quality true``, or of masks of each picture, with a method by masks;
            None takes the usual number.
    """

    trials: int | None = None

    def count(self, model: ModelChoice) -> int:
        """Return the number of trials of each object, or of masks; 0 where maps are made by neither.

        Raises:
            UsageError: trials were asked for without either.
        """
        if model.by_masks:
            return self.trials or USUAL_MASKS
        if self.trials is not None and not model.by_trial:
            raise UsageError(
                "--trials is for --quality true and --method drise or hierarchical",
                "add one of these, or leave out --trials",
            )
        return (self.trials or USUAL_TRIALS) if model.by_trial else 0


@dataclass(frozen=True)
class ChannelChoice:
    """Evidence of the picture's channels.

    Attributes:
        channel_evidence: tell it and draw it below the overlay; None does for models that read more than three channels.
    """

    channel_evidence: bool | None = None

    def is_wanted(self, channels: int) -> bool:
        """Return True if it is told for a model that reads so many channels."""
        return channels > 3 if self.channel_evidence is None else self.channel_evidence


@dataclass(frozen=True)
class TileChoice:
    """Tiles of a picture that is too large for one pass.

    Attributes:
        tiles: side of a tile in pixels; None explains pictures in one pass.
        overlap: share of a tile's side that neighbours have in common; None takes the usual one.
        whole: also look for objects that take much of a tile in the whole picture, shrunk; None does.
    """

    tiles: int | None = None
    overlap: float | None = None
    whole: bool | None = None

    def require_valid(self) -> None:
        """Refuse options that make no sense.

        Raises:
            UsageError: a size or an overlap is out of range, or there are options of tiles without ``--tiles``.
        """
        if self.tiles is not None:
            require_tiles(self.tiles, self.shared)
        elif self.overlap is not None or self.whole is not None:
            name = "--overlap" if self.overlap is not None else "--whole"
            raise UsageError(f"{name} is for --tiles", f"add --tiles 640, or leave out {name}")

    @property
    def shared(self) -> float:
        """The share of a tile's side that neighbours have in common."""
        return USUAL_OVERLAP if self.overlap is None else self.overlap


@dataclass(frozen=True)
class SnapshotOptions:
    """Settings of ``heatcam snapshot``.

    Attributes:
        look: colours and boxes of the overlay.
        output: which views go where.
        findings: what is told of each picture.
        capture: what to ask a camera for.
        trying: how long each object is tried out, with ``--quality true``.
        channels: evidence of the picture's channels.
        tiling: tiles of a large picture.
    """

    look: LookOptions
    output: PictureOutput
    findings: FindingsChoice
    capture: CaptureChoice
    trying: TrialChoice = field(default_factory=TrialChoice)
    channels: ChannelChoice = field(default_factory=ChannelChoice)
    tiling: TileChoice = field(default_factory=TileChoice)
