"""Questions about places of a picture: why an object was missed there, and what covering it changes. Knows no torch."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
