"""Settings kept between runs: a small JSON file in the user's configuration folder."""

from __future__ import annotations

import json
import logging
import reprlib
from dataclasses import asdict, dataclass, fields
from enum import Enum
from pathlib import Path
from typing import Any

from heatcam.enums import LIVE_MAP, Colormap, Layout, Renorm
from heatcam.errors import SinkError
from heatcam.runtime import config_dir, recall
from heatcam.saliency import METHODS
from heatcam.sinks import write_whole

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """Choices that the next run of the window starts with; options on the command line take precedence.

    Attributes:
        heatmap: show the heatmap, not plain detection.
        layout: one picture, two side by side, or a wipe.
        colormap, alpha, renorm, boxes: look of the overlay.
        conf: keep boxes above this confidence, in ``[0, 1]``.
        method: the CAM method.
        every: make a map for every N-th frame.
        numbers, graphs: panels drawn over the picture.
        full_screen: fill the screen.
        window_wh: width and height of the window, in screen pixels; None takes the picture's.
    """

    heatmap: bool = True
    layout: Layout = Layout.SINGLE
    colormap: Colormap = Colormap.TURBO
    alpha: float = 0.7
    renorm: Renorm = Renorm.BOX
    boxes: bool = True
    conf: float = 0.25
    method: str = LIVE_MAP
    every: int = 1
    numbers: bool = False
    graphs: bool = False
    full_screen: bool = False
    window_wh: tuple[int, int] | None = None


def settings_path() -> Path:
    """Return the path of the settings file; ``HEATCAM_CONFIG_DIR`` overrides the folder."""
    return Path(config_dir()) / "settings.json"


def load_settings() -> Settings:
    """Load the settings of the last run, with the default of each that is missing or invalid."""
    kept, usual = recall(settings_path()), Settings()
    return Settings(**{f.name: _checked(f.name, kept, getattr(usual, f.name)) for f in fields(Settings)})


def save_settings(settings: Settings) -> None:
    """Save ``settings`` for the next run, replacing the file in one step; a folder that cannot be written is only logged."""
    path = settings_path()
    plain = {name: v.value if isinstance(v, Enum) else v for name, v in asdict(settings).items()}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, (json.dumps(plain, indent=1) + "\n").encode())
    except (OSError, SinkError) as error:
        logger.warning("settings cannot be kept in %s (%s)", path.parent, error)


def _checked(name: str, kept: dict[str, Any], usual: Any) -> Any:
    """Return the saved value of ``name``, or the default if it is missing or invalid: the file may be of another version."""
    if name not in kept:
        return usual
    value = kept[name]
    try:
        return _CHECKS[name](value) if name in _CHECKS else _like(usual, value)
    except (ValueError, TypeError, OverflowError):
        logger.warning("%s: %s is %s; using %r", settings_path(), name, reprlib.repr(value), usual)
        return usual


def _like(usual: Any, value: Any) -> Any:
    """Return ``value`` converted to the type of ``usual``.

    Raises:
        ValueError, TypeError: the value is not of that type.
    """
    if isinstance(usual, Enum):
        return type(usual)(value)
    if type(value) is not type(usual):
        raise TypeError
    return value


def _share(value: Any) -> float:
    if isinstance(value, bool) or not 0 <= float(value) <= 1:
        raise ValueError
    return float(value)


def _at_least_one(value: Any) -> int:
    if type(value) is not int or not 1 <= value <= 1000:
        raise ValueError
    return value


def _size(value: Any) -> tuple[int, int] | None:
    if value is None:
        return None
    width, height = value
    if not all(type(n) is int and 1 <= n <= 99999 for n in (width, height)):
        raise ValueError
    return width, height


def _method(value: Any) -> str:
    if value not in METHODS:
        raise ValueError
    return str(value)


_CHECKS = {"method": _method, "alpha": _share, "conf": _share, "every": _at_least_one, "window_wh": _size}
