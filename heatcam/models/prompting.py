"""Classes of an open-vocabulary network from a prompt, before the network is rebuilt around them (``open_vocabulary``).

The vectors are those of ultralytics: of words by its text encoders, for YOLOE adapted by the head (``get_text_pe``); of places in
a picture by YOLOE's own encoder (``get_vpe``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from ultralytics.data.augment import LoadVisualPrompt
from ultralytics.nn.modules.head import WorldDetect, YOLOEDetect

from heatcam.engine import picture_tensor
from heatcam.errors import UsageError
from heatcam.geometry import Float32Array, Letterbox
from heatcam.models.class_vectors import ClassVectors, checked
from heatcam.models.open_vocabulary import lacks_classes
from heatcam.models.prompt import Likeness, Prompt, no_places, no_prompts, remember, remembered
from heatcam.models.text_encoder import ENCODERS, TextEncoder

_WORLDS_ENCODER, _USUAL_ENCODER = "clip:ViT-B/32", "mobileclip:blt"


@dataclass(frozen=True)
class Prompted:
    """A network that is to be prompted.

    Attributes:
        network: an ultralytics model as it was saved, float32, in eval mode.
        title: the model's name.
        imgsz: longer side of its input, in pixels.
        sha256: of its file.
    """

    network: Any
    title: str
    imgsz: int
    sha256: str

    @property
    def name(self) -> str:
        """Name of the model in files of class vectors, as ultralytics forms it."""
        return self.title.removesuffix("-seg")

    @property
    def is_world(self) -> bool:
        """True for YOLO-World, which compares with the text encoder's vectors as they are."""
        return isinstance(self.network.model[-1], WorldDetect)


def set_classes(prompted: Prompted, prompt: Prompt) -> ClassVectors:
    """Give the network the classes of a prompt, in place, as ultralytics' ``set_classes`` does.

    Returns:
        The classes.

    Raises:
        UsageError: it takes no such prompt, or vectors of another length.
        ModelError: the text encoder is not here, or fails.
    """
    require_promptable(prompted.network, prompted.title)
    parts = [
        vectors_of_texts(prompted, prompt.texts) if prompt.texts else None,
        None if prompt.vectors is None else _fitting(prompted, prompt.vectors),
        vectors_of_pictures(prompted, prompt.likes) if prompt.likes else None,
    ]
    first, *more = [part for part in parts if part is not None]
    vectors = sum(more, first)
    network, tensor = prompted.network, torch.from_numpy(vectors.vectors.copy())[None]
    setattr(network, "txt_feats" if prompted.is_world else "pe", tensor)
    network.model[-1].nc, network.names = len(vectors.names), dict(enumerate(vectors.names))
    return vectors


def require_promptable(network: nn.Module, name: str) -> None:
    """Refuse a network that takes no prompts; the message calls it ``name``.

    Raises:
        UsageError: it is another kind of network, or its classes are part of its weights (prompt-free or fused YOLOE).
    """
    if not takes_words(network):
        raise no_prompts(name)


def takes_words(network: nn.Module) -> bool:
    """Return True if a network, as it was saved, takes class names and vectors as a prompt."""
    head: Any = network.model[-1] if lacks_classes(network) else None  # type: ignore[index]
    return head is not None and not hasattr(head, "lrpc") and not getattr(head, "is_fused", False)


def takes_places(network: nn.Module) -> bool:
    """Return True if a network, as it was saved, takes places in a picture as a prompt too."""
    return takes_words(network) and isinstance(network.model[-1], YOLOEDetect)  # type: ignore[index]


def vectors_of_texts(prompted: Prompted, texts: tuple[str, ...]) -> ClassVectors:
    """Return the class vectors of texts, remembered or encoded now.

    Raises:
        ModelError: one has to be encoded, and the text encoder is not here or fails.
    """
    known = {text: remembered(prompted.sha256, text) for text in texts}
    new = tuple(text for text, found in known.items() if found is None)
    if new:
        encoded = checked(
            new, _adapted(prompted, encoder_of(prompted).encode(new)), prompted.name, "the text encoder"
        )
        remember(prompted.sha256, encoded)
        for text, vector in zip(new, encoded.vectors, strict=True):
            known[text] = ClassVectors((text,), vector[None])
    vectors = np.concatenate([found.vectors for found in known.values() if found is not None])
    return ClassVectors(texts, vectors, prompted.name)


