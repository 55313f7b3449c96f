"""The models of ``heatcam serve``: those that the command line allowed, each loaded once for all who ask."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from heatcam.commands.live_model import LiveModel
from heatcam.commands.options import LookOptions, ModelChoice, MotionOptions
from heatcam.commands.prompts import prompt_of
from heatcam.commands.terminal import Terminal
from heatcam.errors import HeatcamError, UsageError
from heatcam.models import WORDS
from heatcam.options import ExplainOptions
from heatcam.text import printable

if TYPE_CHECKING:
    from heatcam.saliency import Explainer, ExplainerCache

#: Pictures come one by one: nothing is compiled for one, and its numbers are those of `heatcam snapshot`.
_ONE_PICTURE = 1
#: The evidence of boxes is calibrated for each hundredth of a confidence, so that requests cannot have it measured without end.
_DIGITS = 2


class ServedModels:
    """Models by the names that requests know them by; called from any thread.

    A model's name is that of its file, without folder and suffix; of files that are called alike, the second has ``-2``.

    Args:
        specs: a ``.pt`` file or a built-in model's name each, the default one first, all of them there already.
        choice: the device, and how the models explain; its ``model`` is not used.
        look: look of the overlay, for the notes.
        motion: smoothing and tracking of the live view.
        terminal: prints which model runs where.
        for_pictures: the one of ``specs`` that pictures are analysed with unless another is asked for; None for the first.
    """

    def __init__(
        self,
        specs: Sequence[str],
        choice: ModelChoice,
        look: LookOptions,
        motion: MotionOptions,
        terminal: Terminal,
        for_pictures: str | None = None,
    ) -> None:
        self._look, self._motion, self._terminal = look, motion, terminal
        self._served = {
            name: _Served(replace(choice, model=spec))
            for name, spec in zip(_names(specs), specs, strict=True)
        }
        #: The options of the command line.
        self.options = choice.explain_options()
        #: Names of the models, the default one first.
        self.names = tuple(self._served)
        #: Name of the model that a picture is analysed with unless another is named.
        self.for_pictures = self.names[0 if for_pictures is None else list(specs).index(for_pictures)]

    @property
    def methods(self) -> tuple[str, ...]:
        """Names of the methods that make maps; loads no torch."""
        from heatcam.saliency import methods_of_evidence  # noqa: PLC0415

        return methods_of_evidence()

    def is_loaded(self, name: str) -> bool:
        """Return True if the model is loaded."""
        return self._served[name].cache is not None

    def problem(self, name: str) -> str:
        """Return why the model could not be loaded the last time, in one line; "" if nothing is known to be wrong."""
        return self._served[name].problem

    def class_names(self, name: str) -> tuple[str, ...] | None:
        """Return the names of the classes that it finds; None before it is loaded."""
        cache = self._served[name].cache
        return None if cache is None else tuple(printable(one) for one in cache.loaded.class_names.values())

    def layer_sets(self, name: str) -> tuple[str, ...]:
        """Return values worth trying for ``layers``, "" first; only that before an explainer was built."""
        return self._served[name].layer_sets

    def explainer(self, name: str, options: ExplainOptions) -> Explainer:
        """Return the explainer of a model for single pictures, built now if it has not been; takes seconds the first time.

        Its numbers are those of ``heatcam snapshot`` with the same options; low evidence is that of the confidence's hundredth.

        Raises:
            UsageError: the options do not fit this model.
            HeatcamError: the model cannot be loaded.
        """
        options.require_valid()
        served = self._served[name]
        usual = replace(options, conf=round(options.conf, _DIGITS), pictures=_ONE_PICTURE)
        explainer = served.opened(usual).take(usual)
        served.layer_sets = explainer.engine.layer_choices
        return explainer.with_thresholds(replace(explainer.thresholds, conf=options.conf))

    def live(self, name: str, options: ExplainOptions, size_wh: Callable[[], tuple[int, int]]) -> LiveModel:
        """Return a model for one run of the live view, which shares its network with all others.

        Args:
            name: one of ``names``.
            options: of the first frame.
            size_wh: returns width and height of the frames to come, in pixels, when the model is loaded.
        """
        served = self._served[name]
        choice = replace(served.choice, **asdict(replace(options, pictures=None)))
        return LiveModel(
            choice, self._look, self._motion, size_wh, self._terminal, lambda _, first: served.opened(first)
        )


class _Served:
    """One model, loaded when it is first asked for.

    Attributes:
        choice: the model, and how it explains.
        cache: its explainers; None before it is loaded.
        problem: why it could not be loaded the last time, in one line; "" if nothing is known to be wrong.
        layer_sets: values worth trying for ``layers``.
    """

    def __init__(self, choice: ModelChoice) -> None:
        self.choice = choice
        self.cache: ExplainerCache | None = None
        self.problem = ""
        self.layer_sets: tuple[str, ...] = ("",)
        self._lock = threading.Lock()

    def opened(self, options: ExplainOptions) -> ExplainerCache:
        """Return the cache of its explainers, after loading it.

        Raises:
            HeatcamError: it cannot be loaded.
        """
        with self._lock:
            if self.cache is None:
                from heatcam.saliency import open_explainer_cache  # noqa: PLC0415 (torch: seconds)

                try:
                    self.cache = open_explainer_cache(
                        str(self.choice.model), self.choice.device, options, prompt=prompt_of(self.choice)
                    )
                except UsageError:  # (of the options, not of the model)
                    raise
                except HeatcamError as error:
                    self.problem = str(error)
                    raise
                self.problem = ""
            return self.cache


def _names(specs: Sequence[str]) -> list[str]:
    """Return a name for each model, no two alike."""
    names: list[str] = []
    for spec in specs:
        base = spec if spec in WORDS else printable(Path(spec).stem)
        name, number = base, 1
        while name in names:
            number += 1
            name = f"{base}-{number}"
        names.append(name)
    return names
