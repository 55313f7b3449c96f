"""What has to stand in the process environment before ultralytics and OpenCV are imported.

ultralytics reads these once, at import: without them it may install packages that a checkpoint names, look for the network,
share one settings file with every other tool, and unpickle whatever a checkpoint holds. A value the user has set is kept.

OpenVINO sends usage figures to a server when it is imported, from a package of its own that has no such variable: it is kept from
being imported.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # as mypy reads it: typing and pathlib would delay the moment when Ctrl-C is taken over
if TYPE_CHECKING:
    from pathlib import Path

CONFIG_DIR_VARIABLE = "HEATCAM_CONFIG_DIR"
CACHE_DIR_VARIABLE = "HEATCAM_CACHE_DIR"


def config_dir() -> str:
    """The folder of heatcam's own settings, as a path; ``HEATCAM_CONFIG_DIR`` overrides the platform's place for it."""
    if chosen := os.environ.get(CONFIG_DIR_VARIABLE):
        return chosen
    from platformdirs import user_config_path  # noqa: PLC0415 (20 ms of `heatcam --help`)

    return str(user_config_path("heatcam", appauthor=False))


def cache_dir() -> Path:
    """The folder of what can be made again (compiled models); ``HEATCAM_CACHE_DIR`` overrides the platform's place for it."""
    if chosen := os.environ.get(CACHE_DIR_VARIABLE):
        from pathlib import Path  # noqa: PLC0415

        return Path(chosen)
    from platformdirs import user_cache_path  # noqa: PLC0415 (20 ms of `heatcam --help`)

    return user_cache_path("heatcam", appauthor=False)


def prepare_environment() -> None:
    """Set the variables that are not set yet. Called on ``import heatcam``, before anything heavy is imported."""
    defaults = {
        "ULTRALYTICS_SAFE_LOAD": "1",
        "YOLO_AUTOINSTALL": "0",
        "YOLO_OFFLINE": "1",
        "YOLO_VERBOSE": "0",
        "OPENCV_LOG_LEVEL": "ERROR",
        "OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT": "3",  # seconds; at its 10 a camera that hangs stays taken for too long
        "OPENCV_FFMPEG_LOGLEVEL": "-8",  # nothing: what goes wrong is said by our own errors
    }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
    _keep_openvino_from_sending()


def _keep_openvino_from_sending() -> None:
    """Keep ``openvino_telemetry`` from being imported in this process; OpenVINO then takes its own stub, which sends nothing.

    The package's own switch is a file in the user's home, and it writes an id there as long as that file does not refuse. Here
    nothing is written, and other programs keep what their user chose. None is Python's own mark for what may not be imported.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]


def give_ultralytics_a_folder() -> None:
    """Keep ultralytics' settings apart from the user's own. Called by the rooms that import it, before they do."""
    os.environ.setdefault("YOLO_CONFIG_DIR", os.path.join(config_dir(), "ultralytics"))  # noqa: PTH118
