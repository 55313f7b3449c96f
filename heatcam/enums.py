"""Values that a user can choose from, apart from the code behind them so that ``--help`` loads neither OpenCV nor torch."""

from __future__ import annotations

from enum import Enum

#: Default amount of smoothing of heat in video, in ``[0, 1]``. Of 0.7, 0.8 and 0.9 the first that leaves at most half of the
#: flicker of min-max scaling (``benchmarks/flicker.py``: 0.37 on the demo scene, 0.47 on vtest.avi).
DEFAULT_SMOOTH = 0.9
#: The two CAM methods of heatcam's own, as ``Quality`` chooses between them.
LIVE_MAP, FINE_MAP = "live", "fine"
LRP_MAP = "lrp"
#: The CAM method that is no evidence: where a transformer looked.
ATTENTION_MAP = "attention"
#: The map by trial, as ``Quality`` chooses it: no CAM method, but made on top of the fine map.
TRUE_MAP = "true"
#: Maps by masks, which ask a model for nothing but its predictions: no CAM methods either.
DRISE_MAP, HIERARCHICAL_MAP = "drise", "hierarchical"
MASK_MAPS = (DRISE_MAP, HIERARCHICAL_MAP)


class Colormap(str, Enum):
    """Colormaps of heat, from cold to hot."""

    TURBO = "turbo"
    INFERNO = "inferno"
    VIRIDIS = "viridis"
    MAGMA = "magma"
    JET = "jet"


class Renorm(str, Enum):
    """Scope of a map's normalisation for display."""

    BOX = "box"
    REGION = "region"
    FRAME = "frame"
    FIXED = "fixed"


class Backend(str, Enum):
    """Backends that run the network."""

    AUTO = "auto"
    TORCH = "torch"
    OPENVINO = "openvino"


class Precision(str, Enum):
    """Numeric precisions of a network."""

    AUTO = "auto"
    FP32 = "fp32"
    BF16 = "bf16"
    FP16 = "fp16"


class ExportFormat(str, Enum):
    """Formats of exported models."""

    ONNX = "onnx"
    OPENVINO = "openvino"


class ExportQuality(str, Enum):
    """Kinds of map that an exported model can make: those of one pass."""

    LIVE = "live"
    FINE = "fine"


class Quality(str, Enum):
    """Kinds of map: the one for video, the one with the finest detail, or the one made by trial."""

    LIVE = "live"
    FINE = "fine"
    TRUE = "true"


class Refine(str, Enum):
    """Best kind of map that a paused frame gets by itself."""

    TRUE = "true"
    FINE = "fine"


class TrackerName(str, Enum):
    """Trackers, which number objects over frames: none, or one of ultralytics'."""

    OFF = "off"
    BYTETRACK = "bytetrack"
    BOTSORT = "botsort"


class Layout(str, Enum):
    """Layouts of the window: one picture, the plain one beside the one with heat, or a wipe between both."""

    SINGLE = "single"
    DUAL = "dual"
    WIPE = "wipe"


class ComparedView(str, Enum):
    """Views of two models in the window: one of them, both beside each other, or the difference of their heat."""

    A = "A"
    B = "B"
    BOTH = "A|B"
    DIFFERENCE = "A-B"

    @property
    def explained(self) -> ComparedView:
        """The models that the view needs: ``A``, ``B`` or ``BOTH``."""
        return ComparedView.BOTH if self is ComparedView.DIFFERENCE else self


class Fill(str, Enum):
    """Ways to cover a place of a picture."""

    BLUR = "blur"
    GREY = "grey"
    NOISE = "noise"
    BACKGROUND = "background"


class MapsAs(str, Enum):
    """Forms of the maps of many pictures: packed in the rows of the table, a NumPy archive a picture, or none."""

    ROWS = "rows"
    NPZ = "npz"
    NONE = "none"


class EngineName(str, Enum):
    """Names of what divides the work on many pictures: processes on this machine, or Ray on many."""

    LOCAL = "local"
    RAY = "ray"


class ViewName(str, Enum):
    """Views: the pictures that can be drawn of one explanation."""

    OVERLAY = "overlay"
    HEATMAP = "heatmap"
    BOXES = "boxes"
    REGIONS = "regions"
    ORIGINAL = "original"
    DUAL = "dual"
    GRID = "grid"
    SHEET = "sheet"
