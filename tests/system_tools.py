"""Programs of the system that some tests need: where one is missing, its tests skip and name the command that installs it."""

import shutil

import pytest

_PACKAGES = {
    **{"Xvfb": "xvfb", "xdotool": "xdotool", "openbox": "openbox"},
    **{"ffmpeg": "ffmpeg", "ffprobe": "ffmpeg", "git": "git"},
}


def requires(*programs: str) -> pytest.MarkDecorator:
    """Skips a test unless all ``programs`` are on the path; the reason starts with "needs" and can be pasted."""
    missing = [program for program in programs if shutil.which(program) is None]
    packages = " ".join(sorted({_PACKAGES[program] for program in missing}))
    reason = f"needs {', '.join(missing)}: apt-get install -y {packages}"
    return pytest.mark.skipif(bool(missing), reason=reason)
