"""Users, passwords and tokens of an address stand in nothing that is printed or written."""

from pathlib import Path

import pytest

from tests.commands.programs import heatcam
from tests.sources.mjpeg_server import mjpeg_server

SECRETS = ("oberaffe", "geheim")
QUERY = "?user=oberaffe&token=geheim"
FAST = ("--backend", "torch")


def everything(folder: Path, *results) -> str:
    """All that was printed, and all names and texts of the files that were written."""
    printed = "".join(result.stdout + result.stderr + str(result.exception) for result in results)
    files = [path for path in folder.rglob("*") if path.is_file()]
    return printed + "".join(f"{path}{path.read_bytes()!r}" for path in files)


def check(text: str) -> None:
    assert text
    assert not [secret for secret in SECRETS if secret in text]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_recording_of_a_camera_with_a_password_keeps_it(folder):
    with mjpeg_server("oberaffe:geheim") as server:
        url = server.url + QUERY
        recorded = heatcam("record", url, "--max-frames", 2, "--json", "run.json", *FAST)
        pictured = heatcam("snapshot", "--camera", url, "-o", "out.png", "--json", "-", *FAST)
    assert (folder / "recording-heat.mp4").exists()
    said = f"http://{server.address} gives 160x96 as MJPG"
    assert said in recorded.stderr
    assert said in pictured.stderr
    check(everything(folder, recorded, pictured))


def test_a_password_that_is_refused_is_not_repeated(folder):
    with mjpeg_server("other:login") as server:
        url = f"http://oberaffe:geheim@{server.address}{QUERY}"
        result = heatcam("snapshot", "--camera", url, "-o", "out.png", *FAST, exit_code=1)
    assert "the user or the password is refused (401)" in result.stderr
    check(everything(folder, result))


@pytest.mark.parametrize(
    "url",
    [
        f"rtps://oberaffe:geheim@10.0.0.9/live{QUERY}",
        f"rtsp://oberaffe:ge[heim@10.0.0.9/live{QUERY}",
        f"rtsp://oberaffe:geheim@{QUERY}",
    ],
)
def test_an_address_that_is_mistyped_is_not_repeated_whole(folder, url):
    result = heatcam("record", url, *FAST, "--overwrite", exit_code=2)
    check(everything(folder, result))


def test_the_address_of_a_film_is_not_repeated_whole(folder):
    url = f"http://oberaffe:geheim@127.0.0.1:9/film.mp4{QUERY}"
    result = heatcam("record", url, *FAST, exit_code=1)
    assert "http://127.0.0.1:9/film.mp4" in result.stderr
    check(everything(folder, result))


def test_the_check_sees_a_secret(folder):
    (folder / "log").write_text("rtsp://oberaffe:geheim@host")
    with pytest.raises(AssertionError):
        check(everything(folder))
