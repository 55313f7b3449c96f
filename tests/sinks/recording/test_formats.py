"""The formats of recordings, and that the writer of each is there."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections import Counter

import pytest

from heatcam.sinks.recording.formats import FORMATS, OutputFormat, format_of_suffix


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_every_format_has_a_writer(form: OutputFormat) -> None:
    assert callable(importlib.import_module(f"heatcam.sinks.encoder.{form.writer}").open_writer)


def test_a_suffix_has_one_format_whatever_its_letters() -> None:
    counts = Counter(suffix for form in FORMATS for suffix in form.suffixes)
    assert set(counts.values()) == {1}
    assert format_of_suffix(".MKV") is format_of_suffix(".mkv") is not None
    assert format_of_suffix(".txt") is None


def test_the_encoders_process_does_not_know_opencv_where_it_writes_video() -> None:
    code = "import sys, heatcam.sinks.encoder.encoder_process, heatcam.sinks.encoder.video_file; assert 'cv2' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
