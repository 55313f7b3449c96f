from .annotating import annotate as annotate
from .explanation import Explanation as Explanation
from .model import Model as Model
