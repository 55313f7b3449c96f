from .explaining import BlackBoxExplainer as BlackBoxExplainer
from .masking import MaskExplainer as MaskExplainer
from .opening import is_black_box as is_black_box
from .opening import open_black_box as open_black_box
