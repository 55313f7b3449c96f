"""What ``import heatcam`` offers: every name is documented by an example that runs, and nothing is loaded before it is used."""

from __future__ import annotations

import doctest
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import heatcam

ROOT = Path(__file__).parents[1]
NAMES = [name for name in heatcam.__all__ if name != "__version__"]


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_its_documentation_has_an_example_that_runs(name: str) -> None:
    public = getattr(heatcam, name)
    examples = [test for test in doctest.DocTestFinder(recurse=False).find(public, name) if test.examples]
    assert len(examples) == 1, f"{name} has no example"
    assert doctest.DocTestRunner(verbose=False).run(examples[0]).failed == 0


@pytest.mark.parametrize("name", NAMES)
def test_its_first_line_is_a_sentence_that_stands_alone(name: str) -> None:
    first = (inspect.getdoc(getattr(heatcam, name)) or "").splitlines()[0]
    assert first.endswith(".")
    assert not first.startswith(("What ", "How "))


def test_importing_it_loads_neither_torch_nor_opencv() -> None:
    code = "import sys, heatcam; assert not {'torch', 'cv2', 'numpy', 'ultralytics'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_all_names_are_offered_and_no_others() -> None:
    assert set(heatcam.__all__) <= set(dir(heatcam))
    with pytest.raises(AttributeError, match="no attribute 'explain'"):
        _ = heatcam.explain


def test_types_are_shipped() -> None:
    assert Path(heatcam.__file__).with_name("py.typed").is_file()


def test_the_page_of_the_api_is_made_from_it() -> None:
    code = "import sys; sys.path.insert(0, 'docs'); from write_api import page; sys.stdout.write(page())"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=ROOT)
    assert done.stdout.decode() == (ROOT / "docs" / "api.md").read_text("utf-8"), "run make docs"
