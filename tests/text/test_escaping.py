"""Text that others chose: shown as it is, commanding nothing; in JSON without loss."""

from __future__ import annotations

import json
import os
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatcam.text.escaping import escaped_in_json, printable

ANY_TEXT = st.text(st.characters(min_codepoint=0, max_codepoint=sys.maxunicode))  # surrogates included


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("bus \x1b[2J", r"bus \x1b[2J"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("a\nheatcam: all is well", r"a\nheatcam: all is well"),
        ("a\r\tb\x00\x7f", r"a\r\tb\x00\x7f"),
        ("\x9b2J\x85", r"\x9b2J\x85"),  # the same commands in one character (C1)
        ("\u2028\u2029", r"\u2028\u2029"),
        ("gpj.\u202egod", r"gpj.\u202egod"),  # shown backwards otherwise
        ("\u2066x\u200fy\u00ad", r"\u2066x\u200fy\xad"),
        ("caf\udce9.jpg", "caf\ufffd.jpg"),  # a Latin-1 file name
        ("\ud83d\ude00", "\U0001f600"),
    ],
)
def test_what_commands_or_hides_is_escaped_and_what_is_no_character_replaced(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize(
    "text", ["person", "[bold]x[/] :dog:", "行人", "🧍‍♂️ person", "व्यक्ति", "می\u200cخواهم", "شخص", r"C:\new"]
)
def test_names_of_every_script_stay_as_they_are(text: str) -> None:
    assert printable(text) == text


@given(ANY_TEXT)
def test_whatever_it_was_it_is_one_line_that_can_be_written_and_stays_the_same(text: str) -> None:
    shown = printable(text)
    shown.encode("utf-8")
    assert len(shown.splitlines()) <= 1
    assert not {chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))} & set(shown)
    assert printable(shown) == shown


@given(ANY_TEXT)
def test_a_document_gives_back_the_text_that_went_in(text: str) -> None:
    document = escaped_in_json(json.dumps({"name": text}, ensure_ascii=False, indent=2))
    document.encode("utf-8")
    assert all(printable(line) == line for line in document.split("\n"))
    joined = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    assert json.loads(document) == {"name": joined}


def test_a_name_that_is_not_utf8_gives_its_bytes_back_from_a_document() -> None:
    name = os.fsdecode(b"caf\xe9.jpg")
    document = escaped_in_json(json.dumps(name, ensure_ascii=False))
    assert document == '"caf\\udce9.jpg"'
    assert os.fsencode(json.loads(document)) == b"caf\xe9.jpg"
