"""Models: the choice of models, and reading a checkpoint without running it."""

from heatcam.environment import give_ultralytics_a_folder

give_ultralytics_a_folder()
