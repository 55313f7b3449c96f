"""Pictures too large for one pass: explained tile by tile, in flat memory, and written as a pyramid; knows no torch."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
