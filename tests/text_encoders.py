"""Small text encoders with the real ones' interface: seeded, in TorchScript, behind a stand-in for the package ``clip``.

ultralytics' own classes open and run them: only the weights and the tokens are made up.
"""

from __future__ import annotations

import functools
import io
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import ultralytics.nn
from torch import Tensor, nn

from heatcam.models.text_encoder import ENCODERS

_LONGEST = 77


class Encoder(nn.Module):
    """Tokens ``(B, 77)`` to vectors of unit length ``(B, 512)``."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.table = nn.Parameter(torch.randn(256, 512, generator=generator), requires_grad=False)

    def forward(self, tokens: Tensor) -> Tensor:
        found = self.table[tokens] * torch.arange(1, tokens.shape[1] + 1)[None, :, None].float().rsqrt()
        return nn.functional.normalize((found * (tokens > 0)[:, :, None]).sum(1), dim=-1)

    @torch.jit.export
    def encode_text(self, tokens: Tensor) -> Tensor:
        return self.forward(tokens)


def tokenize(texts: str | list[str], context_length: int = _LONGEST, truncate: bool = False) -> Tensor:
    """As ``clip.tokenize``: one row a text, zeros after its end; letters instead of word parts."""
    listed = [texts] if isinstance(texts, str) else texts
    rows = [list(text.lower().encode()[:_LONGEST]) for text in listed]
    return torch.tensor([row + [0] * (_LONGEST - len(row)) for row in rows])


@functools.cache
def _scripted(seed: int) -> bytes:
    """The file of an encoder."""
    file = io.BytesIO()
    torch.jit.save(torch.jit.script(Encoder(seed)), file)
    return file.getvalue()


@contextmanager
def text_encoders(patch: pytest.MonkeyPatch, folder: Path) -> Iterator[dict[str, Path]]:
    """Make the encoders' files and the package; where heatcam looks for them there are none yet.

    Args:
        patch: undoes it.
        folder: where the files are, under the names by which ultralytics looks for them in the folder that it runs in.

    Yields:
        The file of each encoder by ultralytics' name.
    """
    files = {name: folder / encoder.name for name, encoder in ENCODERS.items()}
    for seed, (name, path) in enumerate(files.items()):
        path.write_bytes(_scripted(seed))
        patch.setitem(ENCODERS, name, replace(ENCODERS[name], sha256=""))

    def load(name: str, device: object = "cpu", download_root: str = "") -> tuple[nn.Module, None]:
        path = name if Path(name).is_file() else files[f"clip:{name}"]
        return torch.jit.load(str(path), map_location=device), None

    package, inner = types.ModuleType("clip"), types.ModuleType("clip.clip")
    package.load, package.tokenize, package.clip, inner.tokenize = load, tokenize, inner, tokenize
    patch.setitem(sys.modules, "clip", package)
    patch.setitem(sys.modules, "clip.clip", inner)
    try:
        yield files
    finally:  # (it keeps the package that it was imported with)
        sys.modules.pop("ultralytics.nn.text_model", None)
        if hasattr(ultralytics.nn, "text_model"):
            del ultralytics.nn.text_model


def put_in_place(name: str, files: dict[str, Path]) -> Path:
    """Put an encoder's file where heatcam looks for it, and return its path there."""
    path = ENCODERS[name].path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(files[name].read_bytes())
    return path
