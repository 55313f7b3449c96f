"""The walk-through in docs/add-a-source.md does what it says, with the code that stands there."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from typer.testing import CliRunner

from heatcam.cli.app import app
from heatcam.sources import opening
from tests.commands.fake_explainer import take_the_models_place

PAGE = Path(__file__).parents[1] / "docs" / "add-a-source.md"
MODULE = "heatcam.sources.noise"


@pytest.fixture
def code(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The page's blocks of code, the first two of which are in force."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    module = ModuleType(MODULE)
    monkeypatch.setitem(sys.modules, MODULE, module)
    exec(compile(blocks[0], MODULE, "exec"), module.__dict__)
    names = vars(opening) | vars(module)
    exec(compile(blocks[1], "opening", "exec"), names)
    monkeypatch.setattr(opening, "OPENERS", (*opening.OPENERS[:-1], names["_noise"], opening.OPENERS[-1]))
    return blocks


def test_the_pages_own_tests_hold(code: list[str]) -> None:
    names = {"pytest": pytest, "open_source": opening.open_source, "UsageError": opening.UsageError}
    exec(compile(code[2], "test_noise", "exec"), names)
    tests = [test for name, test in names.items() if name.startswith("test_")]
    assert len(tests) == 2
    for test in tests:
        test()


def test_the_new_source_can_do_what_every_source_can(code: list[str]) -> None:
    source = opening.open_source("noise:16x12")
    assert (source.reopenable, source.accepts_rate, source.is_slideshow, source.shortfall()) == (
        True,
        False,
        False,
        "",
    )
    with source:
        frames = iter(source)
        next(frames)
        source.close()
        assert len(list(frames)) == 0
    with pytest.raises(opening.UsageError, match="only files can be"):
        source.seek(1)
    assert not np.array_equal(
        *[frame.image_bgr for frame, _ in zip(source.__enter__(), range(2), strict=False)]
    )


def test_the_command_that_the_page_promises_works(
    code: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_the_models_place(monkeypatch)
    out = tmp_path / "noise.mp4"
    done = CliRunner().invoke(
        app, ["record", "noise:64x48", "--model", "markers", "-o", str(out), "--max-frames", "5"]
    )
    assert done.exit_code == 0, done.output
    assert out.stat().st_size > 0
