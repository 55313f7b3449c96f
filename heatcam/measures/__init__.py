"""Numbers about maps and boxes: evidence, scales, history, matching. NumPy and OpenCV only; maps are read as they were made."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
