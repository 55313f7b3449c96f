from .options import MOST_PICTURES as MOST_PICTURES
from .options import WatchOptions as WatchOptions
from .probes import probes_of as probes_of
from .watch import TrainingWatch as TrainingWatch
from .watch import require_watchable as require_watchable
