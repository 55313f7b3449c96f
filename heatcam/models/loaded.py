"""The record of a loaded model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from heatcam.engine import CandidateNetwork
from heatcam.geometry import CropStyle, Uint8Array
from heatcam.models.checkpoint import task_of
from heatcam.models.class_vectors import ClassVectors


@dataclass(frozen=True)
class LoadedModel:
    """A network ready for the engine.

    Attributes:
        title: the model's name for people.
        network: the ultralytics model, or one of another library as a ``CandidateNetwork``: float32, eval mode,
            batch normalisation fused, on the CPU, parameters without gradient.
        class_names: name of each class id.
        imgsz: longer side of the input that it was trained with, in pixels; a classifier's input is square.
        smooth: True if it was trained on pictures that were shrunk by averaging; ultralytics' own are not.
        crop: how a classifier's pictures are cropped; ultralytics' way for None.
        examples: makes pictures of a width and height, uint8 ``(H, W, 3)`` BGR, that show objects which the model knows; None
            where no such pictures are known.
        channels: of the pictures that it reads: 3 for RGB, 1 for grey; others are read from files that have so many.
        sha256: of the file of its weights, in hexadecimal; "" if there is none.
        class_vectors: the classes that it was prompted with; None for those that it has.
        takes_words: True if its file can be prompted with words and vectors.
        takes_places: True if it can be prompted with places in a picture too.
    """

    title: str
    network: nn.Module
    class_names: dict[int, str]
    imgsz: int
    smooth: bool = False
    crop: CropStyle | None = None
    examples: Callable[[tuple[int, int]], list[Uint8Array]] | None = None
    channels: int = 3
    sha256: str = ""
    class_vectors: ClassVectors | None = None
    takes_words: bool = False
    takes_places: bool = False

    @property
    def task(self) -> str:
        """The network's task by ultralytics' name; its class if it has none."""
        network = self.network
        return network.task if isinstance(network, CandidateNetwork) else task_of(network)
