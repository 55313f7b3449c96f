"""Which file a model's name means. Knows no torch, so that a name that means nothing is refused at once."""

from __future__ import annotations

from pathlib import Path

from heatcam.errors import ModelError
from heatcam.models.official import downloaded_path, is_official

MARKERS = "markers"
#: Models that are known by a word instead of a file; ``loading.BUILT_IN`` makes them.
WORDS = (MARKERS,)


def find_checkpoint(spec: str) -> Path:
    """The file that ``spec`` means: a path, or an official model that was downloaded before.

    Raises:
        ModelError: there is no such file, or its suffix is not ``.pt``.
    """
    path = Path(spec).expanduser()
    if path.suffix != ".pt":
        raise ModelError(
            f"model {spec!r} is neither {' nor '.join(map(repr, WORDS))} nor a .pt file",
            "give an ultralytics checkpoint such as yolo11n.pt (an exported model's .pt original works)",
        )
    if path.is_file():
        return path
    if is_official(spec) and downloaded_path(spec).is_file():
        return downloaded_path(spec)
    if is_official(spec):
        raise ModelError(
            f"model {spec} is not here and heatcam downloads nothing unasked",
            "run the same command in a terminal to be asked for the download, or put the file into this folder",
        )
    raise ModelError(
        f"model file {spec} does not exist", f"check the path, or leave out --model to use '{MARKERS}'"
    )
