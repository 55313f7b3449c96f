from .following import tracked as tracked
from .following import tracker_of as tracker_of
