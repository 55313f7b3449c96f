"""Environment variables that must be set before ultralytics and OpenCV are imported.

ultralytics reads these once, at import: without them it may install packages that a checkpoint names, check for an internet
connection, share one settings file with every other tool, and unpickle whatever a checkpoint holds. A value that the user has
set is kept.

OpenVINO sends usage figures to a server when it is imported, by a package of its own that has no such variable: this package is
kept from being imported.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # as mypy reads it: typing and pathlib would delay the moment when Ctrl-C is handled
if TYPE_CHECKING:
    from pathlib import Path

CONFIG_DIR_VARIABLE = "HEATCAM_CONFIG_DIR"
CACHE_DIR_VARIABLE = "HEATCAM_CACHE_DIR"


def config_dir() -> str:
    """Return the path of heatcam's settings folder: ``HEATCAM_CONFIG_DIR``, or the platform's place for it."""
    return os.environ.get(CONFIG_DIR_VARIABLE) or _platforms_folder("user_config_path")


def cache_dir() -> Path:
    """Return the cache folder, for files that can be made again: ``HEATCAM_CACHE_DIR``, or the platform's place for it."""
    from pathlib import Path  # noqa: PLC0415

    return Path(os.environ.get(CACHE_DIR_VARIABLE) or _platforms_folder("user_cache_path"))


def _platforms_folder(kind: str) -> str:
    """Return the platform's folder for our files; a temporary one where there is no home (no HOME, no user of that number)."""
    import platformdirs  # noqa: PLC0415 (20 ms of `heatcam --help`)

    try:
        return str(getattr(platformdirs, kind)("heatcam", appauthor=False))
    except (RuntimeError, KeyError):
        return os.path.join(temporary_folder(), kind)  # noqa: PTH118


def temporary_folder() -> str:
    """Return the path of a temporary folder, which is removed when the program ends."""
    if not _passing:
        import atexit  # noqa: PLC0415 (all three are seldom needed)
        import shutil  # noqa: PLC0415
        import tempfile  # noqa: PLC0415

        from heatcam.runtime import stopping  # noqa: PLC0415

        _passing.append(tempfile.mkdtemp(prefix="heatcam-"))
        atexit.register(shutil.rmtree, _passing[0], ignore_errors=True)
        stopping.at_the_end(lambda: shutil.rmtree(_passing[0], ignore_errors=True))
    return _passing[0]


_passing: list[str] = []
_set_here: set[str] = set()  # names of variables
_ULTRALYTICS = ("YOLO_", "ULTRALYTICS_")


def prepare_environment() -> None:
    """Set the variables that are not set yet. Called on ``import heatcam``, before anything heavy is imported."""
    defaults = {
        "ULTRALYTICS_SAFE_LOAD": "1",
        "YOLO_AUTOINSTALL": "0",
        "YOLO_OFFLINE": "1",
        "YOLO_VERBOSE": "0",
        "OPENCV_LOG_LEVEL": "ERROR",
        "OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT": "3",  # seconds; at the default 10 a camera that hangs stays busy for too long
        "OPENCV_FFMPEG_LOGLEVEL": "-8",  # nothing: our own errors say what goes wrong
    }
    is_late = (
        "ultralytics" in sys.modules
    )  # it has read its variables: only programs that it starts would be changed
    for name, value in defaults.items():
        if name not in os.environ and not (is_late and name.startswith(_ULTRALYTICS)):
            os.environ[name] = value
            _set_here.add(name)
    _keep_openvino_from_sending()


def quiets_ultralytics() -> bool:
    """Return True if ultralytics tells nothing and asks no server here because heatcam was imported before it."""
    return "YOLO_VERBOSE" in _set_here


def _keep_openvino_from_sending() -> None:
    """Keep ``openvino_telemetry`` from being imported in this process; OpenVINO then uses its own stub, which sends nothing.

    The package's own switch is a file in the user's home, and it writes an id there unless that file refuses. Here nothing is
    written, and other programs keep the user's choice. None in ``sys.modules`` keeps Python from importing a module.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]


def give_ultralytics_a_folder() -> None:
    """Keep ultralytics' settings apart from the user's own. Called by the packages that import it, before they do.

    Where nothing can be written, it and matplotlib get a temporary folder: both complain otherwise.
    """
    _give_matplotlib_a_folder()
    if "YOLO_CONFIG_DIR" in os.environ or "ultralytics" in sys.modules:
        return
    from pathlib import Path  # noqa: PLC0415

    from heatcam.runtime.json_cache import recall  # noqa: PLC0415 (not needed before)

    folder = os.path.join(config_dir(), "ultralytics")  # noqa: PTH118
    if not _can_be_written(folder):
        folder = os.path.join(temporary_folder(), "ultralytics")  # noqa: PTH118
    os.environ["YOLO_CONFIG_DIR"] = folder
    # (ultralytics complains about a damaged file on standard output, which is for documents)
    recall(Path(folder, "Ultralytics", "settings.json"))


def _give_matplotlib_a_folder() -> None:
    """Set a temporary folder only if its own cannot be written: its own holds the list of fonts, which takes seconds to make."""
    home = os.path.expanduser("~")  # noqa: PTH111
    usual = os.environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")  # noqa: PTH118
    is_fine = os.path.isabs(usual) and _can_be_written(os.path.join(usual, "matplotlib"))  # noqa: PTH117, PTH118
    if "MPLCONFIGDIR" not in os.environ and sys.platform.startswith("linux") and not is_fine:
        os.environ["MPLCONFIGDIR"] = os.path.join(temporary_folder(), "matplotlib")  # noqa: PTH118


def _can_be_written(folder: str) -> bool:
    """Return True if files can be written to a folder, or it could be made. It is not made."""
    while not os.path.exists(folder) and os.path.dirname(folder) != folder:  # noqa: PTH110, PTH120
        folder = os.path.dirname(folder)  # noqa: PTH120
    return os.path.isdir(folder) and os.access(folder, os.W_OK | os.X_OK)  # noqa: PTH112
