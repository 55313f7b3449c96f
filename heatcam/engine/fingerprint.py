"""Keys of results remembered about a network: a hash of its weights, the versions, and the processor."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import torch
import ultralytics
from torch import Tensor, nn

from heatcam.runtime import CACHE_VERSION, processor

_KNOWN_BY_VERSION = "torch", "torchvision", "ultralytics", "heatcam", "timm"
_known: WeakKeyDictionary[nn.Module, tuple[Any, str]] = WeakKeyDictionary()


def hash_of(network: nn.Module) -> str:
    """Return the SHA-256 over names, shapes and values of everything in the network's state, and over its layers' types.

    It is calculated once for each network, and again only after a tensor was replaced or changed in place. A copy is another
    network. A hash of the network's file would not do: the network that is explained was changed since (fused, given its classes,
    shuffled).
    """
    state = network.state_dict()
    now = _marks(network, state.values())
    known = _known.get(network)
    if known is None or known[0] != now:
        known = _known[network] = now, _digest(network, state)
    return known[1]


def _marks(network: nn.Module, tensors: Any) -> Any:
    """Return values that change whenever the state does: each tensor's address and the number of writes to it."""
    layers = [(n, type(m).__qualname__) for n, m in network.named_modules()]
    return layers, [(t.data_ptr(), t._version, tuple(t.shape), t.dtype) for t in tensors]


def _digest(network: nn.Module, state: dict[str, Tensor]) -> str:
    layers = [(n, type(m).__qualname__) for n, m in network.named_modules()]
    digest = hashlib.sha256(repr(layers).encode())
    for code in sorted({code for m in network.modules() if (code := _own_code(type(m)))}):
        digest.update(code)
    for name, tensor in state.items():
        digest.update(f"{name}{tuple(tensor.shape)}{tensor.dtype}".encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _own_code(kind: type) -> bytes:
    """Return the content of the file that defines a layer, of layers whose code the versions do not tell; else nothing."""
    if kind.__module__.partition(".")[0] in _KNOWN_BY_VERSION:
        return b""
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    return b"" if file is None else Path(file).read_bytes()


def versions() -> tuple[str, ...]:
    """Versions of the code that the engine's numbers depend on: our caches', torch's and ultralytics'."""
    return str(CACHE_VERSION), torch.__version__, ultralytics.__version__


def runs_on(device: torch.device) -> str:
    """Return a name of the hardware: the processor with the instructions that torch may use, or the accelerator."""
    if device.type == "cuda":
        return f"{torch.cuda.get_device_name(device)} cuda {torch.version.cuda}"
    limits = [os.environ.get(name, "") for name in ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA")]
    return f"{device.type} {processor()} {torch.backends.cpu.get_cpu_capability()} {limits}"
