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
    return os.environ.get(CONFIG_DIR_VARIABLE) or _platforms_folder("user_config_path")


def cache_dir() -> Path:
    """The folder of what can be made again (compiled models); ``HEATCAM_CACHE_DIR`` overrides the platform's place for it."""
    from pathlib import Path  # noqa: PLC0415

    return Path(os.environ.get(CACHE_DIR_VARIABLE) or _platforms_folder("user_cache_path"))


def _platforms_folder(kind: str) -> str:
    """The platform's place for our files; one for this run alone where nobody knows a home (no HOME, no user of that number)."""
    import platformdirs  # noqa: PLC0415 (20 ms of `heatcam --help`)

    try:
        return str(getattr(platformdirs, kind)("heatcam", appauthor=False))
    except (RuntimeError, KeyError):
        return os.path.join(passing_folder(), kind)  # noqa: PTH118


def passing_folder() -> str:
    """A folder that is removed when the program ends, as a path: for what has nowhere else to go."""
    if not _passing:
        import atexit  # noqa: PLC0415 (seldom needed, all of them)
        import shutil  # noqa: PLC0415
        import tempfile  # noqa: PLC0415

        from heatcam.runtime import stopping  # noqa: PLC0415

        _passing.append(tempfile.mkdtemp(prefix="heatcam-"))
        atexit.register(shutil.rmtree, _passing[0], ignore_errors=True)
        stopping.at_the_end(lambda: shutil.rmtree(_passing[0], ignore_errors=True))
    return _passing[0]


_passing: list[str] = []


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
    """Keep ultralytics' settings apart from the user's own. Called by the rooms that import it, before they do.

    Where nothing can be written, it and matplotlib get a folder for this run alone: both complain otherwise.
    """
    _give_matplotlib_a_folder()
    if "YOLO_CONFIG_DIR" in os.environ:
        return
    from pathlib import Path  # noqa: PLC0415

    from heatcam.runtime.json_cache import recall  # noqa: PLC0415 (nothing of it is needed before)

    folder = os.path.join(config_dir(), "ultralytics")  # noqa: PTH118
    if not _can_be_written(folder):
        folder = os.path.join(passing_folder(), "ultralytics")  # noqa: PTH118
    os.environ["YOLO_CONFIG_DIR"] = folder
    # ultralytics says on standard output what it thinks of a damaged file: that is where documents go
    recall(Path(folder, "Ultralytics", "settings.json"))


def _give_matplotlib_a_folder() -> None:
    """Only where its own cannot be written: there its fonts' list is, which takes seconds to make."""
    home = os.path.expanduser("~")  # noqa: PTH111
    usual = os.environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")  # noqa: PTH118
    is_fine = os.path.isabs(usual) and _can_be_written(os.path.join(usual, "matplotlib"))  # noqa: PTH117, PTH118
    if "MPLCONFIGDIR" not in os.environ and sys.platform.startswith("linux") and not is_fine:
        os.environ["MPLCONFIGDIR"] = os.path.join(passing_folder(), "matplotlib")  # noqa: PTH118


def _can_be_written(folder: str) -> bool:
    """Whether a folder takes files, or could be made. It is not made."""
    while not os.path.exists(folder) and os.path.dirname(folder) != folder:  # noqa: PTH110, PTH120
        folder = os.path.dirname(folder)  # noqa: PTH120
    return os.path.isdir(folder) and os.access(folder, os.W_OK | os.X_OK)  # noqa: PTH112
