"""Python's face: ``heatcam.load`` gives a ``Model``, whose ``Explanation`` draws, writes and tells itself."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
