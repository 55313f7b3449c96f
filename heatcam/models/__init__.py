"""Models: what there is to choose from, and how a checkpoint is read without running it."""

from heatcam.runtime.environment import give_ultralytics_a_folder

give_ultralytics_a_folder()
