"""What nobody expected, in one line: troubles of the machine in words, all else with a report that holds no password."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from heatcam.cli import crash_report
from heatcam.cli.crash_report import report_text, write_report
from heatcam.cli.failures import in_one_line, known_trouble


def raised(error: BaseException) -> BaseException:
    try:
        raise error
    except Exception as caught:  # noqa: BLE001 (with its traceback)
        return caught


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "not enough memory"),
        (MemoryError("Unable to allocate 57 GiB"), "not enough memory (Unable to allocate 57 GiB)"),
        (ImportError("libtorch_cpu.so: failed to map segment from shared object"), "not enough memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "not enough memory"),
        (RuntimeError("can't start new thread"), "not enough memory"),
        (OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)), "not enough memory"),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "a.json"), "no space is left (a.json: No space"),
        (OSError(errno.EMFILE, os.strerror(errno.EMFILE)), "ulimit -n"),
        (
            PermissionError(errno.EACCES, os.strerror(errno.EACCES), "x"),
            "no permission (x: Permission denied)",
        ),
        (ModuleNotFoundError("No module named 'cv2'", name="cv2"), "install heatcam and what it needs again"),
    ],
)
def test_a_trouble_of_the_machine_is_said_in_its_own_words(error, words):
    assert words in str(known_trouble(raised(error)))


def test_the_trouble_behind_another_exception_is_found():
    try:
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        except OSError as cause:
            raise RuntimeError("could not be saved") from cause
    except RuntimeError as error:
        assert "no space is left" in str(known_trouble(error))


@pytest.mark.parametrize("error", [KeyError("x"), ImportError("cannot import name", name="heatcam.live")])
def test_a_fault_of_ours_is_no_trouble_of_the_machine(error):
    assert known_trouble(raised(error)) is None


def test_a_folder_that_is_gone_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert "the current folder does not exist any more" in str(known_trouble(raised(FileNotFoundError())))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HEATCAM_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_all_else_is_one_line_and_a_report(cache: Path):
    line = in_one_line(raised(KeyError("two\nlines\x1b[2J")))
    assert "\n" not in line
    assert "\x1b" not in line
    assert line.startswith("heatcam: an unexpected error, KeyError: ")
    path = Path(line.rpartition(" ")[2])
    assert path.parent == cache / "reports"
    text = path.read_text()
    assert "Traceback" in text
    assert "in raised" in text
    assert "torch 2" in text


def test_neither_line_nor_report_holds_a_password(cache: Path):
    url = "rtsp://oberaffe:geheim@10.0.0.9/live?token=geheim"
    error = raised(ValueError(f"cannot open '{url}'"))
    line = in_one_line(error)
    text = report_text(error, ["heatcam", "live", "--source", url])
    assert "rtsp://10.0.0.9/live" in line
    assert "rtsp://10.0.0.9/live" in text
    assert not [secret for secret in ("oberaffe", "geheim") if secret in line + text]


@pytest.mark.parametrize("words", [["--token", "geheim", "demo"], ["--token=geheim", "demo"]])
def test_a_report_does_not_hold_the_token_of_the_service(cache: Path, words: list[str]):
    text = report_text(raised(ValueError("no")), ["heatcam", "serve", *words])
    assert "geheim" not in text
    assert "'demo'" in text


def test_a_cache_that_cannot_be_written_gets_the_report_into_the_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HEATCAM_CACHE_DIR", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    path = write_report(raised(KeyError("x")))
    assert path is not None
    assert path.parent == tmp_path
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "file"))
    assert write_report(raised(KeyError("x"))) is None
    assert "--debug shows all of it" in in_one_line(raised(KeyError("x")))


def test_only_the_latest_reports_are_kept(cache: Path):
    (cache / "reports").mkdir(parents=True)
    for number in range(30):
        (cache / "reports" / f"20000101-{number:06d}-1.txt").write_text("old")
    newest = write_report(raised(KeyError("x")))
    kept = sorted((cache / "reports").iterdir())
    assert len(kept) == crash_report.MOST_KEPT
    assert kept[-1] == newest
