"""Options of ``heatcam drift``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from heatcam.commands.capture_options import FilmChoice
from heatcam.commands.options import Extent
from heatcam.drift import FALSE_ALARMS, host_of
from heatcam.errors import UsageError


@dataclass(frozen=True)
class DriftChoice:
    """A baseline to watch against, or one to learn.

    Attributes:
        baseline: the baseline's file; None learns one.
        learn: a file for a baseline that is learnt; None watches.
        resume: go on with learning the baseline that is there.
        block: length of a block to learn in, in seconds; None takes the source's usual one.
        day_parts: number of parts of the day that have a baseline of their own; None takes 6 for live sources, else 1.
        every: look at one frame of so many.
        false_alarms: probability of ever telling of a drift that there is not.
        exit_on_drift: end with the first alarm.
    """

    baseline: Path | None = None
    learn: Path | None = None
    resume: bool = False
    block: float | None = None
    day_parts: int | None = None
    every: int = 1
    false_alarms: float = FALSE_ALARMS
    exit_on_drift: bool = False

    def require_valid(self) -> None:
        """Refuse what contradicts itself.

        Raises:
            UsageError: so it does.
        """
        if (self.baseline is None) == (self.learn is None):
            raise UsageError(
                "give --baseline or --learn",
                "--learn base.json while all is well, then --baseline base.json to watch",
            )
        if not 0 < self.false_alarms < 1:
            raise UsageError(
                f"false-alarms is {self.false_alarms:g}", "give a probability above 0 and below 1"
            )
        if self.block is not None and not 0 < self.block <= _LONGEST_S:
            raise UsageError(f"block is {self.block:g}", "give seconds above 0, to 86400: a day")
        given = [name for name in ("block", "day_parts") if getattr(self, name) is not None]
        if self.baseline is not None and (given or self.resume):
            name = (given or ["resume"])[0].replace("_", "-")
            raise UsageError(f"--{name} is for --learn", "a watch takes it from its baseline: leave it out")
        if self.learn is not None and self.exit_on_drift:
            raise UsageError("--exit-on-drift is for --baseline", "leave it out")


_LONGEST_S = 86_400.0


@dataclass(frozen=True)
class DriftOutput:
    """Outputs of ``drift``.

    Attributes:
        state: a file for what a restart goes on with; None begins each run anew.
        log: a file that gets a line of JSON a block, appended.
        webhook: an address that alarms are posted to.
        json: a file for the result, ``-`` for standard output, None for none.
        overwrite: replace existing files.
    """

    state: Path | None = None
    log: Path | None = None
    webhook: str | None = None
    json: str | None = None
    overwrite: bool = False

    def require_valid(self, *, watches: bool) -> None:
        """Refuse what has no use; ``watches`` is False where a baseline is learnt.

        Raises:
            UsageError: so it has.
        """
        if self.webhook is not None:
            host_of(self.webhook)
        if watches:
            return
        for name in ("state", "log", "webhook"):
            if getattr(self, name) is not None:
                raise UsageError(f"--{name} is for --baseline", "leave it out: learning tells of no drift")


@dataclass(frozen=True)
class DriftOptions:
    """Settings of ``heatcam drift``.

    Attributes:
        choice: what is watched or learnt.
        output: where it is told.
        extent: how long.
        capture: what to ask the source for.
    """

    choice: DriftChoice
    output: DriftOutput
    extent: Extent
    capture: FilmChoice
