"""What is judged and how, in small records that load nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from heatcam.enums import Backend, MethodName
from heatcam.errors import UsageError
from heatcam.options import DetectOptions
from heatcam.text import did_you_mean


class ProtocolName(str, Enum):
    """How pictures are taken apart."""

    BLUR = "blur"
    D_RISE = "d-rise"


@dataclass(frozen=True, kw_only=True)
class Judged(DetectOptions):
    """The model, and which of its detections count: see ``DetectOptions``.

    Attributes:
        model: a ``.pt`` file or a built-in model's name; None is ``markers``.
        device: None chooses.
        conf: objects above this confidence, in ``[0, 1]``.
        backend: what scores the pictures that are taken apart; maps are made with torch.
    """

    model: str | None = None
    device: str | None = None
    conf: float = 0.4
    backend: Backend = Backend.AUTO


@dataclass(frozen=True)
class EvalPlan:
    """Which maps, and what is measured of them.

    Attributes:
        methods: names with commas, or ``all``.
        layers: sets of layers for further rows of the live method, each with commas; several in one text behind semicolons.
        protocol: how pictures are taken apart.
        most: objects a picture at most, the strongest.
        small: keep objects that cover less than the protocol's first step.
        whole: score maps as they are, not cut to their box.
        checks: also measure sensitivity to noise and to the network's weights.
        seed: for all that is drawn.
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
        """The methods that are asked for, each once, in their order.

        Raises:
            UsageError: one that does not exist, or none.
        """
        known = [method.value for method in MethodName]
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
        """The sets of layers that are asked for, each once, in their order."""
        texts = [text for given in self.layers or () for text in given.split(";")]
        sets = [tuple(name.strip() for name in text.split(",") if name.strip()) for text in texts]
        return list(dict.fromkeys(layers for layers in sets if layers))


@dataclass(frozen=True)
class Outputs:
    """Where results go beside the table.

    Attributes:
        json: a file for the machine-readable result, ``-`` for standard output, None for none.
        csv: a file with one line an object and row.
        curves: a picture of the mean curves.
        overwrite: replace files that are there.
    """

    json: str | None = None
    csv: Path | None = None
    curves: Path | None = None
    overwrite: bool = False
