import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from heatcam.errors import DisplayError
from heatcam.sinks import display as display_module
from heatcam.sinks.display import require_display
from tests.sinks.x_server import environment, x_server
from tests.system_tools import requires

linux_only = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux has displays that can be missing"
)

SCRIPT = """
import sys
from heatcam.errors import DisplayError
from heatcam.sinks.display import require_display
try:
    require_display()
except DisplayError as error:
    sys.stderr.write(f"{error}\\n")
    sys.exit(error.exit_code)
"""


def run_script(environ):
    before_s = time.monotonic()
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environ, capture_output=True, text=True, timeout=30, check=False
    )
    return run, time.monotonic() - before_s


@linux_only
@pytest.mark.parametrize("display", [None, "", ":4242"])
def test_without_a_display_there_is_one_line_and_exit_1_and_no_abort(display):
    environ = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    if display is not None:
        environ["DISPLAY"] = display
    run, took_s = run_script(environ)
    assert run.returncode == 1
    assert run.stdout == ""
    assert len(run.stderr.splitlines()) == 1
    assert "display" in run.stderr
    assert "heatcam record" in run.stderr
    assert took_s < 1.5


@requires("Xvfb")
def test_with_a_display_it_returns_in_silence():
    with x_server() as name:
        run, _ = run_script(environment(name))
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


@linux_only
def test_a_display_that_never_answers_is_given_up(monkeypatch, tmp_path):
    monkeypatch.setattr(display_module, "_PROBE_TIMEOUT_S", 1.0)
    number = 4000 + os.getpid() % 1000
    path = Path(f"/tmp/.X11-unix/X{number}")
    path.parent.mkdir(exist_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        try:
            with pytest.raises(DisplayError, match="did not answer within 1 s"):
                require_display(environment(f":{number}"))
        finally:
            path.unlink()


def test_headless_opencv_names_the_command_that_mends_it(monkeypatch):
    monkeypatch.setattr(display_module, "_window_framework", lambda: "")
    with pytest.raises(DisplayError, match="pip install --force-reinstall --no-deps opencv-python"):
        require_display()
