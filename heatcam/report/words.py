"""Numbers and states of a run in words, the same on the page and in the terminal."""

from __future__ import annotations

from heatcam.report.drift import BLOCKS, FEWEST_BLOCKS
from heatcam.report.statistics import Drift, Measure, RunStatistics, SeriesStatistics, ThumbnailedMoment
from heatcam.text import printable

NOT_KNOWN = "–"
_SHORT_BLOCK_S = 1.0
#: Names of the measures; ``{unit}`` is that of the evidence.
MEASURE_WORDS = {
    Measure.EVIDENCE: "evidence per object ({unit})",
    Measure.ENERGY: "energy in box (share)",
    Measure.CONFIDENCE: "confidence",
    Measure.OBJECTS: "objects per frame",
}
DRIFT_WORDS = (
    f"Each third is cut into {BLOCKS} blocks of neighbouring frames, which are alike; the blocks of the first and of the last "
    "third are drawn anew 10,000 times, independently of each other (block bootstrap). Of twenty intervals one leaves 0 out by "
    "chance."
)
#: The same for unrelated pictures.
SLIDESHOW_DRIFT_WORDS = (
    "The pictures of the first and of the last third are drawn anew 10,000 times, independently of each other (bootstrap). Of "
    "twenty intervals one leaves 0 out by chance."
)


class Words:
    """Words about one run.

    Args:
        run: its statistics.
    """

    def __init__(self, run: RunStatistics) -> None:
        self._run = run
        self.unit = printable(run.facts.unit)

    @property
    def title(self) -> str:
        """The source's name."""
        return printable(self._run.facts.source)

    @property
    def subtitle(self) -> str:
        """Model, method and what they are evidence for, in one line."""
        facts = self._run.facts
        about = f"evidence for {facts.about}" if facts.about else "evidence for each object's own class"
        return printable(f"{facts.model}, {facts.method} map at layer {facts.layer}, {about}")

    @property
    def extent(self) -> str:
        """Length of the run: ``0:00.0 to 0:06.6``, or how many pictures."""
        times = self._run.times
        if self._run.facts.is_slideshow:
            return f"{self._run.frames} picture{'s' * (self._run.frames != 1)}"
        return f"{clock(times[0])} to {clock(times[-1])}"

    @property
    def tiles(self) -> list[tuple[str, str, str]]:
        """Headline numbers: name, number, note."""
        run, whole = self._run, self._run.whole
        frame = "picture" if run.facts.is_slideshow else "frame"
        tiles = [
            (frame + "s" * (run.frames != 1), f"{run.frames:,}", self.extent if frame == "frame" else ""),
            (
                "object" + "s" * (whole.objects != 1),
                f"{whole.objects:,}",
                f"{whole.objects / run.frames:.1f} a {frame}, {self._classes()}",
            ),
        ]
        if run.has_maps:
            energy = percent(whole.energy_in_box)
            tiles += [
                ("evidence per object", number(whole.evidence), f"{self.unit}, mean"),
                ("energy in box", energy, "of an object's evidence, mean"),
            ]
        if whole.confidence is not None:
            tiles.append(("confidence", f"{whole.confidence:.2f}", "mean"))
        if whole.low_evidence is not None:
            tiles.append(("low evidence", f"{whole.low_evidence:,}", f"of {whole.objects:,} objects"))
        return tiles

    def _classes(self) -> str:
        count = len(self._run.classes)
        return f"{count} class{'es' * (count != 1)}"

    @property
    def nothing(self) -> str:
        """Reason why there is nothing to draw; "" where objects were detected."""
        run = self._run
        if run.whole.objects:
            return ""
        frames = "The one frame" if run.frames == 1 else f"None of the {run.frames:,} frames"
        shows = "shows nothing" if run.frames == 1 else "shows anything"
        return (
            f"{frames} {shows} that {printable(run.facts.model)} detects above confidence {run.facts.conf:g}. A lower "
            "confidence or another model may find more."
        )

    @property
    def no_heat(self) -> str:
        """Reason why objects have no numbers of evidence; "" where they have."""
        run = self._run
        if run.has_maps or not run.whole.objects:
            return ""
        return (
            f"No heat map could be made: {printable('; '.join(run.map_errors) or 'the reason is not known')}."
        )

    @property
    def course(self) -> str:
        """Title of what is drawn over time."""
        over_time = "in each picture" if self._run.facts.is_slideshow else "over time"
        return f"Objects {over_time}" if self.no_heat else f"Heat {over_time}"

    @property
    def no_time(self) -> str:
        """Reason why nothing is drawn over time; "" where it is."""
        one = "picture" if self._run.facts.is_slideshow else "frame"
        return f"One {one}: there is no course of time to draw." if self._run.frames == 1 else ""

    @property
    def no_tracks(self) -> str:
        """Reason why there are no tracks; "" where there are."""
        if self._run.tracks:
            return ""
        if not self._run.facts.tracker:
            return "Objects were not followed: --track bytetrack gives each its own line."
        return "No object was seen in two frames in a row, so there is no track."

    @property
    def no_drift(self) -> str:
        """Reason why drift cannot be told; "" where it is."""
        if self._run.drifts:
            return ""
        return f"Too short: drift needs {3 * FEWEST_BLOCKS} frames, this run has {self._run.frames}."

    @property
    def thirds(self) -> str:
        """The two parts that are compared."""
        if self._run.thirds_s is None:
            return ""
        (begin, end), (later, last) = self._run.thirds_s
        if self._run.facts.is_slideshow:
            return f"pictures {begin:.0f} to {end:.0f} and {later:.0f} to {last:.0f}, in the order of their names"
        return f"{clock(begin)} to {clock(end)} and {clock(later)} to {clock(last)}"

    @property
    def drift_method(self) -> str:
        """Method of the intervals, and how far they hold."""
        thirds = self._run.thirds_s
        if self._run.facts.is_slideshow or thirds is None:
            return SLIDESHOW_DRIFT_WORDS
        block_s = (thirds[0][1] - thirds[0][0]) / BLOCKS
        short = f" Blocks are only {block_s:.1f} s long, less than most of what happens in a film: the true intervals are wider."
        return DRIFT_WORDS + (short if block_s < _SHORT_BLOCK_S else "")

    @property
    def place(self) -> str:
        """Place of the heat, in a sentence; "" without heat."""
        place = self._run.place
        if place is None:
            return ""
        return (
            f"Half of all heat lies in {percent(place.half_in)} of the frame; its centre lies {place.words}, "
            f"{percent(place.centre_xy[0])} from the left and {percent(place.centre_xy[1])} from the top."
        )

    @property
    def warnings(self) -> list[str]:
        """Lines about what went wrong or was left out."""
        run, facts = self._run, self._run.facts
        lines = [printable(note) for note in facts.notes]
        if run.frames_without_map and run.has_maps:
            reasons = printable("; ".join(run.map_errors))
            lines.append(f"{run.frames_without_map:,} of {run.frames:,} frames have no heat map ({reasons}).")
        if facts.interrupted:
            lines.append("The run was stopped early: this is what was seen until then.")
        if facts.every > 1:
            lines.append(f"One frame of every {facts.every} was looked at.")
        return lines

    def drift_cells(self, one: Drift) -> list[str]:
        """Return a drift as cells: whose, measure, first, last, difference, interval."""
        interval = (
            NOT_KNOWN if one.interval is None else " to ".join(number(end, "+") for end in one.interval)
        )
        return [
            printable(one.title),
            MEASURE_WORDS[one.measure].format(unit=self.unit),
            number(one.first),
            number(one.last),
            number(one.difference, "+"),
            interval,
        ]

    def series_cells(self, one: SeriesStatistics) -> list[str]:
        """Return a class or track as cells: name, objects, frames, first, last, confidence, evidence, energy, low evidence."""
        return [
            printable(one.title),
            f"{one.objects:,}",
            f"{one.frames:,}",
            self.time(one.first_s),
            self.time(one.last_s),
            number(one.confidence),
            number(one.evidence),
            percent(one.energy_in_box),
            NOT_KNOWN if one.low_evidence is None else f"{one.low_evidence:,}",
        ]

    def time(self, at: float) -> str:
        """Return a time, or a picture's number."""
        return f"{at:.0f}" if self._run.facts.is_slideshow else clock(at)

    def moment(self, one: ThumbnailedMoment) -> str:
        """Return when a moment is: its time, or its file's name."""
        return printable(one.name) if self._run.facts.is_slideshow else clock(one.time_s)


