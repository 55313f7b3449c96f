"""The engine: forward pass, detections and exact gradients. Only here and in ``saliency`` is torch known."""

from heatcam.runtime.environment import give_ultralytics_a_folder

give_ultralytics_a_folder()
