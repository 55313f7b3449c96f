"""Models of which only the predictions are known: files of other programs, and services."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