#: Headings of ``Words.series_cells``.
SERIES_HEADINGS = (
    *("", "objects", "frames", "first", "last", "confidence", "evidence", "energy in box", "low evidence"),
)
#: Headings of ``Words.drift_cells``.
DRIFT_HEADINGS = ("", "measure", "first third", "last third", "difference", "95 % interval")


def clock(seconds: float) -> str:
    """Return a time as ``0:04.2`` or ``1:02:03.4``."""
    tenths = round(10 * max(0.0, float(seconds)))
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    start = f"{hours}:{minutes:02d}" if hours else f"{minutes}"
    return f"{start}:{rest // 10:02d}.{rest % 10}"


def number(value: float | None, sign: str = "") -> str:
    """Return a number with three figures, or as many as stand before its point; an en dash for None.

    Args:
        value: the number.
        sign: ``+`` writes the sign of positive numbers too.
    """
    if value is None:
        return NOT_KNOWN
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3
    text = f"{value:{sign}.{digits}f}"
    return text.replace("-", "\N{MINUS SIGN}")


def percent(share: float | None) -> str:
    """Return a share in ``[0, 1]`` as ``8 %``, with a space that does not break; an en dash for None."""
    return NOT_KNOWN if share is None else f"{100 * share:.0f}\N{NO-BREAK SPACE}%"
