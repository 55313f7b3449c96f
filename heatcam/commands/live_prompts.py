"""Prompts of the live window: what a typed text and drawn examples ask of a model, and the explainers for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from heatcam.commands.options import ModelChoice
from heatcam.commands.prompts import like_of, prompt_from
from heatcam.errors import UsageError
from heatcam.live import WindowPrompt, example_of
from heatcam.models import EncoderMissingError, Likeness, Prompt, likeness, no_places, no_prompts

if TYPE_CHECKING:
    from heatcam.models import LoadedModel
    from heatcam.saliency import ExplainerCache


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


class PromptedCaches:
    """Explainers for the prompts of the window: those of the newest prompt are kept, beside those that the models began with.

    Called from one thread at a time.

    Args:
        models: the models' names.
        first: the caches of their explainers as they were loaded.
        device: a torch device; None takes the fastest.
        size_wh: size of the pictures to come, in pixels.
    """

    def __init__(
        self,
        models: Sequence[str],
        first: Sequence[ExplainerCache],
        device: str | None,
        size_wh: tuple[int, int],
    ) -> None:
        self._models, self._first = models, first
        self._device, self._size_wh = device, size_wh
        self._newest: dict[int, ExplainerCache] = {}
        self._prompt: WindowPrompt | None = None

    def of(self, number: int, prompt: WindowPrompt) -> ExplainerCache:
        """Return the cache of a model's explainers for a prompt; the model is loaded anew for each, which takes seconds.

        Raises:
            HeatcamError: the model cannot find this, or a text encoder that is needed is not here.
        """
        is_newest = self._prompt is not None and prompt.asks_like(self._prompt)
        if is_newest and number in self._newest:
            return self._newest[number]
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
        except EncoderMissingError as error:
            raise _needs(error) from error
        except NoClassesError as error:
            raise UsageError(
                f"{Path(name).name} has no classes of its own", "type what it is to find"
            ) from error
        return ExplainerCache(loaded, choose_device(self._device), self._size_wh)


def _needs(missing: EncoderMissingError) -> UsageError:
    """Return what a prompt of words needs, for somebody at the window."""
    name = missing.encoder.name
    return UsageError(
        f"words need the text encoder {name}",
        f"in a terminal: heatcam models download {name}; or type the name of a file of class vectors",
    )
