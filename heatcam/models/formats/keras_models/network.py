"""The wrapper of a Keras classifier: its pictures have their channels last, and its target is the logit, not the activation."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import torch
from torch import Tensor, nn

from heatcam.engine import Tap
from heatcam.errors import ModelError
from heatcam.models.formats.classifying.layers import find_taps
from heatcam.models.formats.classifying.network import Preparation, WrappedClassifier

_NO_MAPS = ("has no layer that makes a map of the picture", "give a convolutional network")


class KerasClassifier(WrappedClassifier):
    """A Keras model of one picture and one output, whose last activation was taken off (``without_activation``).

    Args:
        model: the Keras model; its output are logits ``(1, classes)``, or ``(1, 1)`` for one class against another.
        preparation: of its pictures.
        channels: of its pictures.
        sigmoid: True if each class has a sigmoid of its own, False for a softmax over all.
        head: name of the layer that makes the logits.
    """

    def __init__(
        self, model: Any, preparation: Preparation, channels: int, *, sigmoid: bool, head: str
    ) -> None:
        self.sigmoid = sigmoid
        self.channels_last = keras.config.image_data_format() == "channels_last"
        super().__init__(_Layers(model), preparation, (f"layers.{_key(head)}",), channels)
        self.requires_grad_(False)

    def __deepcopy__(self, memo: dict[int, Any]) -> KerasClassifier:
        """Copy the Keras model by its configuration, and share the tensors that ``memo`` says are shared."""
        body: Any = self.body
        model = keras.models.clone_model(body.model[0])
        for own, given in zip(model.variables, body.model[0].variables, strict=True):
            own._value = copy.deepcopy(given.value, memo)
        for layer in _leaves(model):
            layer._track_variables()  # (torch's modules know the tensors that they had)
        head = self.head[0].rpartition(".")[2]
        copied = KerasClassifier.__new__(KerasClassifier)
        copied.__init__(model, self.preparation, self.channels, sigmoid=self.sigmoid, head=head)  # type: ignore[misc]
        return copied

    def logits(self, normalised: Tensor) -> Tensor:
        """See ``WrappedClassifier``: a single output is the second class's logit, and the first's with its sign turned."""
        body: Any = self.body
        picture = normalised.permute(0, 2, 3, 1) if self.channels_last else normalised
        found: Tensor = body(picture)
        return torch.cat((-found, found), 1) if found.shape[1] == 1 else found

    def probabilities(self, logits: Tensor) -> Tensor:
        """See ``CandidateNetwork``."""
        return logits.sigmoid() if self.sigmoid else logits.softmax(1)

    def _found_taps(self) -> tuple[tuple[Tap, ...], tuple[Tap, ...]]:
        side = self.preparation.side
        taps = find_taps(
            self,
            lambda picture: self.candidates(picture).logits,
            (self.channels, side, side),
            channels_last=self.channels_last,
        )
        if not taps.fine:
            raise ModelError(*_NO_MAPS)
        return taps.live, taps.fine


class _Layers(nn.Module):
    """A Keras model as a torch module, with its layers by their names. Keras itself registers none of them."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = [model]  # (in a list, so that it is not registered beside its layers)
        self.layers = nn.ModuleDict({_key(layer.name): layer for layer in _leaves(model)})

    def forward(self, picture: Tensor) -> Tensor:
        """Run the model on ``(1, h, w, channels)``, on the device where the picture is."""
        with keras.device(str(picture.device)):
            found: Tensor = self.model[0](picture, training=False)
        return found


def _leaves(model: Any) -> Iterator[Any]:
    """Yield the layers of a model and of the models within it."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _leaves(layer)
        elif not isinstance(layer, keras.layers.InputLayer):
            yield layer


def _key(name: str) -> str:
    return name.replace(".", "_")


def kinds_of(model: Any) -> Sequence[str]:
    """Return the kinds of a model's layers, in the order in which it lists them."""
    return [type(layer).__name__ for layer in _leaves(model)]
