"""The live view as a page, and requests about pictures. Knows no torch: what explains is handed in."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
