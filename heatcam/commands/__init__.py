"""The commands, put together from the other packages; ``cli`` only reads options and sets exit codes."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
