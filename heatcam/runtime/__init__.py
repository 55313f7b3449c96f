"""The process and the machine it runs on: signals, environment variables, folders, the processor, remembered numbers."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
