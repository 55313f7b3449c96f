from .explaining import ExplainedTiles as ExplainedTiles
from .large_picture import LargePicture as LargePicture
from .large_picture import findings_of_large as findings_of_large
from .large_picture import require_look as require_look
from .large_picture import require_pyramid_name as require_pyramid_name
from .plan import USUAL_OVERLAP as USUAL_OVERLAP
from .plan import require_tiles as require_tiles
from .reading import require_large as require_large
