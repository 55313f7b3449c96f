"""Statistics of a run, accumulated in flat memory, and their renderers: page, CSV file, document, lines. Knows no torch."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
