"""Watching of a training: fixed pictures explained every few epochs, without changing the training."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
