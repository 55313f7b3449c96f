"""Which file a model's name means is known without torch."""

from __future__ import annotations

import subprocess
import sys

from heatcam.models.finding import WORDS
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
