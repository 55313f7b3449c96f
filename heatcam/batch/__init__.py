"""A great many pictures: rows of findings from rows of paths, in processes, shards and runs that can be killed and go on."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
