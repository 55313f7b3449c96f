"""The bench: heatcam beside other ways to explain the same picture, measured in one run under the same conditions."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
