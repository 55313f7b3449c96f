from .annotating import annotate as annotate
from .explanation import Explanation as Explanation
from .inputs import ImageLike as ImageLike
from .model import Model as Model
from .prompts import PromptLike as PromptLike
from .prompts import prompt_for as prompt_for
from .tiles import TiledExplanation as TiledExplanation
from .watching import watch as watch
