"""Numbers that stay with an object from frame to frame: ultralytics' own trackers, one for each class."""

from heatcam.runtime.environment import give_ultralytics_a_folder
from heatcam.tracking.following import Tracker, tracked, tracker_of

give_ultralytics_a_folder()

__all__ = ["Tracker", "tracked", "tracker_of"]
