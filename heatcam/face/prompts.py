"""Prompts in the forms that Python has them in."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy.typing as npt

from heatcam.errors import UsageError
from heatcam.face.inputs import ImageLike, frame_of
from heatcam.models import (
    ClassVectors,
    Likeness,
    Prompt,
    is_vector_file,
    likeness,
    read_class_vectors,
    require_promptable_name,
    texts_checked,
    vectors_of_mapping,
)
from heatcam.options import names_in

#: Classes in words, in one text with commas or each by itself; a file of class vectors; vectors by name.
PromptLike = str | os.PathLike[str] | Sequence[str] | Mapping[str, Any]


def prompt_for(
    model: str,
    prompt: PromptLike | None,
    like: ImageLike | None,
    like_at: npt.ArrayLike,
    like_class: str | Sequence[str],
) -> Prompt | None:
    """Return what ``heatcam.load`` is asked to look for; None for nothing.

    Raises:
        UsageError: the prompt has another form, or the model takes none by its name.
        UnreadableInputError: the picture cannot be read.
    """
    if prompt is None and like is None:
        return None
    require_promptable_name(model, places=like is not None)
    places = () if like is None else (_places(like, like_at, like_class),)
    if prompt is None:
        return Prompt(likes=places)
    if isinstance(prompt, Mapping):
        return Prompt(vectors=vectors_of_mapping(prompt), likes=places)
    vectors = _vectors_in(prompt)
    return Prompt(() if vectors else _texts_in(prompt), vectors, places)


def _places(like: ImageLike, like_at: npt.ArrayLike, like_class: str | Sequence[str]) -> Likeness:
    names = (like_class,) if isinstance(like_class, str) and like_class else tuple(like_class)
    return likeness(frame_of(like).image_bgr, like_at, names)


def _vectors_in(prompt: object) -> ClassVectors | None:
    """Read a file of class vectors, if that is what the prompt names."""
    if isinstance(prompt, os.PathLike) or (isinstance(prompt, str) and is_vector_file(prompt)):
        return read_class_vectors(Path(os.fspath(prompt)))
    return None


def _texts_in(prompt: object) -> tuple[str, ...]:
    texts = names_in(prompt) if isinstance(prompt, str) else prompt
    if not isinstance(texts, Sequence) or not all(isinstance(text, str) for text in texts):
        raise UsageError(
            "prompt has no form that is known", 'give ["person", "kite"], a file, or vectors by name'
        )
    return texts_checked(texts)
