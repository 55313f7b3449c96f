"""Fonts for the scripts that OpenCV's own font lacks or does not shape: found on this machine, read by Pillow.

Pillow's Raqm layout joins Arabic letters, orders right-to-left text and places vowel signs (HarfBuzz, FriBidi). matplotlib ships
DejaVu Sans, which has Arabic, Hebrew, Armenian and Georgian, so these need no system font. Other scripts, such as Devanagari,
Thai and emoji, are drawn if the system has a font for them; Noto has one for every script.
"""

from __future__ import annotations

import importlib.util
import os
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont, features

from heatcam.geometry import Uint8Array

_SUFFIXES = (".ttf", ".otf", ".ttc")
#: Families that cover many scripts, tried after those named like the script; prefixes of file names, in lower case.
_BROAD = (
    "dejavusans", "notosans-", "nirmala", "leelawui", "segoeui", "seguiemj", "arial", "tahoma", "kohinoor", "thonburi",
    "apple color emoji", "freesans", "unifont",
)  # fmt: skip
_NOTHING = "\U0010fffd"  # a character that no font has: it shows how a missing one is drawn
_EMOJI_SIZE = 109  # pixels; the one size of bitmap fonts such as Noto Color Emoji
_MOST_TRIED = 24


@lru_cache(maxsize=1)
def can_shape() -> bool:
    """Return True if Pillow has Raqm here; without it letters would be unjoined and in the wrong order."""
    return bool(features.check("raqm"))


@lru_cache(maxsize=4096)
def font_file(cluster: str) -> tuple[Path, int] | None:
    """Find a font that has a character; return its file and its one pixel size, 0 if scalable. None if no font has it.

    Args:
        cluster: one character with its combining marks.
    """
    for path in _candidates(_script_of(cluster[0])):
        for size in (0, _EMOJI_SIZE):
            if _has(path, size, cluster):
                return path, size
    return None


def drawn(text: str, path: Path, fixed_size: int, size: int) -> Uint8Array:
    """Draw a line of text, shaped and in visual order.

    Args:
        text: characters that the font has.
        path: the font's file.
        fixed_size: the one size in pixels that the font has; 0 if scalable.
        size: requested font size in pixels.

    Returns:
        uint8 ``(line, W, 4)``: RGB and opacity; letters are white, emoji have their colours. The baseline is 1.09 font sizes
        below the top, as in ``text.write``.
    """
    font = _font(path, fixed_size or size)
    scale = size / (fixed_size or size)
    width = max(1, round(font.getlength(text)) + 1)
    tall = round(1.5 * (fixed_size or size))
    picture = Image.new("RGBA", (width, tall), (255, 255, 255, 0))
    ImageDraw.Draw(picture).text(
        (0, round(1.09 * (fixed_size or size))), text, (255, 255, 255, 255), font, "ls", embedded_color=True
    )
    if scale != 1:
        picture = picture.resize((max(1, round(scale * width)), round(1.5 * size)), Image.Resampling.LANCZOS)
    return np.asarray(picture)


@lru_cache(maxsize=64)
def _font(path: Path, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), size)


def _has(path: Path, fixed_size: int, cluster: str) -> bool:
    """Return True if a font has a character: its glyph differs from that of a missing one."""
    try:
        font = _font(path, fixed_size or 24)
        if bytes(font.getmask(cluster[0])) == bytes(font.getmask(_NOTHING)):
            return False
        font.getmask(cluster)
    except (OSError, ValueError, RuntimeError):  # a damaged file, other sizes only, or nothing visible
        return False
    return True


def _script_of(sign: str) -> str:
    """Return the script, the first word of the Unicode name: ``devanagari``; ``emoji`` for pictures."""
    if unicodedata.category(sign) == "So" and ord(sign) > 0x2000:
        return "emoji"
    return unicodedata.name(sign, "").partition(" ")[0].lower()


@lru_cache(maxsize=64)
def _candidates(script: str) -> tuple[Path, ...]:
    """Return font files that may have a script, the likeliest first."""

    def place(path: Path) -> tuple[bool, int, bool, int, str]:
        name = path.stem.lower()
        named, broad = (
            script in name,
            next((n for n, b in enumerate(_BROAD) if name.startswith(b)), len(_BROAD)),
        )
        plain = "sans" in name or not name.startswith("noto")
        return (
            not named,
            broad if not named else 0,
            not plain or "bold" in name or "italic" in name,
            len(name),
            name,
        )

    likely = [p for p in _font_files() if script in p.stem.lower() or p.stem.lower().startswith(_BROAD)]
    return tuple(sorted(likely, key=place)[:_MOST_TRIED])


@lru_cache(maxsize=1)
def _font_files() -> tuple[Path, ...]:
    """Find the font files in the usual folders of this system, and matplotlib's."""
    found = []
    for folder in _font_folders():
        for place, _, names in os.walk(folder, onerror=None):
            found += [Path(place) / name for name in names if name.lower().endswith(_SUFFIXES)]
    return tuple(found)


def _font_folders() -> Iterator[Path]:
    matplotlib = importlib.util.find_spec("matplotlib")
    if matplotlib is not None and matplotlib.origin:
        yield Path(matplotlib.origin).parent / "mpl-data" / "fonts" / "ttf"
    home = os.path.expanduser("~")  # noqa: PTH111 (Path.home raises where there is none)
    for text in (
        "/usr/share/fonts", "/usr/local/share/fonts", f"{home}/.fonts", f"{home}/.local/share/fonts",
        "/System/Library/Fonts", "/Library/Fonts", f"{home}/Library/Fonts",
        f"{os.environ.get('WINDIR', 'C:/Windows')}/Fonts",
    ):  # fmt: skip
        yield Path(text)
