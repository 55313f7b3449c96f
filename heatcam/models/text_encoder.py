"""Text encoders of open-vocabulary networks, as ultralytics uses them: files that are downloaded only when the user says yes.

They need the package ``clip`` too, which is on no registry. ultralytics would install it unasked: here its absence is an error
before ultralytics' own module is imported. Imports torch only to encode.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from heatcam.errors import ModelError, first_line
from heatcam.geometry import Float32Array
from heatcam.models.official import asset_url, change_of, download, downloaded_path, sha256_of

_AT_ONCE = 80  # texts, as in ultralytics
_CLIP = "pip install git+https://github.com/ultralytics/CLIP.git"
_FILE_INSTEAD = "or give class vectors as a file: --prompt vectors.npz"
_CLIP_SHA256 = "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af"


def _clip_of(text_model: Any, path: str) -> Any:
    return text_model.CLIP(path, "cpu")


def _mobileclip_of(text_model: Any, path: str) -> Any:
    return text_model.MobileCLIPTS("cpu", path)


@dataclass(frozen=True)
class TextEncoder:
    """A text encoder's file.

    Attributes:
        name: of the file.
        maker: who published it.
        opened: makes it with ultralytics' module of text models and the path of the file.
        url: its address; "" for ultralytics' releases.
        sha256: of the file where its maker says it; else it is remembered from the download.
    """

    name: str
    maker: str
    opened: Callable[[Any, str], Any]
    url: str = ""
    sha256: str = ""

    @property
    def path(self) -> Path:
        """The path that it has here."""
        return downloaded_path(self._known_as)

    @property
    def is_missing(self) -> bool:
        """True if it has to be downloaded."""
        return not self.path.is_file()

    @property
    def _known_as(self) -> str:
        return f"encoders/{self.name}"

    def download(self) -> Path:
        """Download it into the cache folder. The caller has asked the user.

        Raises:
            ModelError: the download failed, or is not what its maker published; nothing is kept then.
        """
        path = download(self._known_as, self.url or asset_url(self.name))
        if self.sha256 and sha256_of(path) != self.sha256:
            path.unlink()
            raise ModelError(
                f"what was downloaded as {self.name} is another file", "try again: nothing was kept"
            )
        return path

    def require_here(self) -> None:
        """Refuse to go on without the file, the package that reads texts, or with a file that has changed.

        Raises:
            EncoderMissingError: the file is not here.
            ModelError: the package is not here, or the file is another one than before.
        """
        require_clip()
        if self.is_missing:
            raise EncoderMissingError(self)
        changed = change_of(self._known_as)
        if changed or (self.sha256 and sha256_of(self.path) != self.sha256):
            raise ModelError(
                changed or f"{self.path} is not the file that {self.maker} published",
                f"heatcam models download {self.name}",
            )

    def encode(self, texts: Sequence[str]) -> Float32Array:
        """Return a vector for each text: float32 ``(texts, embedding)``, of unit length.

        Raises:
            ModelError: file or package are not here, or it fails.
        """
        self.require_here()
        from ultralytics.nn import text_model  # noqa: PLC0415 (imports clip, or installs it)

        try:
            model = self.opened(text_model, str(self.path))
            tokens = model.tokenize(list(texts))
            parts = [model.encode_text(part).float().cpu().numpy() for part in tokens.split(_AT_ONCE)]
        except Exception as error:  # (it can fail in any way that torch can)
            raise ModelError(
                f"{self.name} does not encode the prompt: {first_line(error, 120)}",
                f"{_CLIP}, {_FILE_INSTEAD}",
            ) from error
        return np.concatenate(parts).astype(np.float32)


class EncoderMissingError(ModelError):
    """A text encoder's file that is not here.

    Args:
        encoder: the encoder.
    """

    def __init__(self, encoder: TextEncoder) -> None:
        super().__init__(
            f"prompts of words need the text encoder {encoder.name}, which is not here",
            f"heatcam models download {encoder.name}, add --yes, {_FILE_INSTEAD}",
        )
        self.encoder = encoder


class ClipMissingError(ModelError):
    """The package ``clip`` that is not installed.

    Attributes:
        install: the command that installs it.
    """

    def __init__(self) -> None:
        super().__init__(
            "prompts of words need the package clip, which is not installed", f"{_CLIP}, {_FILE_INSTEAD}"
        )
        self.install = _CLIP


#: Text encoders by ultralytics' names, which its checkpoints say.
ENCODERS: dict[str, TextEncoder] = {
    "clip:ViT-B/32": TextEncoder(
        "ViT-B-32.pt",
        "OpenAI",
        _clip_of,
        f"https://openaipublic.azureedge.net/clip/models/{_CLIP_SHA256}/ViT-B-32.pt",
        _CLIP_SHA256,
    ),
    "mobileclip:blt": TextEncoder("mobileclip_blt.ts", "Ultralytics", _mobileclip_of),
    "mobileclip2:b": TextEncoder("mobileclip2_b.ts", "Ultralytics", _mobileclip_of),
}


def encoder_named(name: str) -> TextEncoder | None:
    """Return the encoder whose file is called so, with or without suffix; None if there is none."""
    return next((one for one in ENCODERS.values() if name in (one.name, Path(one.name).stem)), None)


def require_clip() -> None:
    """Refuse to go on without the package ``clip``.

    Raises:
        ClipMissingError: it is not installed.
    """
    if not has_clip():
        raise ClipMissingError


def has_clip() -> bool:
    """Return True if the package ``clip`` is installed; does not import it."""
    try:
        return find_spec("clip") is not None
    except ValueError:  # (imported by somebody, without a specification)
        return True
