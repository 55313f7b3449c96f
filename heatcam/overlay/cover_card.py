"""Card about the covers on a frame: each object before and after, and what the maps had foretold beside what happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from heatcam.enums import Fill
from heatcam.geometry import Uint8Array
from heatcam.overlay.card_table import CardTable, TableRow, draw_table, table_of
from heatcam.overlay.cover_marks import COVER, GONE, NEW
from heatcam.overlay.heat import Pixels
from heatcam.overlay.labels import object_colour, object_name
from heatcam.overlay.panels import (
    QUIET,
    corners_of,
    covered_px,
    is_small,
    lay_card,
    least_covering,
    small_px,
)
from heatcam.overlay.text import LIGHT, Colour, fitted, line_height, text_width, write
from heatcam.overlay.topline import top_line_box
from heatcam.probing import CoverEffect, Foretold, cover_words, percent, score_words

HEADINGS = ("conf", "foretold", "happened", "logit")
LEGEND = "foretold: evidence under the cover; happened: logit lost"
_WIDEST, _WIDEST_IN_SMALL = 0.6, 1.0  # of the picture's width
_TALLEST = 0.55  # of the picture's height
_MOST_OBJECTS = 8
_MAY_LIE_ON = 0.3  # of the card's area; on more of a cover it has fewer lines
_NONE = "-"


@dataclass(frozen=True, eq=False)
class CoverCard:
    """Content of a card.

    Attributes:
        covers: number of covers that lie.
        fill: what they cover with.
        effect: of all of them together; None if the model was not asked.
        foretold: how well the maps foretold the strokes so far.
        maps: what made the map of each object, which foretells, in a word; "" without any.
        cost_ms: of the pass over the covered frame.
        reason: why the model was not asked, in one line; "" if it was.
    """

    covers: int
    fill: Fill
    effect: CoverEffect | None
    foretold: Foretold
    maps: str
    cost_ms: float
    reason: str = ""


@dataclass(frozen=True)
class _Lines:
    """Text of a card: lines above the table with their colours, the table, and lines below it."""

    above: tuple[tuple[str, Colour], ...]
    table: CardTable
    below: tuple[tuple[str, Colour], ...]

    @property
    def count(self) -> int:
        """Number of lines."""
        return len(self.above) + len(self.below) + (len(self.table.rows) + 1 if self.table.rows else 0)

    def wide(self, size: int) -> int:
        """Width without margins, in pixels."""
        texts = [text for text, _ in (*self.above, *self.below)]
        own = self.table.wide(size) if self.table.rows else 0
        return max([own, *(text_width(text, size) for text in texts)])


def draw_cover_card(
    picture: Uint8Array,
    card: CoverCard,
    focus: int | None = None,
    keep_clear: Sequence[Pixels] = (),
    beside: Sequence[Pixels] = (),
) -> Pixels | None:
    """Draw the card in a corner below the top line, in place, with as many objects as there is room for.

    The object in focus comes first, then those whose logits changed most; boxes that vanished are red, new ones green.

    Args:
        picture: uint8 ``(H, W, 3)``, BGR.
        card: what it says.
        focus: index of the focused box among those before; None for none.
        keep_clear: rectangles that it should not lie on: covers, and the object in focus.
        beside: other cards and the colour bar, which it never lies on.

    Returns:
        Its rectangle; None if there is no room for one.
    """
    height, width = picture.shape[:2]
    size = small_px((width, height))
    space = size // 2, top_line_box((width, height))[3] + size // 2, width - size // 2, height - size // 2
    small = is_small((width, height))
    up = max(
        (space[3] + size - box[1] for box in beside if box[1] > height // 2), default=0
    )  # above one there
    room = min(round((_WIDEST_IN_SMALL if small else _WIDEST) * width), width - size) - size
    for most in (1, 0) if small else (_MOST_OBJECTS, 4, 2, 1, 0):
        lines = _lines(card, focus, size, room, most, small)
        wide, tall = min(room, lines.wide(size)) + size, lines.count * line_height(size) + size
        if tall > max(_TALLEST * height, 4 * line_height(size)) or tall > space[3] - space[1]:
            continue
        corners = corners_of(space, wide, tall, "sw nw ne se")
        corners += [
            (left, y - up, right, y_end - up) for left, y, right, y_end in corners if y - up >= space[1]
        ]
        place = least_covering(corners, beside, keep_clear)
        lies_on = covered_px(place, keep_clear) / (wide * tall)
        if not covered_px(place, beside) and (most <= 2 or lies_on <= _MAY_LIE_ON):
            _draw(picture, lines, place, size)
            return place
    return None


def _draw(picture: Uint8Array, lines: _Lines, place: Pixels, size: int) -> None:
    lay_card(picture, place)
    x, right, y = place[0] + size // 2, place[2] - size // 2, place[1] + size // 2
    for text, colour in lines.above:
        write(picture, fitted(text, size, right - x), x, y, size, colour)
        y += line_height(size)
    y = draw_table(picture, lines.table, x, right, y, size)
    for text, colour in lines.below:
        write(picture, fitted(text, size, right - x), x, y, size, colour)
        y += line_height(size)


def _lines(card: CoverCard, focus: int | None, size: int, room: int, most: int, small: bool) -> _Lines:
    """Return the text with at most ``most`` objects, in a width in pixels."""
    title = f"{card.covers} cover{'s' * (card.covers != 1)} of {card.fill.value}"
    if card.effect is None:
        said = [(text, LIGHT) for text in _wrapped(card.reason or "no answer yet", size, room)]
        return _Lines(((title, COVER), *said), table_of((), (), size, room), ())
    rows = _rows(card.effect, focus)
    table = table_of(HEADINGS, rows[:most], size, room)
    below = [(f"and {len(rows) - most} more", QUIET)] if 0 < most < len(rows) and not small else []
    if not small and len(table.headings) > 2 and table.rows:
        below.append((LEGEND, QUIET))
    score = _score(card)
    above = ((f"{title}, +{card.cost_ms:.0f} ms a frame", COVER), (cover_words(card.effect)[0], LIGHT))
    return _Lines(above, table, (*below, *((text, LIGHT) for text in _wrapped(score, size, room))))


def _score(card: CoverCard) -> str:
    """Return how well the maps foretold the strokes so far, in a line."""
    pairs = card.foretold.pairs
    if not card.maps:
        return "no map of each object: nothing is foretold"
    if card.foretold.rank_correlation is None:
        return f"score of the {card.maps} map: from 3 pairs on, {pairs or 'none'} so far"
    return (
        f"score of the {card.maps} map: rank correlation {card.foretold.rank_correlation:.2f}, {pairs} pairs"
    )


def _rows(effect: CoverEffect, focus: int | None) -> list[TableRow]:
    """Return a row for each box that appeared, then for each object, the one in focus first, then by change."""
    order = sorted(
        effect.objects, key=lambda own: (own.detection != focus, -abs(own.logit_before - own.logit_after))
    )
    rows = [
        TableRow(
            object_name(effect.before, own.detection),
            (
                f"{_score_of(own.confidence_before)} to {_score_of(own.confidence_after)}",
                percent(own.evidence_share) or _NONE,
                percent(own.logit_lost) or _NONE,
                f"{own.logit_before:.1f} to {own.logit_after:.1f}",
            ),
            object_colour(effect.before, own.detection),
            GONE if own.detection in effect.vanished else LIGHT,
            own.detection == focus,
        )
        for own in order
    ]
    new = [
        TableRow(
            f"new {object_name(effect.after, n)}",
            (_score_of(float(effect.after.confidences[n])), _NONE, _NONE, _NONE),
            NEW,
            NEW,
            False,
        )
        for n in effect.appeared
    ]
    return rows[:1] + new + rows[1:]


def _score_of(confidence: float) -> str:
    return score_words(confidence) if confidence >= 0.001 else "<0.001"


def _wrapped(text: str, size: int, room: int) -> list[str]:
    """Break a text into lines that fit, between words."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if text_width(longer, size) <= room or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
