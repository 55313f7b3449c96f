"""Live window: capture, inference and display run in separate threads, so the window answers whatever the others are doing."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
