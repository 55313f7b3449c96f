"""Search for the file that a model's name means. Does not import torch, so that an unknown name is refused at once."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from heatcam.errors import ModelError
from heatcam.models.formats import format_of
from heatcam.models.official import SUFFIX, downloaded_path, official_name

MARKERS, EVERYDAY = "markers", "everyday"
#: Models that are known by a word instead of a file; ``loading.BUILT_IN`` builds them.
WORDS = (MARKERS, EVERYDAY)
#: Files and addresses that ``heatcam.blackbox`` and ``heatcam.exported`` open.
_PREDICTIONS_ONLY, _ADDRESSES = (".onnx", ".xml", ".torchscript"), ("http://", "https://")
_MOST_SIMILAR, _SIMILARITY = 3, 0.75


def find_checkpoint(spec: str) -> Path:
    """Return the absolute path of ``spec``: a file, with or without ``.pt``, or an official model that was downloaded before.

    A file of that name is taken first; no other folders are searched. Of a model of another format (``formats``) it is the file
    of its weights.

    Raises:
        ModelError: there is no such file, its suffix is not ``.pt`` and no other format's, or that format's library is missing.
    """
    other = format_of(spec)
    if other is not None:
        return other.find(spec)
    path = _path_of(spec)
    _require_inside(spec, path)
    official = official_name(spec)
    named = path.suffix.casefold() == SUFFIX or _is_file(path) or not path.name
    whole = path if named else path.with_name(f"{path.name}{SUFFIX}")
    if _is_file(whole):
        return _checked(whole)
    if official and downloaded_path(official).is_file():
        return downloaded_path(official)
    if official:
        raise ModelError(
            f"model {official} is not here and heatcam downloads nothing unasked",
            f"heatcam models download {official.removesuffix(SUFFIX)}, add --yes, or put the file into this folder",
        )
    raise _missing(spec, path)


def _path_of(spec: str) -> Path:
    """Return ``spec`` as a path, with ``~`` replaced by the home folder where there is one."""
    try:
        return Path(spec).expanduser()
    except RuntimeError:  # (nobody of that name)
        return Path(spec)


def _is_file(path: Path) -> bool:
    """Return True if there is such a file; False also for a name that no file can have."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _checked(path: Path) -> Path:
    """Return ``path`` as an absolute path.

    Raises:
        ModelError: its suffix is not ``.pt``.
    """
    if path.suffix.casefold() != SUFFIX:
        raise ModelError(
            f"model {str(path)!r} is neither {_built_in()} nor a .pt file",
            "give an ultralytics checkpoint such as yolo11n.pt (an exported model's .pt original works)",
        )
    return path.absolute()


def _require_inside(spec: str, path: Path) -> None:
    """Refuse a file or an address of which only the predictions are known, where a network's inside is needed.

    Raises:
        ModelError: it is one of those.
    """
    is_address = spec.casefold().startswith(_ADDRESSES)
    if not is_address and not (path.suffix.casefold() in _PREDICTIONS_ONLY and _is_file(path)):
        return
    name = "a model at an address" if is_address else f"model {str(path)!r}"
    raise ModelError(
        f"{name} is a black box, and this needs a .pt file's network",
        "give its .pt original; heatcam snapshot maps black boxes by masks, and record draws their boxes",
    )


def _missing(spec: str, path: Path) -> ModelError:
    """Return the error for a model that does not exist; it names similar ones beside it or built in."""
    similar = similar_models(path)
    advice = f"did you mean {' or '.join(similar)}?" if similar else ""
    if path.suffix and path.suffix.casefold() != SUFFIX:
        return ModelError(
            f"model {spec!r} is neither {_built_in()} nor a .pt file",
            advice
            or "give an ultralytics checkpoint such as yolo11n.pt (an exported model's .pt original works)",
        )
    return ModelError(
        f"model file {spec} does not exist",
        advice or "check the path, or leave out --model",
    )


def similar_models(path: Path) -> list[str]:
    """Return up to three models that ``path`` may have meant: files beside it, built-in ones, downloaded official ones."""
    folder = path.parent
    try:
        beside = [file.name for file in folder.iterdir() if file.suffix.casefold() == SUFFIX]
    except OSError:
        beside = []
    if folder == Path():
        beside += [*WORDS, *(file.name for file in downloaded_path("").glob(f"*{SUFFIX}"))]
    plain = {_plainly(name): name for name in beside}
    close = get_close_matches(_plainly(path.name), plain, _MOST_SIMILAR, _SIMILARITY)
    return [str(folder / plain[name]) for name in close]


def _plainly(name: str) -> str:
    """Return a name without the parts that people mistype: case, suffix, and separators of words."""
    return name.casefold().removesuffix(SUFFIX).replace("_", "-").replace(" ", "-")


def _built_in() -> str:
    return " nor ".join(map(repr, WORDS))
