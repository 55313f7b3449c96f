"""Settings of an evaluation, in small records that import nothing slow."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from heatcam.enums import Backend
from heatcam.errors import UsageError
from heatcam.options import DetectOptions
from heatcam.saliency import METHODS
from heatcam.text import did_you_mean


class ProtocolName(str, Enum):
    """Protocols of deletion and insertion."""

    BLUR = "blur"
    D_RISE = "d-rise"


@dataclass(frozen=True, kw_only=True)
class Judged(DetectOptions):
    """The model, and the thresholds of its detections: see ``DetectOptions``.

    Attributes:
        model: a ``.pt`` file or a built-in model's name; None is ``markers``.
        device: torch's name of the device; None takes the fastest.
        conf: objects above this confidence, in ``[0, 1]``.
        backend: runs the network that scores the changed pictures; maps are made with torch.
    """

    model: str | None = None
    device: str | None = None
    conf: float = 0.4
    backend: Backend = Backend.AUTO


@dataclass(frozen=True)
class EvalPlan:
    """The maps to evaluate, and the measures.

    Attributes:
        methods: names with commas, or ``all``.
        layers: sets of layers for further rows of the live method, separated by commas; several sets in one text by semicolons.
        protocol: the protocol of deletion and insertion.
        most: number of objects per picture at most, the strongest.
        small: keep objects that cover less than the protocol's first step.
        whole: score maps as they are, not cut to their box.
        checks: also measure sensitivity to noise and to the network's weights.
        seed: for all random numbers.
    """

    methods: str = "live,fine"
    layers: list[str] | None = None
    protocol: ProtocolName = ProtocolName.BLUR
    most: int = 4
    small: bool = False
    whole: bool = False
    checks: bool = False
    seed: int = 0

    def method_names(self) -> list[str]:
        """Return the methods that are asked for, each once, in their order.

        Raises:
            UsageError: a method does not exist, or there is neither a method nor a set of layers.
        """
        known = list(METHODS)
        wanted = [name.strip().casefold() for name in self.methods.split(",") if name.strip()]
        names = list(dict.fromkeys(n for name in wanted for n in (known if name == "all" else [name])))
        for name in names:
            if name not in known:
                advice = did_you_mean(name, known) or f"use some of: {', '.join(known)}, or all"
                raise UsageError(f"unknown method {name!r}", advice)
        if not names and not self.layer_sets():
            raise UsageError("no method to judge", "for example: --methods live,fine")
        return names

    def layer_sets(self) -> list[tuple[str, ...]]:
        """Return the sets of layers that are asked for, each once, in their order."""
        texts = [text for given in self.layers or () for text in given.split(";")]
        sets = [tuple(name.strip() for name in text.split(",") if name.strip()) for text in texts]
        return list(dict.fromkeys(layers for layers in sets if layers))


@dataclass(frozen=True)
class Outputs:
    """Output files beside the table.

    Attributes:
        json: a file for the machine-readable result, ``-`` for standard output, None for none.
        csv: a file with one line per object and row.
        curves: a picture of the mean curves.
        overwrite: replace existing files.
    """

    json: str | None = None
    csv: Path | None = None
    curves: Path | None = None
    overwrite: bool = False
