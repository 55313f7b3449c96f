"""EfficientNet-Lite0, layer by layer, as heatcam's engine runs networks.

Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019 (arXiv:1905.11946); the Lite
variant is Google's for small devices: no squeeze-and-excitation, ReLU6 instead of swish. Padding is TensorFlow's ``SAME``,
because the weights come from there. Written anew from these sources; the tests compare it with timm's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval
from ultralytics.nn.modules.head import Classify

_EPSILON = 1e-3  # of TensorFlow's batch normalisation
_STEM, _CLASSES, _HEAD = 32, 1000, 1280  # channels
#: Of each stage: blocks, kernel, stride of the first block, expansion factor, channels.
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


class ConvNorm(nn.Module):
    """Convolution with ``SAME`` padding, batch normalisation and, with ``act``, ReLU6.

    With a stride of two it takes maps with even sides, and pads more below and to the right than above and to the left.
    """

    def __init__(
        self, given: int, made: int, kernel: int = 1, stride: int = 1, groups: int = 1, *, act: bool = True
    ) -> None:
        super().__init__()
        border = kernel - stride if stride > 1 else 0
        self.pad = nn.ZeroPad2d((border // 2, border - border // 2) * 2) if border else nn.Identity()
        inner = 0 if border else kernel // 2
        self.conv: Any = nn.Conv2d(given, made, kernel, stride, inner, groups=groups, bias=False)
        self.norm: nn.Module = nn.BatchNorm2d(made, eps=_EPSILON)
        self.act = nn.ReLU6() if act else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """From ``(n, given, h, w)`` to ``(n, made, h / stride, w / stride)``."""
        result: Tensor = self.act(self.norm(self.conv(self.pad(x))))
        return result

    def fuse(self) -> None:
        """Fold the normalisation into the convolution, in place."""
        if isinstance(self.norm, nn.BatchNorm2d):
            self.conv = fuse_conv_bn_eval(self.conv, self.norm)
            self.norm = nn.Identity()


class Stem(ConvNorm):
    """The first convolution, which takes pictures in ``[0, 1]`` to the ``[-1, 1]`` that the weights were trained with."""

    def forward(self, x: Tensor) -> Tensor:
        """From RGB ``(n, 3, H, W)`` in ``[0, 1]`` to ``(n, 32, H / 2, W / 2)``."""
        return super().forward(x * 2 - 1)


class InvertedResidual(nn.Module):
    """Inverted residual block: expand, depthwise convolution, project; plus its input where both have the same shape."""

    def __init__(self, given: int, made: int, kernel: int, stride: int, factor: int) -> None:
        super().__init__()
        wide = given * factor
        self.expand = ConvNorm(given, wide) if factor > 1 else nn.Identity()
        self.depthwise = ConvNorm(wide, wide, kernel, stride, groups=wide)
        self.project = ConvNorm(wide, made, act=False)
        self.adds_input = stride == 1 and given == made

    def forward(self, x: Tensor) -> Tensor:
        """From ``(n, given, h, w)`` to ``(n, made, h / stride, w / stride)``."""
        result: Tensor = self.project(self.depthwise(self.expand(x)))
        return result + x if self.adds_input else result


class MeanAndLinear(Classify):  # type: ignore[misc]
    """A classify head whose convolution is a layer of its own: the mean over all cells, then a linear layer."""

    def __init__(self, given: int, classes: int) -> None:
        nn.Module.__init__(self)
        self.linear = nn.Linear(given, classes)

    def forward(self, x: Tensor | list[Tensor]) -> tuple[Tensor, Tensor]:
        """From ``(n, C, h, w)`` to probabilities and logits, each ``(n, classes)``."""
        logits: Tensor = self.linear((x[0] if isinstance(x, list) else x).mean((2, 3)))
        return logits.softmax(1), logits


class EfficientNetLite0(nn.Module):
    """The network as numbered layers, each of which reads the one before (``f``), the head last: ultralytics' convention."""

    task = "classify"

    def __init__(self) -> None:
        super().__init__()
        layers: list[Any] = [Stem(3, _STEM, 3, 2)]
        given = _STEM
        for blocks, kernel, stride, factor, made in _STAGES:
            for number in range(blocks):
                layers.append(InvertedResidual(given, made, kernel, 1 if number else stride, factor))
                given = made
        layers += [ConvNorm(given, _HEAD), MeanAndLinear(_HEAD, _CLASSES)]
        for index, layer in enumerate(layers):
            layer.i, layer.f = index, -1
        self.model = nn.Sequential(*layers)
        self.save: list[int] = []
        self.names: dict[int, str] = {}

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        """From RGB ``(n, 3, H, W)`` in ``[0, 1]``, sides multiples of 32, to probabilities and logits ``(n, 1000)``."""
        result: tuple[Tensor, Tensor] = self.model(picture)
        return result

    def fuse(self, *, verbose: bool = False) -> EfficientNetLite0:  # noqa: ARG002 (as ultralytics' networks are asked)
        """Fold every batch normalisation into its convolution, in place; returns itself."""
        with torch.no_grad():
            for module in list(self.modules()):
                if isinstance(module, ConvNorm):
                    module.fuse()
        return self


#: The published file's names of a block's parts, and ours.
_PARTS = {
    "_expand_conv": "expand.conv",
    "_bn0": "expand.norm",
    "_depthwise_conv": "depthwise.conv",
    "_bn1": "depthwise.norm",
    "_project_conv": "project.conv",
    "_bn2": "project.norm",
}


def renamed(published: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the published state dict with this network's names.

    Raises:
        KeyError: the dict has a name that the published file does not have.
    """
    outside = {
        "_conv_stem": "0.conv",
        "_bn0": "0.norm",
        "_conv_head": "17.conv",
        "_bn1": "17.norm",
        "_fc": "18.linear",
    }
    found = {}
    for name, tensor in published.items():
        place, _, kind = name.rpartition(".")
        if place.startswith("_blocks."):
            _, number, part = place.split(".")
            found[f"model.{int(number) + 1}.{_PARTS[part]}.{kind}"] = tensor
        else:
            found[f"model.{outside[place]}.{kind}"] = tensor
    return found
