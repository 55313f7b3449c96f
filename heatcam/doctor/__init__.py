"""Checks of this machine. Imports neither torch nor cv2: it reports when they cannot be imported."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
