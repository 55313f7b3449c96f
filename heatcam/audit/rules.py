"""Rules about the evidence that a model's detections stand on, as a file of YAML has them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import yaml
from pydantic import BaseModel, ConfigDict, RootModel, ValidationError, model_validator

from heatcam.audit.judging import METRICS, Condition, Rule
from heatcam.errors import UnreadableInputError, UsageError, reason_of
from heatcam.text import did_you_mean

#: Names that stand for all classes together, and for each class by itself.
ALL, EACH = "all", "each"
_MOST_BYTES = 1_000_000
_CONDITION = re.compile(r"(>=|<=|>|<)\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(%?)")
_EXAMPLE = 'for example: cow: {energy_in_box: ">= 0.6"}'


@dataclass(frozen=True, eq=False)
class RuleFile:
    """Rules as they were written.

    Attributes:
        path: the file.
        data: the data set that it names, from the file's folder on; None for none.
        rules: the rules' conditions by class, or ``all`` or ``each``, and metric.
    """

    path: Path
    data: Path | None
    rules: dict[str, dict[str, Condition]]


class _Conditions(RootModel[dict[str, str]]):
    """Conditions of one class."""


class _Written(BaseModel):
    """The file: ``data``, and the classes beside it."""

    model_config = ConfigDict(extra="allow")

    data: str | _Conditions | None = None
    __pydantic_extra__: dict[str, _Conditions]

    @model_validator(mode="after")
    def _has_rules(self) -> _Written:
        if not self.__pydantic_extra__ and not isinstance(self.data, _Conditions):
            raise ValueError("it has no rules")
        return self


class _TextLoader(yaml.BaseLoader):  # type: ignore[misc]
    """A loader of YAML whose values are all text, so that a class may be called ``no`` or ``7``.

    It refuses a key that stands twice: of two rules one would be lost without a word.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[str, Any]:
        """Return a mapping.

        Raises:
            MarkedYAMLError: a key stands twice.
        """
        seen: set[str] = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"{key.value!r} stands twice", problem_mark=key.start_mark)
            seen.add(key.value)
        made: dict[str, Any] = super().construct_mapping(node, deep)
        return made


def read_rules(path: Path) -> RuleFile:
    """Read rules from YAML.

    Raises:
        HeatcamError: the file cannot be read, or is not one of rules; in one line.
    """
    try:
        text = path.read_bytes()[: _MOST_BYTES + 1]
    except OSError as error:
        raise UnreadableInputError(
            f"cannot read {path} ({reason_of(error)})", "give a file of rules"
        ) from None
    if len(text) > _MOST_BYTES:
        _refuse(path, "it is larger than 1 MB")
    try:
        written = _Written.model_validate(yaml.load(text, _TextLoader))
    except (yaml.YAMLError, RecursionError, UnicodeDecodeError, ValueError) as error:
        _refuse(path, _reason(error))
    by_class = dict(written.__pydantic_extra__)
    if isinstance(written.data, _Conditions):  # a class of that name
        by_class["data"] = written.data
    data = path.parent / written.data if isinstance(written.data, str) else None
    rules = {name: dict(_conditions(path, name, each.root)) for name, each in by_class.items()}
    return RuleFile(path, data, rules)


def _conditions(path: Path, class_name: str, written: dict[str, str]) -> Iterator[tuple[str, Condition]]:
    for metric, text in written.items():
        if metric not in METRICS:
            _refuse(
                path,
                f"{class_name} has an unknown metric {metric!r}",
                did_you_mean(metric, METRICS) or f"use some of: {', '.join(METRICS)}",
            )
        parts = _CONDITION.fullmatch(text.strip())
        if parts is None:
            _refuse(path, f"{class_name}: {metric} is {text!r}")
        sign, number, percent = parts.groups()
        bound = float(number) / (100 if percent else 1)
        if not math.isfinite(bound):
            _refuse(path, f"{class_name}: {metric} is {text!r}")
        yield metric, Condition(sign.startswith(">"), bound, f"{sign} {number}{' %' * bool(percent)}")


def _refuse(path: Path, problem: str, next_step: str = _EXAMPLE) -> NoReturn:
    raise UsageError(f"{path} is no file of rules: {problem}", next_step)


def _reason(error: Exception) -> str:
    """Return one line about what is wrong, with its place in the file."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        if first["loc"] and first["loc"][-1] != "data":
            place = ": ".join(
                str(part) for part in first["loc"] if part not in ("function-after", "_Conditions")
            )
            return f"{place} {_MEANT.get(first['type'], first['msg'])}"
        return _MEANT.get(first["type"], first["msg"].removeprefix("Value error, "))
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"{error.problem} in line {error.problem_mark.line + 1}"
    return str(error) or type(error).__name__


#: Errors of pydantic in the words of the file.
_MEANT = {
    "dict_type": "has no metrics",
    "string_type": "is no condition",
    "model_type": "it has no classes",
    "model_attributes_type": "it has no classes",
}


def rules_of(file: RuleFile, class_names: Sequence[str]) -> tuple[Rule, ...]:
    """Return the rules of a file, those of ``each`` for every class.

    Args:
        file: as it was read.
        class_names: of the audit.

    Raises:
        UsageError: there is no such class.
    """
    found = []
    for name, conditions in file.rules.items():
        for own in _classes(name, class_names, file.path):
            found += [Rule(own, metric, condition) for metric, condition in conditions.items()]
    return tuple(dict.fromkeys(found))


def _classes(name: str, class_names: Sequence[str], path: Path) -> tuple[str | None, ...]:
    if name in class_names:
        return (name,)
    if name in (ALL, EACH):
        return (None,) if name == ALL else tuple(class_names)
    folded = {own.strip().casefold(): own for own in class_names}
    if name.strip().casefold() in folded:
        return (folded[name.strip().casefold()],)
    raise UsageError(
        f"{path} has rules for {name!r}, and the audit has no such class",
        did_you_mean(name, class_names) or f"it has {', '.join(class_names[:8]) or 'none'}",
    )
