"""Sources of frames: pictures, videos, cameras, the demo scene. Sources know nothing of overlays, sinks or torch."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
