"""What persists between runs: a small JSON file in the user's configuration folder."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path

from heatcam.environment import config_dir

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """Choices that the next run starts with.

    Attributes:
        heatmap: the live window shows the heat map, not plain detection.
    """

    heatmap: bool = True


def settings_path() -> Path:
    """Where the settings are kept; ``HEATCAM_CONFIG_DIR`` overrides the folder."""
    return Path(config_dir()) / "settings.json"


def load_settings() -> Settings:
    """The settings of the last run; defaults where there are none or the file is damaged."""
    try:
        kept = json.loads(settings_path().read_text("utf-8"))
        return Settings(heatmap=bool(kept["heatmap"]))
    except FileNotFoundError:
        return Settings()
    except (OSError, ValueError, KeyError, TypeError) as error:
        logger.warning("settings in %s cannot be read (%s); using defaults", settings_path(), error)
        return Settings()


def save_settings(settings: Settings) -> None:
    """Keep ``settings`` for the next run, replacing the file in one step; a folder that cannot be written is only logged."""
    path = settings_path()
    part = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(asdict(settings)), "utf-8")
        part.replace(path)
    except OSError as error:
        logger.warning("settings cannot be kept in %s (%s)", path.parent, error)
