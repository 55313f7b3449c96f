"""The two sides of a comparison: their explainers, which share what they can, and their names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heatcam.commands.compare_options import ComparedChoice
from heatcam.commands.default_model import default_model
from heatcam.commands.options import ModelChoice
from heatcam.commands.setup import model_at_hand, say_what_runs, start_explainer_cache
from heatcam.commands.terminal import Terminal
from heatcam.comparison import Comparing, run_at_once
from heatcam.errors import UsageError

if TYPE_CHECKING:
    from heatcam.saliency import Explainer


@dataclass(frozen=True)
class Sides:
    """A and B, ready to explain.

    Attributes:
        a, b: the explainers.
        choices: what each was made from.
        names: what each is, for people: the model, and what else differs.
    """

    a: Explainer
    b: Explainer
    choices: tuple[ModelChoice, ModelChoice]
    names: tuple[str, str]

    @property
    def comparing(self) -> Comparing:
        """Explainer of both."""
        return comparing_of(self.a, self.b)

    def facts(self) -> dict[str, Any]:
        """Return what each side is, for the document."""
        return {
            side: {
                "name": name,
                "model": choice.model,
                "method": explainer.method,
                "layers": explainer.engine.target_layer,
                "target": choice.target,
                "unit": explainer.unit,
                "imgsz": explainer.imgsz,
                "device": str(explainer.engine.device),
                "backend": explainer.engine.name,
                "full_heat": explainer.calibration.full_heat,
            }
            for side, name, choice, explainer in zip(
                ("a", "b"), self.names, self.choices, (self.a, self.b), strict=True
            )
        }


def start_sides(
    chosen: ComparedChoice, source: str, terminal: Terminal, size_wh: tuple[int, int], pictures: int | None
) -> Sides:
    """Load both models, one file only once.

    Args:
        chosen: the two sides.
        source: decides on the built-in model where none is named.
        terminal: prints what runs.
        size_wh: size of the pictures to come, in pixels.
        pictures: number of pictures to come; None for a stream.

    Raises:
        HeatcamError: a model or an option cannot be used; the message names the next step.
    """
    first, second = chosen.sides()
    first = replace(first, model=model_at_hand(first.model, default_model(source), terminal))
    second = replace(second, model=second.model or first.model)
    cache, a = start_explainer_cache(first, terminal, size_wh, pictures)
    if second.model == first.model:
        b = cache.take(second.explain_options(pictures))
        say_what_runs(second, b, terminal)
    else:
        _, b = start_explainer_cache(second, terminal, size_wh, pictures)
    choices = first, second
    return Sides(a, b, choices, side_names(choices, chosen.differing(), (a.title, b.title)))


def comparing_of(a: Explainer, b: Explainer) -> Comparing:
    """Return the explainer of both; where they run in turn, they share each picture's input if it is the same."""
    if not run_at_once(a, b):
        from heatcam.saliency import share_inputs  # noqa: PLC0415 (torch: loaded by now)

        share_inputs(a, b)
    return Comparing(a, b)


def require_one_unit(sides: Sides) -> None:
    """Refuse one scale for maps whose units differ.

    Raises:
        UsageError: they do.
    """
    a, b = sides.a.unit, sides.b.unit
    if a != b:
        raise UsageError(
            f"A's maps are in {a}, B's in {b}: they have no scale in common", "leave out --same-scale"
        )


def side_names(
    choices: tuple[ModelChoice, ModelChoice], differing: tuple[str, ...], titles: tuple[str, str]
) -> tuple[str, str]:
    """Return a name for each side: its model, by as much of its path as tells the two apart, and each option that differs.

    Args:
        choices: what the sides are made from.
        differing: names of the options that are given twice.
        titles: the models' display names.
    """
    models = titles
    if titles[0] == titles[1] and choices[0].model != choices[1].model:
        models = _apart(str(choices[0].model), str(choices[1].model))
    parts = [[model] for model in models]
    for name in differing:
        if name != "model":
            for own, choice in zip(parts, choices, strict=True):
                value = getattr(choice, name)
                own.append(",".join(value) if isinstance(value, tuple) else str(value))
    return " · ".join(parts[0]), " · ".join(parts[1])


def _apart(one: str, other: str) -> tuple[str, str]:
    """Return two paths from the first folder in which they differ: ``train/weights/best.pt``, ``train2/weights/best.pt``."""
    ours, theirs = Path(one).parts, Path(other).parts
    same = 0
    while same < min(len(ours), len(theirs)) and ours[same] == theirs[same]:
        same += 1
    return tuple("/".join(parts[same:] or parts[-1:]) for parts in (ours, theirs))  # type: ignore[return-value]
