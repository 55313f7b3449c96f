"""``heatcam serve``: the live view as a page, and requests about pictures."""

from __future__ import annotations

import logging
import secrets
import socket
import threading
import webbrowser
from dataclasses import dataclass, replace
from functools import partial

from heatcam.commands.capture_options import FilmChoice
from heatcam.commands.default_model import default_model, named_model
from heatcam.commands.interrupts import on_interrupt
from heatcam.commands.live import first_state
from heatcam.commands.options import LookOptions, ModelChoice, MotionOptions, WindowChoice, overlay_options
from heatcam.commands.prompts import have_words_encoded
from heatcam.commands.refusals import require_model
from heatcam.commands.serve_options import ServeChoice, ServedChoice
from heatcam.commands.served_drift import served_drift
from heatcam.commands.served_models import ServedModels
from heatcam.commands.served_sources import served_sources
from heatcam.commands.setup import offer_download
from heatcam.commands.terminal import Terminal
from heatcam.models import EVERYDAY, WORDS
from heatcam.runtime import processor_name, stopping
from heatcam.web import (
    LiveSettings,
    ServeSettings,
    Service,
    WebServer,
    address_of,
    is_this_machine_only,
    listen,
)

_TOKEN_BYTES = 24  # 192 bits: nobody guesses it


@dataclass(frozen=True)
class ServeOptions:
    """Settings of ``heatcam serve``.

    Attributes:
        capture: size, rate and start to ask the source for.
        look: look of the overlay.
        motion: smoothing and tracking of the live view.
        service: where it listens, and its limits.
    """

    capture: FilmChoice
    look: LookOptions
    motion: MotionOptions
    service: ServeChoice


def run_serve(spec: str, model: ServedChoice, options: ServeOptions, terminal: Terminal) -> int:
    """Serve until a signal comes; nothing is written but recordings, into a folder that goes with the program.

    Args:
        spec: the source of the live view.
        model: the models that may be asked, and how they explain.
        options: settings of the service.
        terminal: prints the address, and notes.

    Returns:
        1 if the service could not start, or 130 after Ctrl-C.

    Raises:
        HeatcamError: a model, the source or the address cannot be used; the message names the next step.
    """
    service = options.service
    specs, choice = served_specs(model, spec, terminal)
    for_pictures = None if model.model else EVERYDAY  # whatever the source shows
    models = ServedModels(specs, choice, options.look, options.motion, terminal, for_pictures)
    sources = served_sources(spec, options.capture.options(), cameras=service.cameras)
    settings = settings_of(service)
    drift = served_drift(service, is_live=sources[0].kind not in ("demo", "file"), terminal=terminal)
    with listen(service.host, service.port) as opened:
        address = address_of(opened, service.host, settings.token)
        whole = Service(
            models,
            sources,
            settings,
            # (the page has a top line of its own, and tells the numbers of each object)
            state=replace(first_state(choice, options.look, WindowChoice()), hud=False, object_maps=True),
            live=LiveSettings(smooth=options.motion.smooth, observer=drift),
            look=overlay_options(options.look),
            hardware=processor_name(),
            on_start=partial(_open_in_browser, address) if service.open else lambda: None,
        )
        _log_as_notes(terminal)
        _say_address(service, address, terminal)
        server = WebServer(whole.app, opened, whole.send_viewers_away)
        with on_interrupt(server.stop, ends_the_program=True):
            started = server.run()
    return stopping.exit_code() if started else 1


def served_specs(model: ServedChoice, spec: str, terminal: Terminal) -> tuple[list[str], ModelChoice]:
    """Return each model's file or name, all of them there, the default one first, and how they explain.

    Where none is named they are the built-in ones, first the one for the source.

    Raises:
        HeatcamError: one of them does not exist.
    """
    choices = model.choices()
    if not model.model:
        first = named_model(None, default_model(spec), terminal)
        return [first, *(word for word in WORDS if word != first)], choices[0]
    for one in choices:
        offer_download(str(one.model), terminal)
        require_model(one.model, one.device, downloadable=False)
        have_words_encoded(one, terminal)
    return list(model.model), choices[0]


def settings_of(service: ServeChoice) -> ServeSettings:
    """Return the settings of the service: with a token where others than this machine's programs reach it."""
    alone = is_this_machine_only(service.host)
    names = {"localhost", *map(str.lower, service.allow_host)}
    if not alone:
        own = socket.gethostname().lower()
        names |= {own, own.partition(".")[0], f"{own.partition('.')[0]}.local"}
    return ServeSettings(
        token=service.token or ("" if alone else secrets.token_urlsafe(_TOKEN_BYTES)),
        allowed_hosts=frozenset(names),
        limits=service.limits(),
    )


def _say_address(service: ServeChoice, address: str, terminal: Terminal) -> None:
    """Print the address to open; who knows it gets in, so it is shown once and written nowhere."""
    terminal.result(address)
    if not is_this_machine_only(service.host):
        terminal.note(
            "other machines reach it by this machine's name or address instead; the part behind # is the token, "
            "programs send it as Authorization: Bearer TOKEN"
        )
    terminal.note("Ctrl-C ends it")


def _log_as_notes(terminal: Terminal) -> None:
    """Print what the service logs."""
    log = logging.getLogger("heatcam.web")
    log.setLevel(logging.INFO)
    log.addHandler(NotesHandler(terminal))


def _open_in_browser(address: str) -> None:
    """Open the page in the user's browser, in a thread of its own: some browsers return when they are closed."""
    threading.Thread(target=webbrowser.open, args=(address,), name="heatcam browser", daemon=True).start()


class NotesHandler(logging.Handler):
    """Prints what the service logs as notes, each in one line.

    Args:
        terminal: prints them.
    """

    def __init__(self, terminal: Terminal) -> None:
        super().__init__(logging.INFO)
        self._terminal = terminal

    def emit(self, record: logging.LogRecord) -> None:
        """Print one record; of an error its kind and words too."""
        error = record.exc_info[1] if record.exc_info else None
        words = f" ({type(error).__name__}: {error})" if error is not None else ""
        self._terminal.note(" ".join(f"{record.getMessage()}{words}".split()))
