from .asking import ask_places as ask_places
from .verdicts import MATCH_IOU as MATCH_IOU
