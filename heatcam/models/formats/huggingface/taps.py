"""Layers of transformers' detectors that maps are taken from, and the way from their tokens to maps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Any

from torch import Tensor, nn

from heatcam.engine import Tap
from heatcam.errors import ModelError
from heatcam.models.formats.huggingface.architectures import Neck

#: Name under which the wrapper has the library's model.
DETECTOR = "detector"
_FINEST_STRIDES = (8, 16, 32, 4, 64)
#: Names of a backbone's stages: in transformers' own backbones, and in timm's.
_STAGES = ("encoder.stages", "layer", "layers", "stages")
_LEVELS = 3  # stages of a backbone that a map is taken from: strides 8, 16 and 32


@dataclass(frozen=True)
class TokenGrid:
    """The way from tokens ``(1, N, C)`` to a map ``(1, C, h, w)``: they are the cells of grids, one after the other.

    Attributes:
        level: the grid that is meant, of ``levels``, each of half the size of the one before.
        levels: number of grids.
        skipped: tokens before the grids that are no cells.
        after: tokens after them that are none.
        stride: of the finest grid, in model pixels; None for the one at which the grids have as many cells as there are tokens.
    """

    level: int = 0
    levels: int = 1
    skipped: int = 0
    after: int = 0
    stride: int | None = None

    def __call__(self, tokens: Tensor, input_hw: tuple[int, int]) -> Tensor:
        """Return the map of one level.

        Raises:
            ModelError: there are not as many tokens as cells.
        """
        cells = tokens[:, self.skipped : tokens.shape[1] - self.after]
        shapes = self._shapes(cells.shape[1], input_hw)
        start = sum(h * w for h, w in shapes[: self.level])
        height, width = shapes[self.level]
        chosen = cells[:, start : start + height * width]  # (1, h * w, C)
        return chosen.transpose(1, 2).reshape(1, -1, height, width)

    def _shapes(self, count: int, input_hw: tuple[int, int]) -> list[tuple[int, int]]:
        """Return the height and width of each grid."""
        if self.stride is not None:  # (patches: what is left over at the edge is not seen)
            return [(input_hw[0] // self.stride, input_hw[1] // self.stride)]
        for finest in _FINEST_STRIDES:
            strides = [finest * 2**level for level in range(self.levels)]
            shapes = [(ceil(input_hw[0] / stride), ceil(input_hw[1] / stride)) for stride in strides]
            if sum(h * w for h, w in shapes) == count:
                return shapes
        raise ModelError(
            f"the network has {count} tokens, which are no grid over {input_hw[1]}x{input_hw[0]} pixels",
            "leave out --layers, or take others",
        )


def taps_of(neck: Neck, detector: nn.Module) -> tuple[tuple[Tap, ...], tuple[Tap, ...]]:
    """Return the taps of the live and of the fine map of a detector, named as in the wrapper, in the order in which they run.

    Raises:
        ModelError: it has no layer that a map can be taken from.
    """
    names = [name for name, _ in detector.named_modules()]
    live, fine = _OF_NECK[neck](detector, names)
    if not live:
        raise ModelError("this network has no encoder to take maps from", "give one with encoder layers")
    return live, fine


def attending_layer(neck: Neck, detector: nn.Module) -> str:
    """Return the name of the last layer in which queries weigh every cell, as in the wrapper."""
    names = [name for name, _ in detector.named_modules()]
    if neck is Neck.PATCHES:
        return f"{DETECTOR}.{_last(names, 'vit.encoder.layer')[0]}"
    return f"{DETECTOR}.{_last(names, 'model.decoder.layers')[0]}.encoder_attn"


def _of_tokens(_detector: Any, names: list[str]) -> tuple[tuple[Tap, ...], tuple[Tap, ...]]:
    """Return taps at the encoder's last layer; the fine map has the backbone's stages too."""
    last = _last(names, "model.encoder.layers")
    live = tuple(_tap(name, TokenGrid()) for name in last)
    return live, (*_backbone(names), *live)


def _of_levels(detector: Any, names: list[str]) -> tuple[tuple[Tap, ...], tuple[Tap, ...]]:
    """Return taps at each level of the encoder's last layer: a query reads all of them."""
    levels = int(detector.config.num_feature_levels)
    last = _last(names, "model.encoder.layers")
    live = tuple(_tap(name, TokenGrid(level, levels)) for name in last for level in range(levels))
    return live, (*_backbone(names), *live)


def _of_pyramid(_detector: Any, names: list[str]) -> tuple[tuple[Tap, ...], tuple[Tap, ...]]:
    """Return taps at the pyramid's finest map, which all coarser ones are made from, and at all its maps."""
    down, up = _numbered(names, "model.encoder.fpn_blocks"), _numbered(names, "model.encoder.pan_blocks")
    return (
        tuple(map(_tap, down[-1:])),
        (*_backbone(names), *map(_tap, (*down, *up))),
    )


def _of_patches(detector: Any, names: list[str]) -> tuple[tuple[Tap, ...], tuple[Tap, ...]]:
    """Return taps at a vision transformer's layers: the middle one, and one after each quarter.

    After the last layer nothing reads the patches, and late ones have been read already.
    """
    config = detector.config
    side = config.patch_size
    grid = TokenGrid(
        skipped=1,
        after=int(config.num_detection_tokens),
        stride=int(side[0] if isinstance(side, list | tuple) else side),
    )
    layers = _numbered(names, "vit.encoder.layer")
    if len(layers) < 2:
        return (), ()
    quarters = sorted({max(0, round(len(layers) * share) - 1) for share in (0.25, 0.5, 0.75)})
    middle = layers[max(0, round(len(layers) * 0.5) - 1)]
    return (_tap(middle, grid),), tuple(_tap(layers[index], grid) for index in quarters)


_Taps = Callable[[Any, list[str]], tuple[tuple[Tap, ...], tuple[Tap, ...]]]
_OF_NECK: dict[Neck, _Taps] = {
    Neck.TOKENS: _of_tokens,
    Neck.LEVELS: _of_levels,
    Neck.PYRAMID: _of_pyramid,
    Neck.PATCHES: _of_patches,
}


def _tap(name: str, grid: TokenGrid | None = None) -> Tap:
    layer = f"{DETECTOR}.{name}"
    return Tap(layer) if grid is None else Tap(layer, grid)


def _backbone(names: list[str]) -> tuple[Tap, ...]:
    """Return taps at the backbone's last stages; none where its stages are not known."""
    for stages in _STAGES:
        found = _numbered(names, f"model.backbone.model.{stages}")
        if found:
            return tuple(map(_tap, found[-_LEVELS:]))
    return ()


def _last(names: list[str], stem: str) -> list[str]:
    return _numbered(names, stem)[-1:]


def _numbered(names: list[str], stem: str) -> list[str]:
    """Return the modules ``stem.0``, ``stem.1`` ... or ``stem0`` ..., in their order."""
    rests = {name: name.removeprefix(stem).removeprefix(".") for name in names if name.startswith(stem)}
    return sorted(
        (name for name, rest in rests.items() if rest.isdecimal()), key=lambda name: int(rests[name])
    )
