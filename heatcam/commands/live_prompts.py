"""Prompts of the live window: what a typed text and drawn examples ask of a model, and the explainers for it."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from heatcam.commands.options import ModelChoice
from heatcam.commands.prompts import like_of, prompt_from
from heatcam.enums import Backend, Precision
from heatcam.errors import UsageError
from heatcam.live import WindowPrompt, example_of
from heatcam.models import (
    ClipMissingError,
    EncoderMissingError,
    Likeness,
    Prompt,
    likeness,
    no_places,
    no_prompts,
)
from heatcam.options import ExplainOptions

if TYPE_CHECKING:
    from heatcam.models import LoadedModel
    from heatcam.saliency import Explainer, ExplainerCache


def first_prompt(choice: ModelChoice) -> WindowPrompt:
    """Return what the command line asks for, as the window has it."""
    if not choice.like:
        return WindowPrompt(choice.prompt.strip())
    like = like_of(choice)
    places = zip(like.boxes_xyxy.tolist(), like.names, strict=True)
    shown = (example_of(like.image_bgr, tuple(box), name) for box, name in places)
    return WindowPrompt(choice.prompt.strip(), tuple(shown))


def prompt_asked(asked: WindowPrompt) -> Prompt | None:
    """Return what a model is to be loaded with; None for its own classes.

    Raises:
        UsageError: the text has no names, or names a file that cannot be used.
    """
    if not asked.names:
        return None
    pictures = dict.fromkeys(example.digest for example in asked.examples)
    return prompt_from(asked.text, tuple(_shown_in(digest, asked) for digest in pictures))


def _shown_in(digest: str, asked: WindowPrompt) -> Likeness:
    """Return all places of one picture."""
    own = [example for example in asked.examples if example.digest == digest]
    return likeness(own[0].image_bgr, [one.box_xyxy for one in own], [one.name for one in own])


def refusals(models: Sequence[LoadedModel]) -> tuple[str, str]:
    """Return why the window's models take no words, and why no places in a picture, as a prompt; "" where all of them do."""
    words = next((str(no_prompts(one.title)) for one in models if not one.takes_words), "")
    places = next((str(no_places(one.title)) for one in models if not one.takes_places), "")
    return words, words or places


class PromptedModels:
    """The window's model, or both, for prompts that came later; those of the newest prompt alone are kept.

    Called from one thread at a time.

    Args:
        models: the models' names.
        first: an explainer of each as it was loaded: the same backend runs the others, without trying them all again.
        device: a torch device; None takes the fastest.
        size_wh: size of the pictures to come, in pixels.
    """

    def __init__(
        self,
        models: Sequence[str],
        first: Sequence[Explainer],
        device: str | None,
        size_wh: tuple[int, int],
    ) -> None:
        self._models, self._facts = models, [explainer.facts() for explainer in first]
        self._device, self._size_wh = device, size_wh
        self._newest: dict[int, ExplainerCache] = {}
        self._prompt: WindowPrompt | None = None

    def take(self, number: int, prompt: WindowPrompt, options: ExplainOptions) -> Explainer:
        """Return the explainer of a model for a prompt; the model is loaded anew for each, which takes seconds.

        Args:
            number: the model's place among ``models``.
            prompt: what it is to find.
            options: how it explains.

        Raises:
            HeatcamError: the model cannot find this, a text encoder that is needed is not here, or the options do not fit.
        """
        return self._cache(number, prompt).take(self._as_before(number, options), self._size_wh)

    def _as_before(self, number: int, options: ExplainOptions) -> ExplainOptions:
        """Return the options with the backend that was chosen for the model as it was loaded, and float32 if that was."""
        facts = self._facts[number]
        backend = facts.backend if options.backend == Backend.AUTO.value else options.backend
        is_settled = options.precision == Precision.AUTO.value and facts.precision == Precision.FP32.value
        return replace(
            options, backend=backend, precision=facts.precision if is_settled else options.precision
        )

    def _cache(self, number: int, prompt: WindowPrompt) -> ExplainerCache:
        is_newest = self._prompt is not None and prompt.asks_like(self._prompt)
        if is_newest and number in self._newest:
            return self._newest[number]
        gc.collect()  # networks lie in circles of references: those of the prompt before the last one go now
        cache = self._opened(number, prompt)
        self._newest = {**(self._newest if is_newest else {}), number: cache}
        self._prompt = prompt
        return cache

    def _opened(self, number: int, prompt: WindowPrompt) -> ExplainerCache:
        from heatcam.engine import choose_device  # noqa: PLC0415 (torch: loaded by now)
        from heatcam.models import NoClassesError, load_model  # noqa: PLC0415
        from heatcam.saliency import ExplainerCache  # noqa: PLC0415

        name = self._models[number]
        try:
            loaded = load_model(name, prompt_asked(prompt))
        except (EncoderMissingError, ClipMissingError) as error:
            raise _needs(error) from error
        except NoClassesError as error:
            raise UsageError(
                f"{Path(name).name} has no classes of its own", "type what it is to find"
            ) from error
        return ExplainerCache(loaded, choose_device(self._device), self._size_wh)


def _needs(missing: EncoderMissingError | ClipMissingError) -> UsageError:
    """Return what a prompt of words needs, in so few words that the top line of 1280 pixels has room for them."""
    if isinstance(missing, ClipMissingError):
        return UsageError("words need the package clip", missing.install)
    name = missing.encoder.name
    return UsageError(f"words need the text encoder {name}", f"run heatcam models download {name}")
