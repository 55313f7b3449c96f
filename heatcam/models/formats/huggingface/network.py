"""A detector of transformers as a ``CandidateNetwork``: per-query logits and boxes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from heatcam.engine import CandidateNetwork, Picking, RawCandidates
from heatcam.geometry import Letterbox
from heatcam.models.formats.huggingface.architectures import Architecture, Neck
from heatcam.models.formats.huggingface.preparation import ProcessorPreparation
from heatcam.models.formats.huggingface.taps import DETECTOR, attending_layer, taps_of


class TransformerDetector(CandidateNetwork):
    """A detector whose queries each have class logits and a box.

    Args:
        detector: a model of transformers for object detection.
        architecture: how its output is read.
        preparation: how its pictures are prepared.
    """

    def __init__(self, detector: Any, architecture: Architecture, preparation: ProcessorPreparation) -> None:
        super().__init__()
        self.detector = detector
        self.architecture = architecture
        self.preparation = preparation
        self.live_taps, self.fine_taps = taps_of(architecture.neck, detector)
        if architecture.attends:
            self.attention_layer = attending_layer(architecture.neck, detector)
        self.state_head = _class_head(detector, architecture.class_head)
        self.head = (self.state_head,)
        classes = int(detector.config.num_labels)
        self.class_ids = torch.arange(classes) if architecture.has_no_object else None
        queries = int(getattr(detector.config, "num_queries", 0))
        most = queries if architecture.most == 0 else architecture.most
        self.picking = Picking(one_class=architecture.most is None, most=most)
        self.requires_grad_(False).eval()

    def candidates(self, picture: Tensor) -> RawCandidates:
        """See ``CandidateNetwork``."""
        found = self.detector(self.preparation.normalised(picture))
        return self._read(found, picture)

    def attention(self, picture: Tensor) -> tuple[RawCandidates, Tensor]:
        """See ``CandidateNetwork``; the library tells the weights of its plain attention alone, which runs for this pass."""
        with _plain_attention(self.detector):
            found = self.detector(self.preparation.normalised(picture), output_attentions=True)
        return self._read(found, picture), self._by_cell(found, (picture.shape[2], picture.shape[3]))

    def _by_cell(self, found: Any, input_hw: tuple[int, int]) -> Tensor:
        """Return the last layer's weights as maps, ``(heads, K, h, w)``."""
        queries = found.logits.shape[1]
        of_patches = self.architecture.neck is Neck.PATCHES
        last = found.attentions[-1][:, :, -queries:] if of_patches else found.cross_attentions[-1]
        heads = last.shape[1]
        tokens = last[0].flatten(0, 1).T[None]  # (1, cells and other tokens, heads * K)
        cells = self.live_taps[0].as_map(tokens, input_hw)  # (1, heads * K, h, w)
        return cells.reshape(heads, queries, *cells.shape[2:])

    def _read(self, found: Any, picture: Tensor) -> RawCandidates:
        """Return the candidates of the library's output: boxes are shares of the picture, centre and sides."""
        height, width = picture.shape[2:]
        centre, sides = found.pred_boxes[0, :, :2], found.pred_boxes[0, :, 2:]
        corners = torch.cat((centre - sides / 2, centre + sides / 2), 1)
        return RawCandidates(found.logits[0], corners * corners.new_tensor((width, height, width, height)))

    def probabilities(self, logits: Tensor) -> Tensor:
        """See ``CandidateNetwork``."""
        return logits.softmax(-1) if self.architecture.has_no_object else logits.sigmoid()

    def fit(self, image_wh: tuple[int, int], imgsz: int) -> Letterbox:
        """See ``CandidateNetwork``."""
        return self.preparation.fit(image_wh, imgsz)


@contextlib.contextmanager
def _plain_attention(detector: Any) -> Iterator[None]:
    """Let a model calculate attention step by step; each of its parts as before afterwards."""
    parts = {id(module.config): module.config for module in detector.modules() if hasattr(module, "config")}
    before = [(settings, settings._attn_implementation) for settings in parts.values()]
    detector.set_attn_implementation("eager")
    try:
        yield
    finally:
        for settings, name in before:
            settings._attn_implementation = name


def _class_head(detector: Any, name: str) -> str:
    """Return the qualified name of the module that makes the class logits: of a list of them, that of the layer that predicts."""
    found, settings = detector.get_submodule(name), detector.config
    if not isinstance(found, nn.ModuleList):
        return f"{DETECTOR}.{name}"
    layers = int(settings.decoder_layers)
    predicting = int(getattr(settings, "eval_idx", -1))  # (D-FINE may predict with an earlier layer)
    return f"{DETECTOR}.{name}.{predicting if predicting >= 0 else layers + predicting}"