def encoder_of(prompted: Prompted) -> TextEncoder:
    """Return the text encoder that the network was trained with.

    Raises:
        UsageError: it is one that ultralytics does not know.
    """
    own = getattr(prompted.network, "text_model", _USUAL_ENCODER)
    name = _WORLDS_ENCODER if prompted.is_world else own
    if not isinstance(name, str) or name not in ENCODERS:
        raise UsageError(
            f"{prompted.title} reads words by a text encoder that is not known here",
            f"give class vectors as a file: --prompt vectors.npz; known are {', '.join(ENCODERS)}",
        )
    return ENCODERS[name]


@torch.no_grad()
def _adapted(prompted: Prompted, encoded: Any) -> Any:
    """Return class vectors ``(classes, embedding)`` of what the text encoder gives, which YOLOE's head changes."""
    if prompted.is_world:
        return encoded
    adapted: Tensor = prompted.network.model[-1].get_tpe(torch.from_numpy(encoded)[None])
    return adapted[0].numpy()


def vectors_of_pictures(prompted: Prompted, likes: Sequence[Likeness]) -> ClassVectors:
    """Return class vectors of what is at places of pictures, one for each name, sorted as the names first come.

    A class that several pictures show has the mean of their vectors at unit length, as in ultralytics' validation of YOLOE.

    Raises:
        UsageError: see ``vectors_of_places``.
    """
    found = [vectors_of_places(prompted, like) for like in likes]
    if len(found) == 1:
        return found[0]
    names = tuple(dict.fromkeys(name for one in found for name in one.names))
    means = [
        _mean_of([one.vectors[one.names.index(name)] for one in found if name in one.names]) for name in names
    ]
    return ClassVectors(names, np.stack(means), prompted.name)


def _mean_of(vectors: Sequence[Float32Array]) -> Float32Array:
    """Return the mean of vectors ``(embedding,)``, at unit length."""
    mean = np.mean(vectors, 0, dtype=np.float32)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-12), np.float32)


@torch.no_grad()
def vectors_of_places(prompted: Prompted, like: Likeness) -> ClassVectors:
    """Return class vectors of what is at places of a picture, one for each name, sorted as the names first come.

    Raises:
        UsageError: the network is YOLO-World, or a place is smaller than a cell of the mask of places.
    """
    head = prompted.network.model[-1]
    if not isinstance(head, YOLOEDetect):
        raise no_places(prompted.title)
    tall, wide = like.image_bgr.shape[:2]
    letterbox = Letterbox.square((wide, tall), prompted.imgsz, int(head.stride.max()))
    picture = picture_tensor(letterbox.image_to_model(like.image_bgr), torch.device("cpu"))
    names = tuple(dict.fromkeys(like.names))
    masks = _masks(like, letterbox, [names.index(name) for name in like.names])
    found: Tensor = prompted.network(picture, vpe=masks[None], return_vpe=True)
    return checked(names, found[0].numpy(), prompted.name, "the picture's places")


def _masks(like: Likeness, letterbox: Letterbox, class_ids: list[int]) -> Tensor:
    """Return a mask for each class, float32 ``(classes, H / 8, W / 8)``, one inside of its places.

    Raises:
        UsageError: a place covers no cell.
    """
    boxes = torch.from_numpy(letterbox.boxes_to_model(like.boxes_xyxy))
    wide, tall = letterbox.model_wh
    loader = LoadVisualPrompt()
    for own, box in zip(like.boxes_xyxy, boxes, strict=True):
        if not loader.get_visuals([0], (tall, wide), box[None].clone()).any():
            raise UsageError(
                f"the place {','.join(f'{side:g}' for side in own)} is too small for the network to see",
                "draw the box around more, or give a larger picture of it",
            )
    masks: Tensor = loader.get_visuals(class_ids, (tall, wide), boxes)
    return masks


def _fitting(prompted: Prompted, vectors: ClassVectors) -> ClassVectors:
    """Return the vectors if the network compares with such.

    Raises:
        UsageError: they are of another length, or of another YOLOE.
    """
    branch: Any = prompted.network.model[-1].cv3[0]
    expected, length = branch[-1].out_channels, vectors.vectors.shape[1]
    if length != expected:
        raise UsageError(
            f"the prompt's vectors have {length} numbers, those of {prompted.title} have {expected}",
            "give vectors of this model",
        )
    if vectors.model not in ("", prompted.name) and not prompted.is_world:
        raise UsageError(
            f"the prompt's vectors were made with {vectors.model}, not with {prompted.name}: they mean nothing to it",
            "make them with this model",
        )
    return vectors
