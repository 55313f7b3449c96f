"""The rows of the JSON document and of the table."""

from __future__ import annotations

from heatcam.bench.plan import Plan
from heatcam.bench.report import HEADINGS, REFERENCE, json_rows, table_cells
from heatcam.bench.timing import Measurement, Times

LIVE = Times("live map (torch)", (30.0, 50.0, 40.0))
THEIRS = Times(REFERENCE, (80.0, 90.0, 70.0))


def rows(*times: Times) -> list[dict[str, object]]:
    return json_rows(Measurement(times, Plan().runs))


def test_the_ratio_is_to_ultralytics_predict_and_plot() -> None:
    live, theirs = rows(LIVE, THEIRS)
    assert live == {
        "name": "live map (torch)",
        "median_ms": 40.0,
        "iqr_ms": 10.0,
        "min_ms": 30.0,
        "ratio": 0.5,
    }
    assert theirs["ratio"] == 1.0


def test_without_the_reference_there_are_no_ratios() -> None:
    assert rows(LIVE)[0]["ratio"] is None
    assert rows(LIVE, Times(REFERENCE, (), "ImportError: gone"))[0]["ratio"] is None


def test_a_failure_has_empty_numbers_and_its_error() -> None:
    failed = rows(Times("grad-cam GradCAM", (), "RuntimeError: no"), THEIRS)[0]
    assert failed == {
        "name": "grad-cam GradCAM",
        "median_ms": None,
        "iqr_ms": None,
        "min_ms": None,
        "ratio": None,
        "error": "RuntimeError: no",
    }


def test_the_table_has_an_error_column_only_when_something_failed() -> None:
    assert table_cells(rows(LIVE, THEIRS)) == (
        HEADINGS,
        [["live map (torch)", "40.0", "10.0", "30.0", "0.50"], [REFERENCE, "80.0", "10.0", "70.0", "1.00"]],
    )
    headings, cells = table_cells(rows(Times("x", (), "RuntimeError: no"), THEIRS))
    assert headings[-1] == "error"
    assert cells[0] == ["x", None, None, None, None, "RuntimeError: no"]
    assert cells[1][-1] == ""
