"""One look at a picture as a panel: the picture with heat on the scale of all epochs, boxes, and a line of words above."""

from __future__ import annotations

from dataclasses import dataclass, replace

from heatcam.enums import Colormap, Renorm
from heatcam.frames import Explanation
from heatcam.geometry import Uint8Array
from heatcam.measures import NOTHING
from heatcam.overlay import Legend, OverlayOptions, at_size, draw, legend_of, line_height, text_width
from heatcam.views import DARK_PAPER, write_left, write_right
from heatcam.watching.records import EpochNumbers


@dataclass(frozen=True)
class PanelLook:
    """Looks of all panels of a picture.

    Attributes:
        size_wh: width and height of the picture in a panel, in pixels.
        font: font size of the words in pixels.
        scale: the evidence per cell that is full heat in all of them; 0 without any.
        colormap: colours of the heat.
    """

    size_wh: tuple[int, int]
    font: int
    scale: float
    colormap: Colormap

    @property
    def height(self) -> int:
        """Height of a panel: the words and the picture."""
        return self.size_wh[1] + line_height(self.font)

    @property
    def overlay(self) -> OverlayOptions:
        """Drawing options."""
        return OverlayOptions(colormap=self.colormap, renorm=Renorm.FIXED, hud=False)


def draw_panel(
    sheet: Uint8Array,
    left_top: tuple[int, int],
    look: PanelLook,
    numbers: EpochNumbers,
    explanation: Explanation,
) -> None:
    """Draw a panel in place.

    Args:
        sheet: uint8 ``(H, W, 3)``, BGR.
        left_top: the panel's corner in pixels.
        look: of the panel.
        numbers: of this look.
        explanation: boxes and map of this look.
    """
    (left, top), (wide, tall) = left_top, look.size_wh
    _write_words(sheet, left, top, left + wide, look.font, numbers)
    top += line_height(look.font)
    sheet[top : top + tall, left : left + wide] = draw(
        _on_scale(at_size(explanation, look.size_wh), look.scale), look.overlay
    )


def epoch_legend(explanation: Explanation, scale: float) -> Legend:
    """Return the text of the colour bar of a scale above 0."""
    shown = _on_scale(explanation, scale).saliency
    assert shown is not None  # (records have a map)
    return replace(legend_of(shown, Renorm.FIXED, [scale]), caption="evidence, one scale for all epochs")


def _on_scale(explanation: Explanation, scale: float) -> Explanation:
    """Give the map a full heat; without any evidence it is left out."""
    saliency = explanation.saliency
    if saliency is None or scale <= NOTHING:
        return replace(explanation, saliency=None)
    return replace(explanation, saliency=replace(saliency, full_heat=scale))


def _write_words(
    sheet: Uint8Array, left: int, top: int, right: int, font: int, numbers: EpochNumbers
) -> None:
    """Write the epoch at the left and the energy at the right, as much of its words as fits."""
    epoch = f"epoch {numbers.epoch}" if numbers.epoch else "before"
    at = left + write_left(sheet, epoch, left, top, right, font, DARK_PAPER.ink) + font
    words = next((one for one in _energy_words(numbers) if text_width(one, font) <= right - at), "")
    write_right(sheet, words, at, top, right, font, DARK_PAPER.quiet)


def _energy_words(numbers: EpochNumbers) -> tuple[str, ...]:
    count = f"{numbers.objects} object{'s' * (numbers.objects != 1)}" if numbers.objects else "no objects"
    if numbers.energy_in_box is None:
        return (count,)
    share = f"{100 * numbers.energy_in_box:.0f} %"
    return f"{count} · energy in box {share}", f"{count} · {share} in box", f"{share} in box", share
