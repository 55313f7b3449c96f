from .registry import render_view as render_view
from .registry import view_names as view_names
from .rendering import FAILED as FAILED
from .rendering import OK as OK
from .rendering import draw_each as draw_each
from .rendering import encode_view as encode_view
