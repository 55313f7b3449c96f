from .content import Patch as Patch
from .content import patch_of as patch_of
from .content import registered as registered
from .content import with_patches as with_patches
from .smoother import Smoothed as Smoothed
from .smoother import Smoother as Smoother
