"""``heatcam serve``, but for what its routes answer: what is refused, who needs a token, which models are asked."""

from __future__ import annotations

import io
import logging
import socket

import pytest
from rich.console import Console

from heatcam.commands import ServeChoice, ServedChoice, ServedSource, Terminal, before_serve, refusals
from heatcam.commands.serve import NotesHandler, served_specs, settings_of
from heatcam.errors import HeatcamError, UsageError
from tests.commands.programs import heatcam


def test_the_demo_scene_is_shown_where_no_source_is_given() -> None:
    assert ServedSource().spec() == "demo"
    assert ServedSource(camera="1").spec() == "1"


def test_without_the_extra_one_line_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "find_spec", lambda name: None if name == "python_multipart" else 1)
    with pytest.raises(UsageError) as refused:
        before_serve("demo", ServedChoice(), ServeChoice())
    assert str(refused.value) == (
        "this needs the extra heatcam[web] (python-multipart is not installed); "
        "pip install 'heatcam[web]', or in a clone pip install '.[web]'"
    )


@pytest.mark.parametrize(
    ("choice", "service", "words"),
    [
        (ServedChoice(model=("missing.pt",)), ServeChoice(), "missing.pt does not exist"),
        (ServedChoice(model=("markers", "markers")), ServeChoice(), "a model is given twice"),
        (ServedChoice(conf=2), ServeChoice(), "conf is 2"),
        (ServedChoice(device="gpu9"), ServeChoice(), "gpu9"),
        (ServedChoice(), ServeChoice(token="short"), "too easy to guess"),
        (ServedChoice(), ServeChoice(token="with\nsome lines in it"), "too easy to guess"),
        (ServedChoice(), ServeChoice(max_upload="lots"), "not a valid size"),
    ],
)
def test_what_is_wrong_is_refused_before_torch_is_loaded(
    choice: ServedChoice, service: ServeChoice, words: str
) -> None:
    with pytest.raises(HeatcamError, match=words):
        before_serve("demo", choice, service)


def test_a_source_that_is_not_there_is_refused() -> None:
    with pytest.raises(HeatcamError, match=r"nothing\.mp4"):
        before_serve("nothing.mp4", ServedChoice(), ServeChoice())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_this_machine_alone_needs_no_token(host: str) -> None:
    assert settings_of(ServeChoice(host=host)).token == ""
    assert settings_of(ServeChoice(host=host, token="x" * 20)).token == "x" * 20


def test_any_other_address_gets_a_token_that_is_made_up_anew_each_time() -> None:
    first, second = (settings_of(ServeChoice(host="0.0.0.0")).token for _ in range(2))
    assert len(first) >= 32
    assert first != second


def test_requests_may_be_for_this_machine_s_names_and_for_those_that_were_allowed() -> None:
    settings = settings_of(ServeChoice(host="0.0.0.0", allow_host=("Cam.Example",)))
    assert {"localhost", "cam.example", socket.gethostname().lower()} <= settings.allowed_hosts
    assert settings_of(ServeChoice()).allowed_hosts == {"localhost"}


def test_limits_are_those_of_the_options() -> None:
    limits = settings_of(ServeChoice(max_upload="3MB", max_pixels=5, queue=2, timeout=7.0)).limits
    assert (limits.most_bytes, limits.most_pixels, limits.queue_length, limits.waiting_s) == (
        3_000_000,
        5,
        2,
        7.0,
    )


def test_where_no_model_is_named_both_built_in_ones_may_be_asked_the_source_s_first() -> None:
    terminal, _ = in_memory()
    assert served_specs(ServedChoice(), "demo", terminal)[0] == ["markers", "everyday"]
    assert served_specs(ServedChoice(), "0", terminal)[0] == ["everyday", "markers"]
    assert served_specs(ServedChoice(model=("markers",)), "0", terminal)[0] == ["markers"]


def test_what_is_logged_is_one_line_for_people() -> None:
    terminal, notes = in_memory()
    log = logging.getLogger("heatcam.test of serve")
    log.setLevel(logging.INFO)
    log.addHandler(NotesHandler(terminal))
    log.info("made\n%s", "overlay")
    try:
        raise ValueError("no\nway")
    except ValueError:
        log.exception("a request failed")
    assert notes.getvalue().splitlines() == ["made overlay", "a request failed (ValueError: no way)"]


def test_a_port_that_is_taken_is_one_line_and_exit_code_2() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = heatcam("serve", "--port", port, exit_code=2)
    assert f"port {port} is taken" in done.stderr


def in_memory() -> tuple[Terminal, io.StringIO]:
    notes = io.StringIO()
    return Terminal(Console(file=io.StringIO()), Console(file=notes, soft_wrap=True)), notes
