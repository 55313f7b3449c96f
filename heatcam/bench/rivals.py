"""Rows of other software on the same picture: ultralytics itself, and pipelines that people build with the grad-cam package.

All of them run the network of the same checkpoint at the same size, with the same thresholds, device and number of threads.
Where a copied pipeline leaves a choice, it gets the fastest one: batch normalisation fused, the picture letterboxed to a
rectangle, and the result drawn at the network's size instead of the camera's.
"""

from __future__ import annotations

import copy
import functools
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from ultralytics import YOLO

from heatcam.bench.machine import threads_kept
from heatcam.bench.plan import GRADCAM, HIRESCAM, PREDICT, VISUALIZE, Setup
from heatcam.bench.timing import Contestant, TimedPart
from heatcam.errors import ModelError
from heatcam.geometry import Letterbox, Uint8Array
from heatcam.models import MARKERS, embedded, find_checkpoint, load_model
from heatcam.saliency import family_of

HIRESCAM_LAYERS = 5


class Ultralytics:
    """``YOLO(path).predict`` as its users call it, loaded and run once.

    Args:
        setup: the conditions.
        folder: for a checkpoint and the pictures of ``visualize=True``; nothing is written elsewhere.
    """

    def __init__(self, setup: Setup, folder: Path) -> None:
        self._yolo: Any = YOLO(str(checkpoint_of(setup.model, folder)))
        self._arguments = {
            "imgsz": setup.imgsz,
            "conf": setup.conf,
            "iou": setup.iou,
            "max_det": setup.max_det,
            "device": setup.device,
            "project": str(folder),
            "name": "runs",
            "exist_ok": True,
            "save": False,
            "verbose": False,
        }
        with threads_kept():  # the first call sets the device up
            self.predict(np.zeros((setup.imgsz, setup.imgsz, 3), np.uint8))

    def predict(self, image: Uint8Array, **more: Any) -> Any:
        """Return the ``Results`` of one picture (uint8 ``(H, W, 3)``, BGR)."""
        return self._yolo.predict(image, **self._arguments, **more)[0]


class CopiedPipeline:
    """The pipeline that people copy to get a heatmap from the grad-cam package: one pass for the boxes, another for the map.

    It runs predict for the boxes; a CAM of the package whose target is the sum of all class scores in the raw output, with a
    backward pass through the whole network; ``show_cam_on_image``; and draws the boxes on top. All at the letterbox's size.

    Args:
        ultralytics: finds the boxes.
        network: the network for the CAM alone; hooks are set on it and its parameters require gradients.
        method: a class of the grad-cam package.
        layers: the target layers.
        setup: the conditions.
    """

    def __init__(
        self, ultralytics: Ultralytics, network: Any, method: Any, layers: list[nn.Module], setup: Setup
    ) -> None:
        self._ultralytics = ultralytics
        self._network = network
        self._method = method
        self._layers = layers
        self._setup = setup
        self._stride = int(max(network.model[-1].stride))

    def run(self, image: Uint8Array) -> Uint8Array:
        """Draw map and boxes, uint8 BGR in model pixels, for a picture (uint8 ``(H, W, 3)``, BGR)."""
        size_wh = image.shape[1], image.shape[0]
        boxed = Letterbox.fit(size_wh, self._setup.imgsz, self._stride).image_to_model(image)
        found = self._ultralytics.predict(boxed)
        rgb = np.float32(boxed[..., ::-1]) / 255  # (h, w, 3)
        overlay = _show(rgb, self._map(rgb))
        picture: Uint8Array = found.plot(img=np.ascontiguousarray(overlay[..., ::-1]))
        return picture

    def _map(self, rgb: Any) -> Any:
        """Return the CAM, float32 ``(h, w)`` in [0, 1], as the package scales it."""
        picture = torch.from_numpy(rgb.transpose(2, 0, 1).copy())[None]  # (1, 3, h, w)
        cam = self._method(model=self._network, target_layers=self._layers)
        try:
            return cam(input_tensor=picture, targets=[self._class_scores])[0]
        finally:
            cam.activations_and_grads.release()

    def _class_scores(self, output: Tensor) -> Tensor:
        """Sum all class scores of the raw output: ``(1, 4 + classes, anchors)``, or ``(1, boxes, 6)`` for end-to-end heads."""
        return output[..., 4].sum() if self._network.model[-1].end2end else output[:, 4:].sum()


