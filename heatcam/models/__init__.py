"""Models: the choice of models, and reading a checkpoint without running it."""

import lazy_loader

from heatcam.runtime import give_ultralytics_a_folder

give_ultralytics_a_folder()
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
