"""Audit of a data set: each detection beside its labels, with the evidence it stands on. Numbers and files; knows no torch."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
