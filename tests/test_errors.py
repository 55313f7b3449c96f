"""What becomes of exceptions on their way to one line."""

from __future__ import annotations

import pytest

from heatcam.errors import first_line, reason_of


@pytest.mark.parametrize(
    ("error", "most", "said"),
    [
        (ValueError("  no such thing\nat all"), None, "no such thing"),
        (ValueError("no such thing"), 7, "no such"),
        (ValueError(" \n "), None, "ValueError"),
        (KeyError(), 3, "KeyError"),
    ],
)
def test_the_first_line_of_an_error_or_its_type(error: Exception, most: int | None, said: str) -> None:
    assert first_line(error, most) == (said if str(error).strip() else type(error).__name__[:most])


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(28, "No space left on device", "/a/path"), "No space left on device"),
        (ValueError("width is 0"), "width is 0"),
        (MemoryError(), "MemoryError"),
    ],
)
def test_a_reason_is_the_systems_words_where_it_has_some(error: Exception, said: str) -> None:
    assert reason_of(error) == said
