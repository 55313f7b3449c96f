"""Escaping of text that others chose (class names, file names, URLs), for terminals, pictures and titles."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from typing import Any

#: Two of the invisible format characters change no direction, and letters and emoji need them: U+200C and U+200D.
_JOINERS = "\u200c\u200d"
#: Controls, invisible format characters (bidi overrides among them), lone surrogates, line and paragraph separators.
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def printable(text: str) -> str:
    r"""Return ``text`` as one line that looks the same everywhere and contains no control characters.

    A control or an invisible format character becomes its escape, as Python writes it: ``\x1b``, ``\n``, ``\u202e``. A lone
    surrogate, as in a file name that is not UTF-8, becomes U+FFFD; two surrogates that make a pair become their character. Text
    that was made printable once stays as it is.
    """
    if text.isascii() and text.isprintable():
        return text
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return "".join(_escaped(sign) if _is_unsafe(sign) else sign for sign in whole)


def escaped_in_json(document: str) -> str:
    r"""Return a JSON document with every unsafe character escaped, so that it is valid UTF-8 and safe to show.

    Nothing is lost: a JSON reader gets the same text back. A byte of a name that is not UTF-8 becomes ``\udc80`` to ``\udcff``,
    which Python's ``os.fsencode`` turns into the byte again.

    Args:
        document: JSON; the only controls between its values are line feeds.
    """
    return re.sub(r"[^\n -~]", lambda found: _json_escaped(found[0]), document)


def json_text(data: Any, *, indent: int | None = None, in_ascii: bool = False) -> str:
    """Return plain values as JSON that is always valid UTF-8; NaN and infinity become null."""
    return escaped_in_json(json.dumps(_finite(data), indent=indent, ensure_ascii=in_ascii, allow_nan=False))


def _is_unsafe(sign: str) -> bool:
    return sign not in _JOINERS and unicodedata.category(sign) in _UNSAFE


def _escaped(sign: str) -> str:
    """Return the character as Python writes it between quotes."""
    return sign.encode("unicode_escape").decode("ascii")


def _json_escaped(sign: str) -> str:
    if not _is_unsafe(sign):
        return sign
    units = sign.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))


def _finite(data: Any) -> Any:
    """Return the same data with None for NaN and infinity, which JSON does not have."""
    if isinstance(data, dict):
        return {key: _finite(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_finite(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data
