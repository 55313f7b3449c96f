"""YOLO-World and YOLOE with the classes that their checkpoint carries: no text is read or encoded here.

Such a network compares its features with one vector for each class. Where the vectors are known (``set_classes`` was run before
saving) they are weights like others. So the network is rebuilt around them: layers that took them as a second input hold them,
and the head becomes a plain ``Detect`` whose class branch ends in the comparison. From then on it runs as any other YOLO.
YOLOE's segment heads lose their masks in this: the boxes are what is found then.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn
from ultralytics.nn.modules import block
from ultralytics.nn.modules.head import Detect, WorldDetect, YOLOEDetect

#: Below this a prompt-free head proposes nothing at a cell, unless the head says otherwise; as in ultralytics.
_PROPOSAL_CONFIDENCE = 0.001


def lacks_classes(network: nn.Module) -> bool:
    """Return True if the network ends in a head that takes class vectors; after ``with_set_classes``, one that lacks them."""
    layers: Any = getattr(network, "model", None)
    return isinstance(layers, nn.Sequential) and isinstance(layers[-1], WorldDetect | YOLOEDetect)


def with_set_classes(network: nn.Module) -> nn.Module:
    """Rebuild a network around the class vectors that it carries, in place; any other network is left as it is.

    Args:
        network: any ultralytics model, float32, in eval mode.

    Returns:
        The same object. A head without vectors stays as it is (``lacks_classes``).
    """
    if not lacks_classes(network):
        return network
    layers: Any = network.model
    if isinstance(layers[-1], WorldDetect):
        text = _vectors(network, "txt_feats")
        _hold_text(network, text)
        _replace(layers, _world_head(layers[-1], text))
    elif hasattr(layers[-1], "lrpc"):
        _replace(layers, _prompt_free_head(layers[-1]))
    elif hasattr(network, "pe") or layers[-1].is_fused:
        _replace(layers, _prompted_head(layers[-1], _vectors(network, "pe")))
    return network


class C2fAttn(nn.Module):
    """ultralytics' layer of this name that holds its second input.

    Args:
        layer: the layer itself.
        text: class vectors ``(1, classes, embedding)``; None where it reads them from another layer.
    """

    text: Tensor | None

    def __init__(self, layer: nn.Module, text: Tensor | None) -> None:
        super().__init__()
        self.layer = layer
        self.register_buffer("text", text)

    def forward(self, x: Any) -> Any:
        """From ``(B, C, h, w)``, or from that and vectors, to ``(B, C', h, w)``."""
        features, text = x if self.text is None else (x, self.text)
        return self.layer(features, text.expand(len(features), -1, -1))


class ImagePoolingAttn(nn.Module):
    """ultralytics' layer of this name, which adapts class vectors to the picture. Arguments as of ``C2fAttn``."""

    text: Tensor | None

    def __init__(self, layer: nn.Module, text: Tensor | None) -> None:
        super().__init__()
        self.layer = layer
        self.register_buffer("text", text)

    def forward(self, x: list[Tensor]) -> Any:
        """From maps ``(B, C_l, h_l, w_l)``, or from these and vectors, to vectors ``(B, classes, embedding)``."""
        maps, text = (x, self.text) if self.text is not None else (x[:-1], x[-1])
        return self.layer(list(maps), text.expand(len(maps[0]), -1, -1))


class Comparison(nn.Module):
    """The last step of a class branch: features ``(B, embedding, h, w)`` to logits ``(B, classes, h, w)``.

    Args:
        contrast: ultralytics' ``ContrastiveHead``.
        text: class vectors ``(1, classes, embedding)``.
    """

    def __init__(self, contrast: nn.Module, text: Tensor) -> None:
        super().__init__()
        self.contrast = contrast
        self.register_buffer("text", text)

    def forward(self, x: Tensor) -> Any:
        """See the class."""
        return self.contrast(x, self.text)


class ProposedClasses(nn.Module):
    """The last step of a prompt-free class branch: logits, minus infinity at cells where the head proposes nothing.

    Args:
        lrpc: ultralytics' ``LRPCHead``.
        confidence: of a proposal, in ``[0, 1]``.
    """

    def __init__(self, lrpc: Any, confidence: float) -> None:
        super().__init__()
        self.vocabulary, self.proposals = lrpc.vocab, lrpc.pf if lrpc.enabled and confidence else None
        self.confidence = confidence

    def forward(self, x: Tensor) -> Tensor:
        """From ``(B, C, h, w)`` to ``(B, classes, h, w)``."""
        weight: Tensor = self.vocabulary.weight
        logits = nnf.conv2d(x, weight.flatten(1)[:, :, None, None], self.vocabulary.bias)
        if self.proposals is None:
            return logits
        return logits.masked_fill(self.proposals(x).sigmoid() <= self.confidence, float("-inf"))


def _vectors(network: nn.Module, name: str) -> Tensor:
    vectors: Tensor = getattr(network, name, torch.zeros(1, 0, 1))
    return vectors.detach().clone().float()


def _hold_text(network: Any, text: Tensor) -> None:
    """Let every layer that takes class vectors hold them; layers after a pooling layer read them from it."""
    pooled: int | None = None
    kinds = {block.C2fAttn: C2fAttn, block.ImagePoolingAttn: ImagePoolingAttn}
    for index, layer in enumerate(network.model):
        if type(layer) not in kinds:
            continue
        holding = _placed(kinds[type(layer)](layer, text if pooled is None else None), layer)
        if pooled is not None:
            holding.f = [*(layer.f if isinstance(layer.f, list) else [layer.f]), pooled]
        network.model[index] = holding
        if isinstance(holding, ImagePoolingAttn):
            pooled = index
            network.save = sorted({*network.save, index})


def _placed(module: Any, layer: Any) -> Any:
    """Give ``module`` the attributes by which ultralytics places ``layer`` in the graph, and return it."""
    for name in ("i", "f", "type", "np"):
        if hasattr(layer, name):
            setattr(module, name, getattr(layer, name))
    return module.train(layer.training)


def _replace(layers: nn.Sequential, head: Detect) -> None:
    layers[-1] = _placed(head, layers[-1])


def _world_head(head: Any, text: Tensor) -> Detect:
    """Rebuild YOLO-World's head; its predictions always come from the one-to-many branch."""
    return _plain_head(head, text.shape[1], [(head.cv2, _compared(head.cv3, head.cv4, text)), None])


def _prompted_head(head: Any, text: Tensor) -> Detect:
    """Rebuild YOLOE's prompted head with the branches that it has; fused ones end in logits already."""

    def branch(prefix: str) -> tuple[nn.ModuleList, nn.ModuleList] | None:
        boxes, classes, contrasts = (getattr(head, f"{prefix}{name}", None) for name in ("cv2", "cv3", "cv4"))
        if boxes is None or classes is None or contrasts is None:
            return None
        return boxes, classes if head.is_fused else _compared(classes, contrasts, text)

    branches = [branch(""), branch("one2one_")]
    classes: Any = next(found[1][0] for found in branches if found is not None)
    return _plain_head(head, classes[-1].out_channels, branches)


def _prompt_free_head(head: Any) -> Detect:
    """Rebuild YOLOE's prompt-free head from the branch that predicts, with proposals and vocabulary as its last step."""
    prefix = "one2one_" if head.end2end else ""
    boxes, classes = getattr(head, f"{prefix}cv2"), getattr(head, f"{prefix}cv3")
    lrpc = getattr(head, f"{prefix}lrpc", head.lrpc)
    confidence = float(getattr(head, "conf", _PROPOSAL_CONFIDENCE))
    branch = (
        nn.ModuleList(nn.Sequential(box, last.loc) for box, last in zip(boxes, lrpc, strict=True)),
        nn.ModuleList(
            nn.Sequential(cls, ProposedClasses(last, confidence))
            for cls, last in zip(classes, lrpc, strict=True)
        ),
    )
    return _plain_head(head, lrpc[0].vocab.weight.shape[0], [None, branch] if prefix else [branch, None])


def _compared(classes: nn.ModuleList, contrasts: nn.ModuleList, text: Tensor) -> nn.ModuleList:
    """Return class branches that end in the comparison with the class vectors.

    With batch normalisation instead of unit length the comparison is linear, and becomes one 1x1 convolution.
    """

    def comparison(contrast: nn.Module) -> nn.Module:
        linear = isinstance(contrast, block.BNContrastiveHead)
        return _linear_comparison(contrast, text) if linear else Comparison(contrast, text)

    pairs: Any = zip(classes, contrasts, strict=True)
    return nn.ModuleList(nn.Sequential(*branch, comparison(contrast)) for branch, contrast in pairs)


@torch.no_grad()
def _linear_comparison(contrast: Any, text: Tensor) -> nn.Conv2d:
    """Return a convolution equal to ``BNContrastiveHead`` in eval mode with known vectors: ``scale * text . norm(x) + bias``."""
    norm = contrast.norm
    gain = norm.weight / (norm.running_var + norm.eps).sqrt()
    vectors = nnf.normalize(text[0], dim=-1, p=2) * contrast.logit_scale.exp()  # (classes, embedding)
    linear = nn.Conv2d(vectors.shape[1], vectors.shape[0], 1)
    linear.weight.copy_((vectors * gain)[:, :, None, None])
    assert linear.bias is not None
    linear.bias.copy_(vectors @ (norm.bias - norm.running_mean * gain) + contrast.bias)
    return linear


def _plain_head(
    head: Any, classes: int, branches: list[tuple[nn.ModuleList, nn.ModuleList] | None]
) -> Detect:
    """Build a ``Detect`` with this number of classes and these branches (boxes, classes): one-to-many and one-to-one."""
    plain: Any = Detect(1, head.reg_max, False, [1] * head.nl)
    for name, value in vars(head).items():
        if not name.startswith("_") or name == "_end2end":
            setattr(plain, name, value)
    plain.nc, plain.no, plain.dfl = classes, classes + head.reg_max * 4, head.dfl
    for prefix, branch in zip(("", "one2one_"), branches, strict=True):
        boxes, logits = branch or (None, None)
        setattr(plain, f"{prefix}cv2", boxes)
        setattr(plain, f"{prefix}cv3", logits)
    checked: Detect = plain.train(head.training)
    return checked
