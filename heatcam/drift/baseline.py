"""A baseline: blocks of time while all was well, merged until neighbours are unlike, with the settings that made them."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import groupby, pairwise
from statistics import NormalDist

import numpy as np

from heatcam.drift.blocks import part_of_day
from heatcam.drift.documents import (
    BASELINE_SCHEMA,
    BaselineDocument,
    BaselineModel,
    BaselineSettings,
    BlockSums,
    ClassSums,
    StateDocument,
)
from heatcam.drift.series import Block, SeriesName, WatchedMeasure, merged
from heatcam.errors import UsageError
from heatcam.frames import ExplainerFacts
from heatcam.measures import rank_correlation

FEWEST_BLOCKS = 10  # of a baseline
FEWEST_OF_A_PART = 5  # of a part of the day that is judged, in which a series has a value
FEWEST_MERGED = 20  # neighbours are not merged into fewer blocks
#: Numbers of blocks that are tried to be one. 144 of ten minutes are a day.
_MULTIPLES = (1, 2, 3, 4, 6, 8, 12, 18, 24, 36, 48, 72, 144)
_ALIKE = 0.05  # probability to merge blocks that are unlike
_DIGITS = 6


@dataclass(frozen=True)
class Learnt:
    """Facts about what was learnt, and how.

    Attributes:
        facts: the explainer's.
        classes: names of the classes that it could find.
        source: the source's name.
        is_live: its blocks are timed by the clock on the wall.
        block_s: length of the blocks, in seconds.
        day_parts: number of parts of the day that have a baseline of their own.
        every: one frame of so many is looked at.
        version, made_at: of heatcam, and when.
    """

    facts: ExplainerFacts
    classes: tuple[str, ...]
    source: str
    is_live: bool
    block_s: float
    day_parts: int
    every: int
    version: str
    made_at: str


def settings_of(facts: ExplainerFacts) -> BaselineSettings:
    """Return the settings that change the numbers."""
    known = asdict(facts)
    return BaselineSettings(
        **{name: known[name] for name in BaselineSettings.model_fields} | {"layers": list(facts.layers)}
    )


def baseline_of(learnt: Learnt, blocks: Sequence[Block]) -> BaselineDocument:
    """Return the baseline of these blocks, which are in order.

    Neighbouring blocks are merged, two, three ... to one, until the rank correlation of neighbours is no larger than chance makes
    it in any series, or fewer than 20 would be left.

    Raises:
        UsageError: there are too few blocks.
    """
    if len(blocks) < FEWEST_BLOCKS:
        raise UsageError(
            f"{len(blocks)} block{'s' * (len(blocks) != 1)} of {learnt.block_s:g} s are no baseline",
            f"learn for at least {FEWEST_BLOCKS * learnt.block_s:g} s, or take shorter ones: --block",
        )
    block_s, alikeness = _unlike_length(blocks, learnt)
    facts = learnt.facts
    return BaselineDocument(
        schema=BASELINE_SCHEMA,
        heatcam=learnt.version,
        made_at=learnt.made_at,
        source=learnt.source,
        model=BaselineModel(name=facts.model, sha256=facts.sha256),
        settings=settings_of(facts),
        classes=list(learnt.classes),
        clock="wall" if learnt.is_live else "source",
        learnt_block_s=learnt.block_s,
        block_s=block_s,
        day_parts=learnt.day_parts,
        every=learnt.every,
        alikeness=None if alikeness is None else round(alikeness, 3),
        blocks=[_as_document(block) for block in blocks],
    )


def _unlike_length(blocks: Sequence[Block], learnt: Learnt) -> tuple[float, float | None]:
    """Return the length of blocks whose neighbours are unlike, or the longest there may be, and how alike they are."""
    found: tuple[float, float | None] = (learnt.block_s, None)
    for multiple in _MULTIPLES:
        block_s = multiple * learnt.block_s
        joined = joined_blocks(blocks, block_s)
        if multiple > 1 and _judged(joined, learnt.day_parts) < FEWEST_MERGED:
            break
        alike = _alikeness(joined, learnt.day_parts)
        found = block_s, max((own for own, _ in alike), default=None)
        if not any(own > most for own, most in alike):
            break
    return found


def _judged(blocks: Sequence[Block], day_parts: int) -> int:
    """Return the number of blocks in parts of the day that have enough of them."""
    counts = Counter(part_of_day(block.start_s, day_parts) for block in blocks)
    return sum(count for count in counts.values() if count >= FEWEST_OF_A_PART)


def joined_blocks(blocks: Sequence[Block], block_s: float) -> list[Block]:
    """Return blocks of this length, each of all those that begin in it."""
    by_start = groupby(blocks, key=lambda block: int(block.start_s // block_s))
    return [merged(list(own), block_s) for _, own in by_start]


def _alikeness(blocks: Sequence[Block], day_parts: int) -> list[tuple[float, float]]:
    """Return each series' rank correlation of neighbours, with the largest that chance makes it among so many series."""
    found = []
    for name in _names(sorted({own for block in blocks for own in block.sums})):
        values = [block.value(name) for block in blocks]
        parts = [part_of_day(block.start_s, day_parts) for block in blocks]
        pairs = [
            (values[n], values[m], parts[n])
            for n, m in pairwise(range(len(blocks)))
            if parts[n] == parts[m]
            and blocks[m].index - blocks[n].index == 1
            and values[n] is not None
            and values[m] is not None
        ]
        found += _correlation_of(pairs)  # type: ignore[arg-type]
    # one-sided, for the largest of all of them
    quantile = _normal_quantile(_ALIKE / max(1, len(found)))
    return [(own, quantile / np.sqrt(count)) for own, count in found]


