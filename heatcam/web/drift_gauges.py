"""Gauges of a watch of drift, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from heatcam.drift import SeriesStanding
from heatcam.text import printable


@dataclass(frozen=True)
class DriftNumbers:
    """A watch so far.

    Attributes:
        is_watching: True if the newest explained frame was looked at; False while something else than the baseline's is shown.
        blocks: number of blocks judged.
        standings: of series that the baseline or the newest block has seen.
    """

    is_watching: bool
    blocks: int
    standings: tuple[SeriesStanding, ...]


#: Name of each gauge of a series, what it says, and its value; None is left out.
_OF_SERIES: tuple[tuple[str, str, Callable[[SeriesStanding], float | None]], ...] = (
    ("value", "Mean of the newest blocks", lambda own: own.recent),
    ("baseline", "Mean of the baseline's blocks", lambda own: own.baseline),
    (
        "log10_e",
        "Evidence of drift: decimal logarithm of the e-value",
        lambda own: own.log10_e,
    ),
    ("log10_e_alarm", "The same from which on a series has drifted", lambda own: own.log10_alarm),
    ("detected", "1 from a series' drift on", lambda own: float(own.has_drifted)),
)


class DriftCollector(Collector):
    """Collector of the gauges.

    Args:
        numbers: returns the watch so far; called from the thread that answers a request.
    """

    def __init__(self, numbers: Callable[[], DriftNumbers]) -> None:
        self._numbers = numbers

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield all gauges."""
        numbers = self._numbers()
        yield GaugeMetricFamily(
            "heatcam_drift_watching",
            "1 while what is shown is watched for drift",
            value=float(numbers.is_watching),
        )
        yield GaugeMetricFamily("heatcam_drift_blocks", "Blocks of time judged", value=float(numbers.blocks))
        for name, words, value_of in _OF_SERIES:
            gauge = GaugeMetricFamily(f"heatcam_drift_{name}", words, labels=("class", "measure"))
            for own in numbers.standings:
                value = value_of(own)
                if value is not None:
                    gauge.add_metric((printable(own.name.about), own.name.measure.value), value)
            yield gauge
