"""Which file a model's name means is known without torch."""

from __future__ import annotations

import subprocess
import sys

import pytest

from heatcam.errors import ModelError
from heatcam.models.finding import WORDS, find_checkpoint
from heatcam.models.loading import BUILT_IN


def test_every_word_has_a_model_and_every_model_a_word() -> None:
    assert set(WORDS) == set(BUILT_IN)


def test_a_model_that_is_not_there_is_refused_without_torch() -> None:
    code = (
        "import sys; from heatcam.errors import ModelError; from heatcam.models.finding import find_checkpoint\n"
        "try: find_checkpoint('none.pt')\n"
        "except ModelError: sys.exit(10 * bool({'torch', 'ultralytics'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    "spec", ["", "/", ".", "..", "~nobody-of-that-name/x.pt", "x" * 5000, "a\0b.pt", "no/such/folder/x.pt"]
)
def test_names_that_no_file_can_have_are_refused_like_others(spec: str) -> None:
    with pytest.raises(ModelError, match=r"does not exist|is neither"):
        find_checkpoint(spec)
