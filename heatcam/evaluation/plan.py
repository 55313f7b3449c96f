"""Settings of an evaluation, in small records that import nothing slow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from heatcam.enums import Backend
from heatcam.errors import UsageError
from heatcam.evaluation.choices import CONTROL, FractionsOf, ProtocolName
from heatcam.options import DetectOptions
from heatcam.saliency import METHODS, methods_of_evidence
from heatcam.text import did_you_mean

if TYPE_CHECKING:
    from heatcam.evaluation.tried import TriedMap


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
        methods: names with commas; ``all`` stands for all CAM methods.
        layers: sets of layers for further rows of the live method, separated by commas; several sets in one text by semicolons.
        controls: names of the controls beside them with commas, or ``all``; the plain box is always one.
        protocol: the protocol of deletion and insertion.
        infill: names of infills with commas; None takes the protocol's own.
        fractions: what the protocol's steps are fractions of; None takes the protocol's own.
        most: number of objects per picture at most, the strongest.
        small: keep objects that cover less than the protocol's first step, where steps are fractions of the picture.
        whole: score maps as they are, not cut to their box.
        checks: also measure sensitivity to noise and to the network's weights.
        seed: for all random numbers.
    """

    methods: str = "live,fine"
    layers: list[str] | None = None
    controls: str = "all"
    protocol: ProtocolName = ProtocolName.GROWING
    infill: str | None = None
    fractions: FractionsOf | None = None
    most: int = 4
    small: bool = False
    whole: bool = False
    checks: bool = False
    seed: int = 0

    def require_valid(self) -> None:
        """Refuse names that do not exist, and a map made by trial that would be judged by its own infill.

        Raises:
            UsageError: with the next step.
        """
        self.method_names()
        self.control_names()
        judged_by = self.infill_names()
        for tried in self.tried():
            others = [name for name in judged_by if name != tried.infill]
            if not others or (self.infill is not None and others != judged_by):
                raise UsageError(
                    f"the map {tried.name!r} is made by trials under {tried.infill!r} and is never judged by it",
                    f"--infill {','.join(others or [name for name in _infills() if name != tried.infill])}",
                )

    def method_names(self) -> list[str]:
        """Return the methods that are asked for, maps made by trial included, each once, in their order.

        Raises:
            UsageError: a method does not exist, or there is neither a method nor a set of layers.
        """
        names = _chosen(self.methods, [*METHODS, *_tried()], list(methods_of_evidence()), "method")
        if not names and not self.layer_sets():
            raise UsageError("no method to judge", "for example: --methods live,fine")
        return names

    def tried(self) -> list[TriedMap]:
        """Return those of the methods whose maps are made by trial."""
        return [_tried()[name] for name in self.method_names() if name in _tried()]

    def control_names(self) -> list[str]:
        """Return the rows of the controls that are asked for, and of the plain box, in their usual order.

        Raises:
            UsageError: a control does not exist.
        """
        from heatcam.evaluation.controls import CONTROLS, PLAIN_BOX  # noqa: PLC0415 (needs OpenCV)

        rows = {row.removeprefix(CONTROL): row for row in CONTROLS}
        names = _chosen(self.controls, list(rows), list(rows), "control")
        return [row for name, row in rows.items() if name in names or row == PLAIN_BOX]

    def infill_names(self) -> list[str]:
        """Return the infills that are asked for, or else the protocol's own, each once, in their order.

        Raises:
            UsageError: an infill does not exist, or none is asked for.
        """
        from heatcam.evaluation.protocols import PROTOCOLS  # noqa: PLC0415 (needs OpenCV)

        if self.infill is None:
            return list(PROTOCOLS[self.protocol.value].infills)
        names = _chosen(self.infill, _infills(), _infills(), "infill")
        if not names:
            raise UsageError("no infill to judge by", "for example: --infill blur,noise")
        return names

    def counted(self) -> FractionsOf:
        """Return what the steps are fractions of."""
        from heatcam.evaluation.protocols import PROTOCOLS  # noqa: PLC0415 (needs OpenCV)

        return self.fractions or PROTOCOLS[self.protocol.value].fractions_of

    @property
    def keeps_small(self) -> bool:
        """True if objects that cover less than the protocol's first step are judged too, as they can be."""
        return self.small or self.whole or self.counted() is FractionsOf.BOX

    def layer_sets(self) -> list[tuple[str, ...]]:
        """Return the sets of layers that are asked for, each once, in their order."""
        texts = [text for given in self.layers or () for text in given.split(";")]
        sets = [tuple(name.strip() for name in text.split(",") if name.strip()) for text in texts]
        return list(dict.fromkeys(layers for layers in sets if layers))


def _chosen(text: str, known: Sequence[str], every: Sequence[str], kind: str) -> list[str]:
    """Return the names in ``text``, between commas, each once; ``all`` stands for ``every``.

    Raises:
        UsageError: one of them is not known.
    """
    wanted = [name.strip().casefold() for name in text.split(",") if name.strip()]
    names = list(dict.fromkeys(n for name in wanted for n in (every if name == "all" else [name])))
    for name in names:
        if name not in known:
            advice = did_you_mean(name, known) or f"use some of: {', '.join(known)}, or all"
            raise UsageError(f"unknown {kind} {name!r}", advice)
    return names


def _infills() -> list[str]:
    from heatcam.evaluation.infills import INFILLS  # noqa: PLC0415 (needs OpenCV)

    return list(INFILLS)


def _tried() -> dict[str, TriedMap]:
    from heatcam.evaluation.tried import TRIED  # noqa: PLC0415 (needs the explainers)

    return TRIED


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
