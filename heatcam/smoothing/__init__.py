"""Heat maps that are steady in video: scale and content are smoothed along each object's track, for display only."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
