"""Sinks for pictures: the window, picture files, recordings. Sinks know nothing of models or torch."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