def _correlation_of(pairs: Sequence[tuple[float, float, int]]) -> list[tuple[float, int]]:
    """Return the rank correlation of pairs, each less its part's median, and their number; nothing for too few."""
    if len(pairs) < FEWEST_BLOCKS - 1:
        return []
    both = np.array([pair[:2] for pair in pairs])
    parts = np.array([part for _, _, part in pairs])
    for part in np.unique(parts):
        both[parts == part] -= np.median(both[parts == part])
    own = rank_correlation(both[:, 0], both[:, 1])
    return [] if own is None else [(own, len(pairs))]


def _normal_quantile(probability: float) -> float:
    """Return the value that a normal number exceeds with this probability."""
    return NormalDist().inv_cdf(1 - probability)


def _names(classes: Sequence[str]) -> list[SeriesName]:
    return [SeriesName(name, measure) for name in ("", *classes) for measure in WatchedMeasure]


_COLUMN_NAMES = tuple(ClassSums.model_fields)


def _as_document(block: Block) -> BlockSums:
    """Return a block as it is written; what counts objects is whole."""
    classes = {
        name: ClassSums.model_validate(
            {column: round(float(own), _DIGITS) for column, own in zip(_COLUMN_NAMES, sums, strict=True)}
        )
        for name, sums in sorted(block.sums.items())
    }
    return BlockSums(start_s=block.start_s, frames=block.frames, classes=classes)


