"""Suggestions for mistyped words and file names."""

from __future__ import annotations

import difflib
import itertools
import os
from collections.abc import Iterable
from pathlib import Path

_MOST = 3  # words that are suggested
_WORSE = 0.12  # of 1: largest gap in similarity to the most similar word
_MOST_FILES = 5_000  # of a folder that are compared


def similar(word: str, known: Iterable[str]) -> list[str]:
    """Return up to three words of ``known`` that ``word`` may have meant, likeliest first, ignoring case; often none."""
    by_folded: dict[str, str] = {}
    for one in known:
        by_folded.setdefault(one.casefold(), one)
    folded = word.casefold()
    close = difflib.get_close_matches(folded, by_folded, _MOST, cutoff=0.6)
    best = max((_ratio(folded, one) for one in close), default=0)
    close = [one for one in close if _ratio(folded, one) > best - _WORSE]
    begun = [one for one in by_folded if len(folded) > 2 and one.startswith(folded)]
    return [by_folded[one] for one in dict.fromkeys([*close, *begun])][:_MOST]


def _ratio(word: str, other: str) -> float:
    return difflib.SequenceMatcher(a=word, b=other).ratio()


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``did you mean 'dog' or 'dot'?``; "" where nothing is similar."""
    return question(similar(word, known))


def question(words: Iterable[str]) -> str:
    """Return ``did you mean ...?`` with all of ``words``; "" for none."""
    quoted = [repr(word) for word in words]
    return f"did you mean {' or '.join(quoted)}?" if quoted else ""


def similar_files(path: Path) -> list[str]:
    """Return existing files beside ``path``, a missing one, that may have been meant; none where the folder is missing."""
    try:
        with os.scandir(path.parent) as entries:
            names = [entry.name for entry in itertools.islice(entries, _MOST_FILES)]
    except (OSError, ValueError):
        return []
    visible = [name for name in names if not name.startswith(".")]
    same_stem = [n for n in visible if Path(n).stem.casefold() == path.stem.casefold()]
    found = dict.fromkeys([*same_stem[:_MOST], *similar(path.name, visible)])
    return [str(path.with_name(name)) for name in list(found)[:_MOST]]
