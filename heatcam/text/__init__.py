"""Text for people: names from outside made safe to print, and what a mistyped one probably meant."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