def _as_block(own: BlockSums, block_s: float) -> Block:
    sums = {
        name: np.array([getattr(of, column) for column in _COLUMN_NAMES], np.float64)
        for name, of in own.classes.items()
    }
    return Block(int(own.start_s // block_s), own.start_s, own.frames, sums)


class Baseline:
    """A baseline that is watched against.

    Args:
        document: as it was learnt.
    """

    def __init__(self, document: BaselineDocument) -> None:
        self.document = document

    @cached_property
    def learnt_blocks(self) -> list[Block]:
        """The blocks as they were learnt."""
        return [_as_block(own, self.document.learnt_block_s) for own in self.document.blocks]

    @cached_property
    def blocks(self) -> list[Block]:
        """The blocks, as long as those that are watched."""
        return joined_blocks(self.learnt_blocks, self.document.block_s)

    @cached_property
    def fingerprint(self) -> str:
        """A hash of all that a watch depends on, in hexadecimal."""
        return hashlib.sha256(self.document.model_dump_json(by_alias=True).encode()).hexdigest()

    @cached_property
    def names(self) -> tuple[SeriesName, ...]:
        """The series there are, those of all objects first; of a model of one class those alone, as its own are the same."""
        classes = self.document.classes
        return tuple(_names(classes if len(classes) > 1 else ()))

    def part_of(self, start_s: float) -> int:
        """Return the part of the day of a block."""
        return part_of_day(start_s, self.document.day_parts)

    @cached_property
    def parts(self) -> frozenset[int]:
        """The parts of the day that can be judged."""
        counts = Counter(self.part_of(block.start_s) for block in self.blocks)
        return frozenset(part for part, count in counts.items() if count >= FEWEST_OF_A_PART)

    def values(self, name: SeriesName) -> dict[int, list[float]]:
        """Return a series' values in each part of the day that has enough of them to judge by."""
        found: dict[int, list[float]] = defaultdict(list)
        for block in self.blocks:
            value = block.value(name)
            if value is not None:
                found[self.part_of(block.start_s)].append(value)
        return {part: own for part, own in found.items() if len(own) >= FEWEST_OF_A_PART}

    def share(self, name: SeriesName) -> float:
        """Return the share of the false alarms that a series is allowed: half is for all objects, half for the classes.

        It depends on the model's classes alone, not on what was seen: the shares sum to 1 whatever is watched.
        """
        measures, classes = len(WatchedMeasure), len(self.document.classes)
        if classes == 1:
            return 1 / measures
        return 0.5 / measures if not name.class_name else 0.5 / (measures * classes)

    def require_own(self, state: StateDocument) -> None:
        """Refuse the state of a watch against another baseline.

        Raises:
            UsageError: so it is.
        """
        if state.baseline != self.fingerprint:
            raise UsageError(
                "the state is of a watch against another baseline",
                "give its baseline, or another file: --state",
            )

    @cached_property
    def usual_frames(self) -> int:
        """The median number of frames in a block."""
        return int(np.median([block.frames for block in self.blocks]))

    def require_same(self, facts: ExplainerFacts, classes: Sequence[str], every: int | None = None) -> None:
        """Refuse a watch whose numbers would not be those of the baseline.

        Args:
            facts: the explainer's.
            classes: names of the classes that it can find.
            every: one frame of so many is looked at; None does not ask.

        Raises:
            UsageError: naming the first thing that is different.
        """
        own = self.document
        wanted: dict[str, tuple[object, object]] = {"model": (own.model.name, facts.model)}
        if own.model.sha256 and facts.sha256:
            wanted = {"model's SHA-256": (own.model.sha256[:12], facts.sha256[:12])}
        now = settings_of(facts)
        wanted |= {
            name: (getattr(own.settings, name), getattr(now, name)) for name in BaselineSettings.model_fields
        }
        wanted["classes"] = (own.classes, list(classes))
        wanted["every"] = (own.every, every or own.every)
        for name, (learnt, given) in wanted.items():
            if learnt != given:
                raise UsageError(
                    f"the baseline was learnt with another {name}: {_shown(learnt)}, not {_shown(given)}",
                    "give the same, or learn a new baseline: --learn",
                )


def _shown(value: object) -> str:
    """Return a setting in few words."""
    words = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    return repr(words if len(words) <= _LONGEST else words[:_LONGEST] + "...")


_LONGEST = 60


def quantiles(values: Mapping[int, Sequence[float]]) -> tuple[float, float, float]:
    """Return mean, 5 % and 95 % quantile of a series' values of all parts of the day."""
    every = np.concatenate([np.asarray(own, np.float64) for own in values.values()])
    low, high = np.quantile(every, [0.05, 0.95])
    return float(every.mean()), float(low), float(high)
