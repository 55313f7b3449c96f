"""Command lines that cannot be meant: one line, what may have been meant, exit code 2."""

from __future__ import annotations

import pytest

from heatcam.commands.options import SourceChoice
from heatcam.errors import UsageError
from tests.commands.programs import heatcam


def refused(*words: str) -> str:
    """The one line that is said of a command line."""
    result = heatcam(*words, exit_code=2)
    (line,) = result.stderr.splitlines()
    assert line.startswith("heatcam: ")
    assert result.stdout == ""
    return line.removeprefix("heatcam: ")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("--version2", "no such option: --version2; did you mean '--version'?"),
        (
            "snapshto a.jpg",
            "there is no command 'snapshto'; did you mean 'snapshot'? `heatcam --help` lists the commands",
        ),
        ("xyzzy", "there is no command 'xyzzy'; `heatcam --help` lists the commands"),
        ("photo.JPG -o x.png", "there is no command 'photo.JPG'; did you mean: heatcam snapshot photo.JPG"),
        ("clip.mp4", "there is no command 'clip.mp4'; did you mean: heatcam record clip.mp4"),
        ("record --smoth 0 a.mp4", "did you mean '--smooth'?"),
        (
            "live --npz",
            "no such option: --npz; only `snapshot` takes it; `heatcam live --help` lists the options",
        ),
        ("snapshot a.jpg --colormap tubro", "did you mean 'turbo'?"),
        ("snapshot a.jpg --method GradCan", "did you mean 'gradcam'"),
        ("record", "SOURCE is missing; for example: heatcam record clip.mp4 -o out.mp4"),
        ("snapshot --model", "`heatcam snapshot --help` lists the options"),
        ("record a.mp4 b.mp4", "(b.mp4)"),
    ],
)
def test_what_cannot_be_meant_is_one_line_with_what_may_have_been(words: str, says: str) -> None:
    assert says in refused(*words.split())


def test_hostile_words_are_said_as_they_are() -> None:
    assert r"\x1b[2J" in refused("snapshot", "--\x1b[2J")
    assert r"a\nheatcam: b" in refused("a\nheatcam: b")


def test_a_source_of_the_window_stands_by_itself_or_behind_an_option() -> None:
    assert SourceChoice(place="clip.mp4").spec() == "clip.mp4"
    assert SourceChoice(source="clip.mp4").spec() == "clip.mp4"
    assert SourceChoice(camera="1").spec() == "1"
    assert SourceChoice().spec() == "0"
    with pytest.raises(UsageError, match="more than one source"):
        SourceChoice("a.mp4", camera="0").spec()
    assert "more than one source" in refused("live", "a.mp4", "--source", "b.mp4")
