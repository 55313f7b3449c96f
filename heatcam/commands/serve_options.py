"""Options of ``heatcam serve``: the models that may be asked, where it listens, and what requests may send."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import ClassVar

from heatcam.commands.options import ModelChoice, SourceChoice
from heatcam.errors import UsageError
from heatcam.options import ExplainOptions, PromptOptions
from heatcam.sinks import parse_size
from heatcam.web import UploadLimits

_SHORTEST_TOKEN = 16


@dataclass(frozen=True)
class ServedSource(SourceChoice):
    """Source of the page's frames; one of the three, or none for the demo scene."""

    _usual: ClassVar[str] = "demo"


@dataclass(frozen=True, kw_only=True)
class ServedChoice(ExplainOptions, PromptOptions):
    """The models that may be asked, and how they explain.

    Attributes:
        model: ``.pt`` files or built-in models' names, the first of them is asked where a request names none; empty takes the one
            for the source.
        device, yes: see ``ModelChoice``.
    """

    model: tuple[str, ...] = ()
    device: str | None = None
    yes: bool = False

    def choices(self) -> tuple[ModelChoice, ...]:
        """Return one choice for each model.

        Raises:
            UsageError: a threshold or size is invalid, or a model is given twice.
        """
        self.require_valid()
        if len(set(self.model)) < len(self.model):
            raise UsageError("a model is given twice", "give each once")
        shared = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "model"}
        return tuple(ModelChoice(**shared, model=model) for model in self.model or (None,))


@dataclass(frozen=True)
class ServeChoice:
    """Address of the service, who may use it, and the limits of requests.

    Attributes:
        host: address to listen at.
        port: TCP port, 0 for any free one; None takes the first free one from 8000 on.
        token: what users of other machines have to know; "" makes one up where it is needed.
        allow_host: further names that the service is reached by, such as that of a proxy.
        open: open the page in the browser.
        cameras: let the page choose among this machine's cameras.
        max_upload: size of a request.
        max_pixels: width times height of a picture that is sent.
        queue: requests that may wait for the model.
        timeout: seconds until a request that waits is refused.
        baseline: a baseline of ``heatcam drift`` that the live view is watched against; None watches nothing.
        drift_state: a file for what a restart of that watch goes on with.
    """

    host: str = "127.0.0.1"
    port: int | None = None
    token: str = ""
    allow_host: tuple[str, ...] = ()
    open: bool = False
    cameras: bool = False
    max_upload: str = "20MB"
    max_pixels: int = 40_000_000
    queue: int = 16
    timeout: float = 60.0
    baseline: Path | None = None
    drift_state: Path | None = None

    def limits(self) -> UploadLimits:
        """Return the limits of requests.

        Raises:
            UsageError: ``max_upload`` is no size.
        """
        most = parse_size(self.max_upload)
        return UploadLimits(
            most_bytes=most, most_pixels=self.max_pixels, waiting_s=self.timeout, queue_length=self.queue
        )

    def require_valid(self) -> None:
        """Refuse invalid values.

        Raises:
            UsageError: the token is too short to be one, or ``max_upload`` is no size.
        """
        if self.token and (
            len(self.token) < _SHORTEST_TOKEN or not self.token.isascii() or not self.token.isprintable()
        ):
            raise UsageError(
                "the token is too easy to guess",
                f"give at least {_SHORTEST_TOKEN} letters and digits, or none: one is made up then",
            )
        if self.drift_state is not None and self.baseline is None:
            raise UsageError("--drift-state is for --baseline", "give one, or leave it out")
        self.limits()
