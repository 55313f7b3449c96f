"""The table of objects as arrays, and the questions that figures ask of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars

from heatcam.audit.objects import ObjectKind
from heatcam.audit.resampling import Floats, Ints
from heatcam.audit.summary import WRONG

#: Kinds of detections that are wrong.
FALSE_KINDS = tuple(kind.value for kind in WRONG)
#: Name of the group of all of them.
FALSE = "false"
#: Kinds of detections that are on a label of their class.
FOUND_KINDS = (ObjectKind.TRUE.value, ObjectKind.LOOSE.value)
#: Columns whose distributions are told, and that may tell true from false.
NUMBERS = ("confidence", "energy_in_box", "enrichment", "evidence")
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class ObjectColumns:
    """Columns of the table as arrays of its length N.

    Attributes:
        table: polars' table of ``OBJECT_SCHEMA``.
        pictures: names of the pictures; those without objects may be among them.
    """

    table: polars.DataFrame
    pictures: tuple[str, ...]

    @cached_property
    def picture(self) -> Ints:
        """Index of each object's picture, int64 ``(N,)``."""
        of = {name: n for n, name in enumerate(self.pictures)}
        return np.array([of[name] for name in self.table["image"].to_list()], np.int64)

    @cached_property
    def kind(self) -> npt.NDArray[np.str_]:
        """Kind of each object, text ``(N,)``."""
        return np.array(self.table["kind"].to_list(), np.str_)

    @cached_property
    def class_name(self) -> npt.NDArray[np.object_]:
        """Class of each object, text ``(N,)``."""
        return np.array(self.table["class_name"].to_list(), np.object_)

    @cached_property
    def class_names(self) -> tuple[str, ...]:
        """Names of all classes, in the order of the alphabet."""
        return tuple(sorted(set(self.table["class_name"].to_list())))

    @cached_property
    def _numbers(self) -> dict[str, Floats]:
        return {}

    def number(self, name: str) -> Floats:
        """Return a column, float64 ``(N,)``; NaN where it is not known."""
        if name not in self._numbers:
            column = self.table[name].cast(polars.Float64).fill_null(np.nan)
            self._numbers[name] = column.to_numpy().astype(np.float64)
        return self._numbers[name]

    def of_class(self, class_name: str | None) -> Mask:
        """Return a mask of the objects of a class; of all for None."""
        if class_name is None:
            return np.ones(len(self.table), bool)
        return np.asarray(self.class_name == class_name, bool)

    def of_kinds(self, *kinds: str) -> Mask:
        """Return a mask of the objects of some kinds; ``false`` stands for all that are wrong."""
        wanted = [own for kind in kinds for own in (FALSE_KINDS if kind == FALSE else (kind,))]
        return np.isin(self.kind, wanted)

    def known(self, name: str) -> Mask:
        """Return a mask of the objects whose number is known and finite."""
        return np.isfinite(self.number(name))

    def per_picture(self, chosen: Mask, values: Floats | None = None) -> Floats:
        """Return the number of chosen objects in each picture, or the sum of their values: float64 ``(pictures,)``."""
        weights = None if values is None else values[chosen]
        counted = np.bincount(self.picture[chosen], weights, len(self.pictures))
        return counted.astype(np.float64)


def columns_of(table: polars.DataFrame, pictures: Sequence[str] | None = None) -> ObjectColumns:
    """Return the columns of a table.

    Args:
        table: of ``OBJECT_SCHEMA``.
        pictures: all pictures of the data set; those of the table are added, and are all for None.
    """
    names = dict.fromkeys([*(pictures or ()), *table["image"].to_list()])
    return ObjectColumns(table, tuple(names))
