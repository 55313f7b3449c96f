import os
import subprocess
import sys

import pytest

from heatcam.errors import SinkError, UsageError
from heatcam.sinks.recording.recording_lock import RecordingLock, is_locked, manifest_in

HOLDS = """
import sys, time
from pathlib import Path
from heatcam.sinks.recording.recording_lock import RecordingLock
claim = RecordingLock(Path(sys.argv[1]), {"source": 5})
print("held", flush=True)
time.sleep(60)
"""


def test_only_one_has_it_and_its_facts_can_be_read_meanwhile(tmp_path):
    path = tmp_path / "a.part.mp4.json"
    lock_file = RecordingLock(path, {"crf": 20})
    assert is_locked(path)
    assert manifest_in(path) == {"crf": 20}
    with pytest.raises(UsageError, match=r"a\.part\.mp4 is being written by another heatcam"):
        RecordingLock(path, {})
    assert manifest_in(path) == {"crf": 20}
    lock_file.release()
    assert not is_locked(path)
    assert manifest_in(path) == {"crf": 20}
    RecordingLock(path, {}).withdraw()
    assert not path.exists()


def test_it_ends_with_its_process_however_that_ends(tmp_path):
    path = tmp_path / "a.json"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "held\n"
        assert is_locked(path)
        process.kill()
    assert not is_locked(path)
    assert manifest_in(path) == {"source": 5}


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff"])
def test_damaged_facts_are_none(tmp_path, content):
    (tmp_path / "a.json").write_bytes(content)
    assert manifest_in(tmp_path / "a.json") == {}


def test_no_folder_and_no_file_are_clear(tmp_path):
    assert not is_locked(tmp_path / "a.json")
    with pytest.raises(SinkError, match="choose another folder"):
        RecordingLock(tmp_path / "no" / "a.json", {})
    assert os.listdir(tmp_path) == []  # noqa: PTH208
