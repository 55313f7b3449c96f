"""Film strip and film of one picture, as files."""

from __future__ import annotations

from pathlib import Path

import cv2

from heatcam.enums import Colormap
from heatcam.errors import SinkError
from heatcam.geometry import Uint8Array
from heatcam.sinks import Recorder, write_whole
from heatcam.text import printable
from heatcam.watching.probes import Probe
from heatcam.watching.records import PictureRecord
from heatcam.watching.strip import MOST_PANELS, draw_strip, epochs_shown, plan_sheet, scale_of

_LONGEST = 960  # pixels of the picture's longer side in the film
_SHOWN_S = 0.5  # seconds that a look is shown
_HELD = 4  # times that the last one is


def write_strip(path: Path, probe: Probe, record: PictureRecord, colormap: Colormap) -> Uint8Array:
    """Write the film strip as PNG, over an earlier one, and return it: uint8 ``(H, W, 3)``, BGR.

    Raises:
        SinkError: it cannot be written.
    """
    epochs = epochs_shown([one.epoch for one in record.numbers])
    plan = plan_sheet(min(len(epochs), MOST_PANELS), probe.frame.size_wh, scale_of(record.numbers), colormap)
    picture = draw_strip(_title(probe), record.numbers, record.looks(epochs), plan)
    done, data = cv2.imencode(".png", picture)
    if not done:
        raise SinkError(f"{path} cannot be encoded")
    write_whole(path, data.tobytes())
    return picture


def write_film(path: Path, probe: Probe, record: PictureRecord, colormap: Colormap) -> None:
    """Write the looks as a video, one after the other, over an earlier one; nothing without looks.

    Raises:
        SinkError: it cannot be written.
        UsageError: another program is writing it.
    """
    numbers = record.numbers
    if not numbers:
        return
    plan = plan_sheet(1, probe.frame.size_wh, scale_of(numbers), colormap, _LONGEST)
    with Recorder(path, plan.size_wh, 1 / _SHOWN_S, overwrite=True) as recorder:
        for look in record.looks([one.epoch for one in numbers]):
            picture = draw_strip(_title(probe), numbers, [look], plan, look[0].epoch)
            for _ in range(1 if look[0] is not numbers[-1] else _HELD):
                recorder.write(picture, recorder.frames_written * _SHOWN_S)


def _title(probe: Probe) -> str:
    return printable(probe.name)
