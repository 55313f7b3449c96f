"""Saliency: CAM methods and the explainer that turns a frame into detections and maps."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
