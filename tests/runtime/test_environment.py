"""Folders of our own where there is no home, and where nothing can be written: everything runs, and nobody complains."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from heatcam.runtime.environment import cache_dir, config_dir
from tests.sinks.test_recorder import posix_only

pytestmark = posix_only
#: Nobody of this user's number is known, as in a container that runs as anybody.
NOBODY = (
    "import pwd\ndef unknown(*_): raise KeyError('uid not found')\npwd.getpwuid = pwd.getpwnam = unknown\n"
)


def run(code: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Python with nothing in its environment but where its packages are, and ``variables``."""
    path = os.pathsep.join(entry for entry in sys.path if entry)
    return subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": path, **variables},
        capture_output=True,
        encoding="utf-8",
        timeout=100,
        check=False,
    )


def test_without_a_home_folders_last_for_one_run(tmp_path: Path) -> None:
    code = NOBODY + (
        "from heatcam.runtime.environment import cache_dir, config_dir\n"
        "from heatcam.runtime.json_cache import recall, remember\n"
        "remember(cache_dir() / 'a.json', {'a': 1})\n"
        "assert recall(cache_dir() / 'a.json') == {'a': 1}\n"
        "print(cache_dir(), config_dir(), sep='\\n')\n"
    )
    result = run(code, TMPDIR=str(tmp_path))
    assert (result.returncode, result.stderr) == (0, "")
    assert all(line.startswith(str(tmp_path)) for line in result.stdout.splitlines())
    assert list(tmp_path.iterdir()) == []


def test_chosen_folders_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEATCAM_CACHE_DIR", str(tmp_path / "a"))
    monkeypatch.setenv("HEATCAM_CONFIG_DIR", str(tmp_path / "b"))
    assert (cache_dir(), config_dir()) == (tmp_path / "a", str(tmp_path / "b"))


LIBRARIES = (
    "import heatcam.models\n"
    "import matplotlib\n"
    "import ultralytics.utils\n"
    "print(matplotlib.get_configdir(), ultralytics.utils.USER_CONFIG_DIR, sep='\\n')\n"
)


def test_libraries_of_a_user_without_a_home_find_folders_and_do_not_complain(tmp_path: Path) -> None:
    result = run(NOBODY + LIBRARIES, TMPDIR=str(tmp_path))
    assert (result.returncode, result.stderr) == (0, "")
    assert all(line.startswith(str(tmp_path)) for line in result.stdout.splitlines())
    assert list(tmp_path.iterdir()) == []


PREPARED = (
    "import os\n"
    "from heatcam.runtime.environment import give_ultralytics_a_folder\n"
    "give_ultralytics_a_folder()\n"
    "print(os.environ['YOLO_CONFIG_DIR'], os.environ.get('MPLCONFIGDIR'), sep='\\n')\n"
)


def test_a_home_that_cannot_be_written_is_not_given_to_libraries(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run(PREPARED, TMPDIR=str(tmp_path), HOME=str(tmp_path / "file"))
    assert (result.returncode, result.stderr) == (0, "")
    assert all(line.startswith(f"{tmp_path}/heatcam-") for line in result.stdout.splitlines())
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_usual_home_is_left_as_it_is(tmp_path: Path) -> None:
    result = run(PREPARED, HOME=str(tmp_path))
    assert result.stdout.splitlines() == [f"{tmp_path}/.config/heatcam/ultralytics", "None"]
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_settings_file_of_ultralytics_says_nothing_where_documents_go(tmp_path: Path) -> None:
    settings = tmp_path / "ultralytics" / "Ultralytics" / "settings.json"
    settings.parent.mkdir(parents=True)
    settings.write_bytes(b"\x80\xff")
    result = run(PREPARED, HEATCAM_CONFIG_DIR=str(tmp_path), HOME=str(tmp_path))
    assert result.returncode == 0
    assert len(result.stderr.splitlines()) == 1
    assert settings.with_name("settings.json.damaged").exists()
    assert not settings.exists()


VARIABLES = (
    "import heatcam.models\n"
    "import os\n"
    "print(sorted(name for name in os.environ if name.startswith(('YOLO_', 'ULTRALYTICS_'))))\n"
    "from heatcam.runtime import quiets_ultralytics\n"
    "print(quiets_ultralytics())\n"
)


def test_programs_that_ultralytics_starts_later_are_not_quieted_where_it_was_imported_first(
    tmp_path: Path,
) -> None:
    """Such as the processes of a training on several devices."""
    result = run("import ultralytics\n" + VARIABLES, HOME=str(tmp_path))
    assert result.stdout.splitlines()[-2:] == ["[]", "False"]


def test_ultralytics_is_quiet_where_heatcam_was_imported_first(tmp_path: Path) -> None:
    names, quiets = run(VARIABLES, HOME=str(tmp_path)).stdout.splitlines()
    assert "YOLO_OFFLINE" in names
    assert quiets == "True"
