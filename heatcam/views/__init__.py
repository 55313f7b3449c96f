"""Views: every picture that can be drawn of one explanation, by name, in memory."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
