"""A detector of transformers as a ``CandidateNetwork``: per-query logits and boxes."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from heatcam.engine import CandidateNetwork, Picking, RawCandidates
from heatcam.geometry import Letterbox
from heatcam.models.formats.huggingface.architectures import Architecture
from heatcam.models.formats.huggingface.preparation import Preparation
from heatcam.models.formats.huggingface.taps import DETECTOR, taps_of


class TransformerDetector(CandidateNetwork):
    """A detector whose queries each have class logits and a box.

    Args:
        detector: a model of transformers for object detection.
        architecture: how its output is read.
        preparation: how its pictures are prepared.
    """

    def __init__(self, detector: Any, architecture: Architecture, preparation: Preparation) -> None:
        super().__init__()
        self.detector = detector
        self.architecture = architecture
        self.preparation = preparation
        self.live_taps, self.fine_taps = taps_of(architecture.neck, detector)
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


def _class_head(detector: Any, name: str) -> str:
    """Return the qualified name of the module that makes the class logits: of a list of them, that of the layer that predicts."""
    found, settings = detector.get_submodule(name), detector.config
    if not isinstance(found, nn.ModuleList):
        return f"{DETECTOR}.{name}"
    layers = int(settings.decoder_layers)
    predicting = int(getattr(settings, "eval_idx", -1))  # (D-FINE may predict with an earlier layer)
    return f"{DETECTOR}.{name}.{predicting if predicting >= 0 else layers + predicting}"
