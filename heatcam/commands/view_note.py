"""Words and numbers about how samples are shown, where that is not how the network reads them."""

from __future__ import annotations

from typing import Any

from heatcam.commands.terminal import Terminal
from heatcam.frames import Explanation
from heatcam.samples import Samples


class ViewNote:
    """Sink that says between which values pictures of more than 8 bits are shown, and which channels, once for each kind.

    Args:
        terminal: prints the note.
    """

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._said: set[tuple[int, str]] = set()

    def take(self, _: object, explanation: Explanation) -> None:
        """Print the note for the first picture of each number of channels and type."""
        frame = explanation.frame
        if frame.samples is None:
            return
        kind = frame.samples.channels, frame.samples.values.dtype.name
        words = view_in_words(frame.samples)
        if words and kind not in self._said:
            self._terminal.note(f"{frame.name}: {words}")
            self._said.add(kind)


def view_in_words(samples: Samples) -> str:
    """Return which channels and values are shown, unless the user has chosen both or the picture is shown as it is."""
    view = samples.view
    if view is None or view.words:
        return "" if view is None else view.words
    names = ", ".join(map(str, view.channels))
    said = []
    if samples.channels > len(view.channels) and not (samples.is_colour and samples.channels == 3):
        said.append(f"shows channel{'s' * (len(view.channels) > 1)} {names} of {samples.channels}")
    if not view.is_chosen and samples.values.dtype.name != "uint8":
        low, high = (f"{value:.6g}" for value in view.window)
        said.append(f"shows {low} to {high}, its 1st to 99th percentile (--window {low},{high})")
    return "; ".join([*said, f"the network reads all {samples.channels} as they are"]) if said else ""


def view_row(samples: Samples | None) -> dict[str, Any]:
    """Return the fields of a document about a picture's samples and their view; empty for 8-bit colour."""
    if samples is None or samples.view is None:
        return {}
    own, view = samples, samples.view
    return {
        "samples": {"channels": own.channels, "type": own.values.dtype.name, "full_scale": own.full_scale},
        "view": {"channels": list(view.channels), "window": list(view.window)},
    }
