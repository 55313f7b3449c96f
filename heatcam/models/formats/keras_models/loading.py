"""Reading of Keras' classifiers, without running anything that their files hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras

from heatcam.errors import ModelError, first_line
from heatcam.geometry import CropStyle
from heatcam.models.formats.classifying.network import Preparation
from heatcam.models.formats.keras_models.network import KerasClassifier, kinds_of
from heatcam.models.formats.keras_models.settings import settings_for
from heatcam.models.formats.names import names_for
from heatcam.models.loaded import LoadedModel
from heatcam.models.validation import check_weights

_USUAL_SIDE = 224  # of a model that takes pictures of any size
_DETECTING = ("anchor", "bbox", "boxes", "nms", "prediction_decoder", "non_max")
_ADVICE = "give a classifier: one picture in, the scores of its classes out"


def load(path: Path) -> LoadedModel:
    """Load a classifier.

    Raises:
        ModelError: the file holds code, is no classifier, or none of its layers makes maps.
        UnfitError: its weights are no finite numbers.
    """
    model = _read(path)
    channels, side, fixed = _input_of(model)
    model, activation, head = without_activation(model)
    settings = settings_for(path, kinds_of(model))
    preparation = Preparation(side, CropStyle(settings.share), *settings.in_unit_range(channels), fixed=fixed)
    outputs = int(model.outputs[0].shape[-1])
    sigmoid = activation == "sigmoid" or outputs == 1
    network = KerasClassifier(model, preparation, channels, sigmoid=sigmoid, head=head)
    network.eval()
    check_weights(network)
    count = max(2, outputs)
    names = names_for(path, count, None, path.stem)
    return LoadedModel(path.stem, network, names, side, channels=channels)


def _read(path: Path) -> Any:
    """Read a model; layers that hold code are refused.

    Raises:
        ModelError: it cannot be read so.
    """
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except (ValueError, TypeError) as error:
        message = str(error)
        if "afe_mode" in message or "lambda" in message.casefold():
            raise ModelError(
                f"{path.name} holds code (a Lambda layer), and heatcam runs no file",
                "write the layer as a class or with keras.ops, and save the model again",
            ) from error
        if "Could not locate class" in message:
            raise ModelError(
                f"{path.name} has layers of your own: {first_line(error, 120)}",
                "use Keras' own layers, and save it again",
            ) from error
        raise


def _input_of(model: Any) -> tuple[int, int, bool]:
    """Return channels and side of a model's pictures, and True if they must have that side.

    Raises:
        ModelError: its input is no square picture, or its output are no scores of classes.
    """
    inputs, outputs = getattr(model, "inputs", None), getattr(model, "outputs", None)
    if not inputs or not outputs:
        raise ModelError(
            "is a subclassed model, whose layers Keras does not tell",
            "save a Sequential or a functional model",
        )
    if any(part in layer.name.casefold() for layer in model.layers for part in _DETECTING):
        raise ModelError("finds boxes, and heatcam explains Keras' classifiers alone", _ADVICE)
    if len(inputs) != 1 or len(outputs) != 1 or len(inputs[0].shape) != 4 or len(outputs[0].shape) != 2:
        raise ModelError(
            f"takes {len(inputs)} input(s) and gives outputs of shapes {[tuple(o.shape) for o in outputs]}: no classifier",
            _ADVICE,
        )
    shape = tuple(inputs[0].shape)
    last = keras.config.image_data_format() == "channels_last"
    tall, wide, channels = shape[1:] if last else (*shape[2:], shape[1])
    if channels not in (1, 3) or tall != wide:
        raise ModelError(
            f"reads pictures of shape {shape[1:]}", "give a model of square colour or grey pictures"
        )
    return channels, tall or _USUAL_SIDE, tall is not None


def without_activation(model: Any) -> tuple[Any, str, str]:
    """Take the last activation off a model.

    Returns:
        The model whose outputs are logits, the name of the activation (``linear`` for none), and the name of the layer that
        makes the logits.

    Raises:
        ModelError: the activation is neither a softmax nor a sigmoid.
    """
    output, found = model.outputs[0], "linear"
    while True:
        layer = output._keras_history.operation
        activation = _activation_of(layer)
        if activation != "linear" and found != "linear":
            raise ModelError(f"ends in two activations, {activation} and {found}", _ADVICE)
        found = activation if found == "linear" else found
        if not isinstance(layer, keras.layers.Activation | keras.layers.Softmax):
            break
        output = layer.input
    if found not in ("softmax", "sigmoid", "linear"):
        raise ModelError(
            f"ends in the activation {found}", "give a model that ends in a softmax or a sigmoid"
        )
    if hasattr(layer, "activation"):
        layer.activation = keras.activations.linear
    return keras.Model(model.inputs, output), found, layer.name


def _activation_of(layer: Any) -> str:
    if isinstance(layer, keras.layers.Softmax):
        return "softmax"
    return str(getattr(getattr(layer, "activation", None), "__name__", "linear"))
