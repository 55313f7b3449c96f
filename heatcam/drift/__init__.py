"""Drift of a camera that runs for weeks: blocks of time against a baseline, by a sequential test. Knows no torch."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
