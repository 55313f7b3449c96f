"""Check that a window can open here, without risking this process.

On Linux, OpenCV's Qt ends the process (SIGABRT) when the display does not answer; no exception could be caught. So a
child process tries first.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

from heatcam.errors import DisplayError

REPAIR_COMMAND = "pip install --force-reinstall --no-deps opencv-python"

_PROBE_TIMEOUT_S = 10.0
_INSTEAD = "or use `heatcam record` or `heatcam snapshot`, which need none"
_PROBE = """
import sys
sys.path[:] = {path!r}
try:
    import resource
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
except ImportError:
    pass
import cv2
cv2.namedWindow("heatcam probe")
cv2.destroyAllWindows()
"""


def require_display(environ: Mapping[str, str] | None = None) -> None:
    """Raise an error unless a window can open here; takes about 0.4 s with a display, no time without one.

    Args:
        environ: the environment to check; None takes this process's.

    Raises:
        DisplayError: OpenCV was built without windows, there is no display, or it does not answer.
    """
    environ = os.environ if environ is None else environ
    if not _window_framework():
        raise DisplayError(
            "this OpenCV cannot open windows (a headless build)", f"fix it with `{REPAIR_COMMAND}`"
        )
    if not sys.platform.startswith("linux"):
        return
    if not environ.get("DISPLAY") and not environ.get("WAYLAND_DISPLAY"):
        raise DisplayError(
            "there is no display here (DISPLAY is not set)", f"run it on a desktop, {_INSTEAD}"
        )
    _probe(environ)


def _window_framework() -> str:
    """Return the name of OpenCV's window system, "" in a headless build."""
    import cv2  # noqa: PLC0415 (the doctor asks where it cannot be imported)

    return cv2.currentUIFramework()


def _probe(environ: Mapping[str, str]) -> None:
    display = environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")
    try:
        child = subprocess.run(
            [sys.executable, "-c", _PROBE.format(path=sys.path)],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PROBE_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        problem = f"the display {display} did not answer within {_PROBE_TIMEOUT_S:g} s"
        raise DisplayError(problem, f"check DISPLAY, {_INSTEAD}") from None
    if child.returncode:
        raise DisplayError(f"no window can open on the display {display}", f"check DISPLAY, {_INSTEAD}")
