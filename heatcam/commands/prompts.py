"""Prompts of the command line: read and refused before torch is loaded; the text encoder is downloaded once the user says yes."""

from __future__ import annotations

from pathlib import Path

from heatcam.commands.options import ModelChoice
from heatcam.commands.probing_checks import boxes_at
from heatcam.commands.terminal import Terminal
from heatcam.models import (
    EncoderMissingError,
    Likeness,
    Prompt,
    TextEncoder,
    is_vector_file,
    likeness,
    official,
    read_class_vectors,
    require_clip,
    require_promptable_name,
    texts_checked,
    words_are_at_hand,
)
from heatcam.options import PromptOptions, names_in
from heatcam.sources import read_picture


def prompt_of(options: PromptOptions) -> Prompt | None:
    """Return what the options ask for, files read; None where they ask for nothing.

    Raises:
        HeatcamError: the options contradict each other, or a file cannot be used; the message names the next step.
    """
    options.require_valid_prompt()
    if not options.is_prompted:
        return None
    return prompt_from(options.prompt, (like_of(options),) if options.like else ())


def prompt_from(text: str, likes: tuple[Likeness, ...]) -> Prompt:
    """Return a prompt of a text and of places in pictures.

    Args:
        text: names with commas between, or the name of a file of class vectors, which is read; "" for none.
        likes: the places.

    Raises:
        UsageError: the text has no names, or the file cannot be used.
    """
    is_file = is_vector_file(text)
    return Prompt(
        texts=texts_checked(names_in(text)) if text and not is_file else (),
        vectors=read_class_vectors(Path(text.strip()).expanduser()) if is_file else None,
        likes=likes,
    )


def like_of(options: PromptOptions) -> Likeness:
    """Return what ``--like``, ``--at`` and ``--class`` show, the picture read."""
    image = read_picture(Path(options.like).expanduser())
    boxes = boxes_at(options.like_at, (image.shape[1], image.shape[0]))
    return likeness(image, boxes, options.like_class)


def require_prompt(model: str | None, options: PromptOptions) -> None:
    """Refuse a prompt that cannot be used, or not by this model, as far as that is known before torch is loaded.

    Raises:
        HeatcamError: the message names the next step.
    """
    options.require_valid_prompt()
    if options.is_prompted:
        require_promptable_name(model, places=bool(options.like))
        prompt_of(options)


def have_words_encoded(choice: ModelChoice, terminal: Terminal) -> None:
    """Have the class vectors of a prompt's words remembered, so that the model can be loaded without its text encoder.

    Does nothing where they are. The encoder is downloaded if the user says yes.

    Raises:
        HeatcamError: the model takes no such prompt, or there is no encoder; the message names the next step.
    """
    prompt, model = prompt_of(choice), str(choice.model)
    if prompt is None or not prompt.texts or words_are_at_hand(model, prompt.texts):
        return
    if official.official_name(model):  # (any other may take no prompts at all, which is told first)
        require_clip()
    try:
        _encode(model, prompt, terminal)
    except EncoderMissingError as error:
        if not _downloaded(error.encoder, terminal):
            raise
        _encode(model, prompt, terminal)


def _encode(model: str, prompt: Prompt, terminal: Terminal) -> None:
    with terminal.status("encoding the prompt"):
        from heatcam.models import load_model  # noqa: PLC0415 (torch: seconds)

        load_model(model, Prompt(texts=prompt.texts))


def _downloaded(encoder: TextEncoder, terminal: Terminal) -> bool:
    """Offer to download a text encoder, unless ``--yes`` has answered; return True if it is here now."""
    question = (
        f"words need the text encoder {encoder.name}. Download it from {encoder.maker} to {encoder.path}?"
    )
    if terminal.says_yes or (terminal.confirm is not None and terminal.confirm(question)):
        encoder.download()
    return not encoder.is_missing
