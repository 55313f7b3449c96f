"""Layers of a user's own code, which a checkpoint may name once the user says that this code is trusted.

Like ``torch.serialization.add_safe_globals``, trust holds for the whole program. It covers the classes of layers of that one file
or package; all other names of a checkpoint are refused as before, and no constructor is run for it. The code itself is run: once,
at the first checkpoint that is read.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from heatcam.errors import UsageError, first_line

if TYPE_CHECKING:
    from collections.abc import Iterator

_SUFFIX = ".py"
#: Of files that are programs of torch themselves: whoever loads one asks whether it is trusted (``blackbox``).
_PROGRAM = ".torchscript"


@dataclass(frozen=True)
class TrustedCode:
    """A file or package that the user trusts.

    Attributes:
        spec: as given.
        file: the file's absolute path; None for a package.
    """

    spec: str
    file: Path | None


_TRUSTED: dict[str, TrustedCode] = {}


def trust(specs: str | Iterable[str]) -> None:
    """Trust the layers of Python files, or of installed packages, for checkpoints read from now on. Nothing is run yet.

    Args:
        specs: paths that end in ``.py``, or names of packages.

    Raises:
        UsageError: there is no such file or package, or it is one of those that checkpoints may name anyway or never.
    """
    for spec in (specs,) if isinstance(specs, str) else specs:
        _TRUSTED[spec] = _found(spec)


def trusted_specs() -> tuple[str, ...]:
    """Return what is trusted, as it was given."""
    return tuple(_TRUSTED)


@contextmanager
def no_trust() -> Iterator[None]:
    """Trust nothing within this, and what was trusted before again after it."""
    before = dict(_TRUSTED)
    _TRUSTED.clear()
    try:
        yield
    finally:
        _TRUSTED.clear()
        _TRUSTED.update(before)


def _found(spec: str) -> TrustedCode:
    path = Path(spec)
    if path.suffix in (_SUFFIX, _PROGRAM) or len(path.parts) > 1:
        if not path.is_file():
            raise UsageError(
                f"trusted file {spec} does not exist", "give the .py file that defines the layers"
            )
        if path.suffix not in (_SUFFIX, _PROGRAM):
            raise UsageError(
                f"trusted file {spec} is no .py file", "give the .py file that defines the layers"
            )
        return TrustedCode(spec, path.absolute())
    package = spec.partition(".")[0]
    if package in sys.stdlib_module_names or package in ("torch", "ultralytics", "heatcam"):
        raise UsageError(
            f"{spec} cannot be trusted whole",
            "give the .py file that defines the layers, or the package with them",
        )
    if not all(part.isidentifier() for part in spec.split(".")) or importlib.util.find_spec(package) is None:
        raise UsageError(
            f"there is no package {spec!r} here",
            f"give a .py file, or install the package: pip install {package}",
        )
    return TrustedCode(spec, None)


def trusted_layer(name: str) -> tuple[type, str] | None:
    """Return the class that a dotted name of a checkpoint means in trusted code, and which code that is; None if there is none.

    A class of a trusted file is known by its own name, whatever module the checkpoint says it was in: that of a changed
    ultralytics, or the program that was run; torch's own classes are never replaced. A class of a package is known by its whole
    name.

    Raises:
        UsageError: the code fails when it is run.
    """
    for code in () if name.startswith("torch.") else _TRUSTED.values():
        if code.file is not None and code.file.suffix != _SUFFIX:
            continue
        kind = _of_package(code.spec, name) if code.file is None else _of_file(code.file, name)
        if kind is not None:
            return kind, code.spec
    return None


def _of_file(path: Path, name: str) -> type | None:
    module = _run(path)
    return _layer_in(module, name.rpartition(".")[2], module.__name__)


def _of_package(package: str, name: str) -> type | None:
    module, _, last = name.rpartition(".")
    if not f"{module}.".startswith(f"{package}."):
        return None
    try:
        return _layer_in(importlib.import_module(module), last, package)
    except ModuleNotFoundError:
        return None
    except Exception as error:
        raise _failing(module, error) from error


def _layer_in(module: ModuleType, name: str, home: str) -> type | None:
    """Return a module's class of layers that is defined in ``home``, and makes its objects plainly; None for anything else."""
    from torch import nn  # noqa: PLC0415 (seconds; what is trusted is checked before)

    kind = getattr(module, name, None)
    if not isinstance(kind, type) or not issubclass(kind, nn.Module):
        return None
    made_plainly: object = kind.__new__
    is_own = f"{kind.__module__}.".startswith(f"{home}.")
    return kind if is_own and made_plainly is object.__new__ else None


def _run(path: Path) -> ModuleType:
    """Run a file as a module that is named by its content, once; it can import what lies beside it."""
    content = path.read_bytes()
    name = f"heatcam_trusted_{hashlib.sha256(content).hexdigest()[:16]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None  # (it ends in .py)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    sys.path.append(str(path.parent))
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise _failing(path.name, error) from error
    finally:
        sys.path.remove(str(path.parent))
    return module


def _failing(what: str, error: Exception) -> UsageError:
    return UsageError(
        f"trusted code {what} fails: {type(error).__name__}: {first_line(error, 120)}",
        "see whether python runs it alone",
    )
