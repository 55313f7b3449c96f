"""Which network is it? The key of what is remembered about one."""

from __future__ import annotations

import hashlib

from torch import nn


def hash_of(network: nn.Module) -> str:
    """SHA-256 over names, shapes and values of everything in the network's state, and over its layers' types."""
    digest = hashlib.sha256(repr([(n, type(m).__qualname__) for n, m in network.named_modules()]).encode())
    for name, tensor in network.state_dict().items():
        digest.update(f"{name}{tuple(tensor.shape)}{tensor.dtype}".encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
