"""The engine: forward pass, detections and exact gradients of a network. Only here and in ``saliency`` is torch known."""

import lazy_loader

from heatcam.runtime import give_ultralytics_a_folder

give_ultralytics_a_folder()
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