def rival_contestants(setup: Setup, folder: Path) -> list[Contestant]:
    """Return the contestants, in the order of ``RIVAL_NAMES``; networks they share are loaded for the first that needs them.

    Args:
        setup: the conditions.
        folder: an existing folder for the files they write, which the caller removes.
    """
    ultralytics = functools.cache(lambda: Ultralytics(setup, folder))
    network = functools.cache(lambda: network_for_gradients(setup))

    def predict() -> TimedPart:
        predicts = ultralytics().predict
        return TimedPart(lambda image: predicts(image).plot())

    def visualize() -> TimedPart:
        return TimedPart(functools.partial(ultralytics().predict, visualize=True))

    def copied(method: str, layers_of: Callable[[Any], list[nn.Module]]) -> TimedPart:
        chosen = _package_method(method)
        return TimedPart(CopiedPipeline(ultralytics(), network(), chosen, layers_of(network()), setup).run)

    return [
        Contestant(PREDICT, predict),
        Contestant(VISUALIZE, visualize),
        Contestant(GRADCAM, lambda: copied("GradCAM", head_input_layers)),
        Contestant(HIRESCAM, lambda: copied("HiResCAM", five_layers)),
    ]


def checkpoint_of(model: str, folder: Path) -> Path:
    """Write the model as a ``.pt`` file in ``folder``, which ``YOLO(path)`` reads with its restricted loader (``environment``).

    It is a copy, because for some names ultralytics takes another file, and it would delete a damaged one of an official name.

    Raises:
        ModelError: there is no such model file.
    """
    if model != MARKERS:
        return Path(shutil.copyfile(find_checkpoint(model), folder / "model.pt"))
    network, _, imgsz = embedded.build()
    path = folder / f"{MARKERS}.pt"
    torch.save({"model": network, "train_args": {"imgsz": imgsz}}, path)
    return path


def network_for_gradients(setup: Setup) -> Any:
    """Load the network on its device with parameters that require gradients, as a copied pipeline sets it up.

    Raises:
        ModelError: the network finds no boxes, which the pipeline needs.
    """
    network = load_model(setup.model).network
    if not family_of(network).finds_boxes:
        raise ModelError("the pipeline that people copy is for models that find boxes")
    return copy.deepcopy(network).to(setup.device).requires_grad_(True)


def head_input_layers(network: Any) -> list[nn.Module]:
    """Return the layers that the detect head reads."""
    return [network.model[index] for index in network.model[-1].f]


def five_layers(network: Any) -> list[nn.Module]:
    """Return the last five layers whose output a later layer than the next one reads: 9, 12, 15, 18 and 21 in YOLOv8.

    Raises:
        ModelError: there are fewer than five.
    """
    indices = sorted({*network.save, *network.model[-1].f})[-HIRESCAM_LAYERS:]
    if len(indices) < HIRESCAM_LAYERS:
        raise ModelError(f"the network has {len(indices)} layers to choose from, not {HIRESCAM_LAYERS}")
    return [network.model[index] for index in indices]


def _package_method(name: str) -> Any:
    import pytorch_grad_cam  # noqa: PLC0415 (seconds; and where it cannot be imported, only its own rows fail)

    return getattr(pytorch_grad_cam, name)


def _show(rgb: Any, grey: Any) -> Uint8Array:
    """Draw the package's own overlay, uint8 RGB."""
    from pytorch_grad_cam.utils.image import show_cam_on_image  # noqa: PLC0415 (as above)

    shown: Uint8Array = show_cam_on_image(rgb, grey, use_rgb=True)
    return shown
