"""Files of weights that are named with their architecture, ``LIBRARY:NAME@FILE``: found, and read without running any of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heatcam.errors import ModelError, UsageError

if TYPE_CHECKING:
    from torch import Tensor, nn

#: Suffixes of files of weights.
SAFETENSORS, PICKLED = ".safetensors", (".pth", ".pt", ".bin")
#: Entries of a training's checkpoint that hold the weights, the smoothed ones first.
_ENTRIES = ("state_dict_ema", "model_ema", "ema", "state_dict", "model_state_dict", "model")
#: Prefixes that wrappers of training leave.
_WRAPPERS = ("module.", "_orig_mod.")
#: File names that say nothing of the model.
_NAMELESS = ("model", "pytorch_model", "weights", "best", "last", "checkpoint")


@dataclass(frozen=True)
class NamedWeights:
    """A spec ``LIBRARY:NAME@FILE``, taken apart.

    Attributes:
        architecture: the library's name of the network.
        path: the file of weights; None where the spec names none.
    """

    architecture: str
    path: Path | None

    @classmethod
    def read(cls, spec: str) -> NamedWeights:
        """Take a spec apart."""
        architecture, _, file = spec.partition(":")[2].partition("@")
        return cls(architecture.strip(), Path(file).expanduser() if file else None)

    @property
    def title(self) -> str:
        """The model's name for people: the file's, unless that says nothing."""
        stem = "" if self.path is None else self.path.stem
        return self.architecture if stem.casefold() in ("", *_NAMELESS) else stem


def require_weights(path: Path) -> Path:
    """Return the absolute path of a file of weights.

    Raises:
        ModelError: there is none, or its suffix is none of a file of weights.
    """
    if path.suffix.casefold() not in (SAFETENSORS, *PICKLED):
        raise ModelError(
            f"{path.name} is no file of weights", f"give one that ends in {SAFETENSORS}, .pth, .pt or .bin"
        )
    if not path.is_file():
        raise ModelError(f"file of weights {path} does not exist", "check the path behind the @")
    return path.absolute()


def read_state(path: Path) -> dict[str, Tensor]:
    """Read a state dict, on the CPU; a pickled one by torch's reader of tensors alone.

    Raises:
        ModelError: it holds no weights.
    """
    content = _content_of(path)
    for entry in _ENTRIES:
        inner = content.get(entry) if isinstance(content, Mapping) else None
        if isinstance(inner, Mapping):
            content = inner
            break
    state = {_unwrapped(name): one for name, one in content.items() if hasattr(one, "ndim")}
    if not state:
        raise ModelError(
            f"{path.name} holds no weights", "give a state dict: torch.save(model.state_dict(), FILE)"
        )
    return state


def _content_of(path: Path) -> Any:
    if path.suffix.casefold() == SAFETENSORS:
        from safetensors.torch import load_file  # noqa: PLC0415 (imports torch)

        return load_file(path)
    import pickle  # noqa: PLC0415

    import torch  # noqa: PLC0415

    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ModelError(
            f"{path.name} holds more than weights, and heatcam runs no file",
            "save the weights alone: torch.save(model.state_dict(), FILE), or as safetensors",
        ) from error
    if not isinstance(content, Mapping):
        raise ModelError(
            f"{path.name} holds a {type(content).__name__}, no weights",
            "give a state dict: torch.save(model.state_dict(), FILE)",
        )
    return content


def _unwrapped(name: str) -> str:
    for prefix in _WRAPPERS:
        name = name.removeprefix(prefix)
    return name


def without_weights(build: Callable[[], nn.Module]) -> nn.Module:
    """Build a network without memory for its weights where it can be; else with all of it."""
    import torch  # noqa: PLC0415

    try:
        with torch.device("meta"):
            return build()
    except (NotImplementedError, RuntimeError):  # (it computes its sizes with tensors)
        return build()


def count_of_classes(state: Mapping[str, Tensor], whole: nn.Module, head: str, usual: int, name: str) -> int:
    """Return the number of classes that weights were made for.

    Args:
        state: the weights.
        whole: the network as it is built for the usual number of classes.
        head: qualified name of a layer of it whose outputs are proportional to the number of classes.
        usual: that number.
        name: of the file, for the message.

    Raises:
        ModelError: the weights have no such layer.
    """
    weight = state.get(f"{head}.weight")
    if weight is None:
        raise ModelError(
            f"{name} has no layer {head}: its weights are of another network", "check the name before the @"
        )
    made_for: Any = whole.get_submodule(head).weight
    return int(weight.shape[0]) * usual // int(made_for.shape[0])


def give_state(network: nn.Module, state: Mapping[str, Tensor], name: str) -> None:
    """Load weights into a network, in place.

    Raises:
        ModelError: they are of another network.
    """
    try:
        missing, unexpected = network.load_state_dict(state, strict=False)
    except RuntimeError as error:  # (shapes differ)
        detail = str(error).strip().splitlines()[-1].strip()
        raise ModelError(
            f"{name} has weights of another network: {detail[:160]}", "check the name before the @"
        ) from error
    missing = [key for key in missing if not key.endswith("num_batches_tracked")]  # (frozen layers have none)
    for what, keys in (("lacks", missing), ("also has", unexpected)):
        if keys:
            raise ModelError(
                f"{name} has weights of another network: it {what} {keys[0]} ({len(keys)} such)",
                "check the name before the @",
            )


def require_known(architecture: str, known: list[str], library: str) -> None:
    """Refuse an architecture that a library does not have.

    Raises:
        UsageError: it has none of that name; the message names similar ones.
    """
    from heatcam.text import did_you_mean  # noqa: PLC0415

    if architecture not in known:
        raise UsageError(f"{library} has no model {architecture!r}", did_you_mean(architecture, set(known)))
