"""Sinks beside the window: further takers of the pictures that it shows, each turned on by an option of ``heatcam live``.

To add one, add its module to this room and a field to ``SinkChoice``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, fields
from importlib import import_module
from typing import TYPE_CHECKING, Any

from heatcam.options import OfferedAs

if TYPE_CHECKING:
    from heatcam.pipeline import Sink


def sink_option(module: str, default: Any = "", **looks: Any) -> Any:
    """Make the field of a sink, which the command line offers as an option.

    Args:
        module: the module of this room whose ``open_sink`` takes the option's value and returns the sink. It refuses a value with
            a ``UsageError``; nothing is opened or written before the sink's ``with``.
        default: the value that leaves the sink out.
        looks: those of ``OfferedAs``.
    """
    return field(default=default, metadata={"offered": OfferedAs(**looks), "module": module})


@dataclass(frozen=True, kw_only=True)
class SinkChoice:
    """Sinks beside the window, each by its option: ``log: str = sink_option("log", help="Write ...", metavar="FILE")``.

    They are called on the main thread: ``take`` must not wait.
    """

    def sinks(self) -> tuple[AbstractContextManager[Sink], ...]:
        """Make the sinks that were chosen, in the order of their fields, without opening them.

        Raises:
            UsageError: a value is refused.
        """
        modules = {of: of.metadata["module"] for of in fields(self) if "module" in of.metadata}
        chosen = [(module, getattr(self, of.name), of.default) for of, module in modules.items()]
        return tuple(
            import_module(f"{__package__}.{module}").open_sink(value)
            for module, value, default in chosen
            if value != default
        )

    @contextmanager
    def opened_sinks(self) -> Iterator[tuple[Sink, ...]]:
        """Open the sinks that were chosen, and close them at the end.

        Raises:
            HeatcamError: one is refused, or cannot be opened or finished.
        """
        with ExitStack() as stack:
            yield tuple([stack.enter_context(sink) for sink in self.sinks()])
