"""Names a user can choose from, kept apart from the code behind them so that ``--help`` loads neither OpenCV nor torch."""

from __future__ import annotations

from enum import Enum

#: How much heat is steadied in video unless the user says otherwise, in ``[0, 1]``. Of 0.7, 0.8 and 0.9 the first that leaves at
#: most half of the flicker of min-max scaling (``benchmarks/flicker.py``: 0.37 on the demo scene, 0.47 on vtest.avi).
DEFAULT_SMOOTH = 0.9


class Colormap(str, Enum):
    """How heat becomes colour, from cold to hot."""

    TURBO = "turbo"
    INFERNO = "inferno"
    VIRIDIS = "viridis"
    MAGMA = "magma"
    JET = "jet"


class Renorm(str, Enum):
    """What a map is scaled by for display."""

    BOX = "box"
    FRAME = "frame"
    FIXED = "fixed"


class MethodName(str, Enum):
    """The CAM methods."""

    LIVE = "live"
    FINE = "fine"
    GRADCAM = "gradcam"
    GRADCAM_PLUS_PLUS = "gradcam++"
    HIRESCAM = "hirescam"
    LAYERCAM = "layercam"
    XGRADCAM = "xgradcam"
    GRADCAM_ELEMENTWISE = "gradcam-elementwise"
    EIGENCAM = "eigencam"
    ODAM = "odam"
    SSGRADCAM_PLUS_PLUS = "ssgradcam++"
    EIGENGRADCAM = "eigengradcam"


class Backend(str, Enum):
    """What runs the network."""

    AUTO = "auto"
    TORCH = "torch"
    OPENVINO = "openvino"


class Precision(str, Enum):
    """The numbers that a network calculates with."""

    AUTO = "auto"
    FP32 = "fp32"
    BF16 = "bf16"
    FP16 = "fp16"


class Quality(str, Enum):
    """Which map: the one that is made for video, or the one with the finest detail."""

    LIVE = "live"
    FINE = "fine"


class TrackerName(str, Enum):
    """What keeps numbers on objects from frame to frame: nothing, or one of ultralytics' trackers."""

    OFF = "off"
    BYTETRACK = "bytetrack"
    BOTSORT = "botsort"


class Layout(str, Enum):
    """How the plain picture and the one with heat share the window."""

    SINGLE = "single"
    DUAL = "dual"
    WIPE = "wipe"
