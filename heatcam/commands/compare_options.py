"""Options of ``heatcam compare``: those that may be given twice, for A and for B, and those that both share."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from heatcam.commands.options import ModelChoice, Output
from heatcam.enums import Colormap
from heatcam.errors import UsageError
from heatcam.options import DetectOptions, ExplainOptions, PromptOptions, names_in

#: The options that may be given twice.
TWICE = ("model", "method", "layers", "quality", "target")


def _as_explained(name: str, default: Any) -> Any:
    """Make a field that the command line offers as it does the field of that name of ``ExplainOptions``."""
    return field(default=default, metadata=ExplainOptions.__dataclass_fields__[name].metadata)


@dataclass(frozen=True, kw_only=True)
class ComparedChoice(DetectOptions, PromptOptions):
    """The two sides of a comparison; at least one of ``TWICE`` is given twice, all else is shared.

    Attributes:
        model: ``.pt`` files or built-in models' names; none takes the one for the source.
        device, backend, precision, why, yes: see ``ModelChoice``.
        method: CAM methods.
        quality: ``live`` or ``fine``.
        layers: sets of layers, each in one text with commas.
        target: outputs of each object to explain.
    """

    model: tuple[str, ...] = ()
    device: str | None = None
    backend: str = _as_explained("backend", "auto")
    precision: str = _as_explained("precision", "auto")
    method: tuple[str, ...] = ()
    quality: tuple[str, ...] = _as_explained("quality", ())
    layers: tuple[str, ...] = ()
    target: tuple[str, ...] = ()
    why: str = _as_explained("why", "")
    yes: bool = False

    def sides(self) -> tuple[ModelChoice, ModelChoice]:
        """Return the choice of A and that of B.

        Raises:
            UsageError: nothing is given twice, or something more often; or a threshold or size is invalid.
        """
        self.require_valid()
        given = {name: getattr(self, name) for name in TWICE}
        for name, values in given.items():
            if len(values) > 2:
                raise UsageError(f"--{name} is given {len(values)} times", "give two, for A and for B")
        if not any(len(values) == 2 for values in given.values()):
            options = ", ".join(f"--{name}" for name in TWICE[1:-1])
            raise UsageError(
                "there is nothing to compare",
                f"give --model, {options} or --{TWICE[-1]} twice: heatcam compare photo.jpg --model a.pt --model b.pt",
            )
        return self._side(0), self._side(1)

    def differing(self) -> tuple[str, ...]:
        """Return the names of the options that are given twice."""
        return tuple(name for name in TWICE if len(getattr(self, name)) == 2)

    def _side(self, number: int) -> ModelChoice:
        shared = {field.name: getattr(self, field.name) for field in fields(self) if field.name not in TWICE}
        own = {
            name: values[min(number, len(values) - 1)] for name in TWICE if (values := getattr(self, name))
        }
        if "layers" in own:
            own["layers"] = names_in(own["layers"])
        return ModelChoice(**shared | own)


@dataclass(frozen=True)
class ComparedLook:
    """Look of a comparison's picture.

    Attributes:
        same_scale: one scale for both models, the larger of the two, instead of each model's own.
        colormap: colours of the heat of A and of B; the difference has its own.
        alpha: opacity of the hottest pixel, in ``[0, 1]``.
        boxes: draw boxes and labels.
        hud: draw the colour bars.
    """

    same_scale: bool = False
    colormap: Colormap = Colormap.TURBO
    alpha: float = 0.7
    boxes: bool = True
    hud: bool = True


@dataclass(frozen=True)
class ComparedOutput(Output):
    """Outputs of a comparison: a picture, a folder or a video, and the JSON document."""
