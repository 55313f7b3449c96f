from .settings import ServeSettings as ServeSettings
from .settings import UploadLimits as UploadLimits
