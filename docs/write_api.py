"""Writes ``api.md`` from the docstrings of what ``import heatcam`` offers: ``make docs``."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable
from pathlib import Path

import heatcam

ORDER = (
    *("load", "Model", "Explanation", "TiledExplanation", "annotate", "render", "open_source", "watch"),
    *("Frame", "Detections", "SaliencyMap", "Explainer"),
    *("BatchPlan", "ExplainRows", "unpack_map"),
)
HEADINGS = {
    "Args:": "Arguments",
    "Attributes:": "Attributes",
    "Returns:": "Returns",
    "Raises:": "Raises",
    "Yields:": "Yields",
}
METHODS = {
    "Model": ("explain", "explain_many", "explain_tiles", "stream", "maps_at", "facts"),
    "Explanation": ("render", "findings", "to_dict", "to_json", "save", "to_supervision"),
    "TiledExplanation": ("to_dict", "to_json"),
    "Explainer": ("explain", "maps_at"),
    "SaliencyMap": ("in_image",),
    "ExplainRows": ("__call__", "facts"),
}


def page() -> str:
    """The whole page: functions and records first, then the errors."""
    errors = [name for name in heatcam.__all__ if name.endswith("Error")]
    assert sorted([*ORDER, *errors, "__version__"]) == sorted(heatcam.__all__)
    parts = ["# Python API\n\nWritten by `make docs` from the docstrings; every example is run by a test.\n"]
    parts += [_section(name) for name in (*ORDER, "HeatcamError")]
    rows = "\n".join(_row(name) for name in errors if name != "HeatcamError")
    parts.append(f"## Other errors\n\nEach is a `HeatcamError`.\n\n| | |\n|---|---|\n{rows}")
    return "\n".join(parts) + "\n"


def _row(name: str) -> str:
    return f"| `{name}` | {_words(_documentation(getattr(heatcam, name)).splitlines()[0])} |"


def _section(name: str) -> str:
    public = getattr(heatcam, name)
    methods = "".join(
        f"\n### {name}.{method}\n\n{_signed(method, getattr(public, method))}"
        for method in METHODS.get(name, ())
    )
    return f"## heatcam.{name}\n\n{_signed(name, public)}{methods}"


def _signed(name: str, public: Callable[..., object]) -> str:
    if inspect.isclass(public):
        text = _with_inherited(public)
        blocks = re.split(r"\n\s*\n", text)
        by_heatcam = name == "Explainer"  # (its arguments are for ``load``, which makes it)
        return _body("\n\n".join(b for b in blocks if not (by_heatcam and b.startswith("Args:"))))
    return f"```python\n{_signature(name, public)}\n```\n\n" + _body(_documentation(public))


def _with_inherited(public: type) -> str:
    """Its documentation, with the attributes of the class that it extends before its own."""
    text, base = _documentation(public), public.__bases__[0]
    inherited = re.search(r"^Attributes:\n(.*?)(?=\n\s*\n|\Z)", _documentation(base), re.M | re.S)
    if base.__name__ != public.__name__ or inherited is None:
        return text
    return text.replace("Attributes:\n", f"Attributes:\n{inherited[1]}\n")


def _signature(name: str, public: Callable[..., object]) -> str:
    """As it would be written, an argument a line."""
    signature = inspect.signature(public)
    arguments, star = [], False
    for parameter in signature.parameters.values():
        if parameter.name == "self":
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and not star:
            arguments, star = [*arguments, "*"], True
        default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
        arguments.append(f"{parameter.name}: {parameter.annotation}{default}")
    lines = "".join(f"    {argument},\n" for argument in arguments)
    between = f"\n{lines}" if lines else ""
    return f"{name}({between}) -> {signature.return_annotation}"


def _documentation(public: object) -> str:
    return inspect.getdoc(public) or ""


def _body(text: str) -> str:
    """A docstring as Markdown: examples as code, sections as lists."""
    blocks = [_block(block) for block in re.split(r"\n\s*\n", text)]
    return "\n\n".join(blocks) + "\n"


def _block(block: str) -> str:
    first, _, rest = block.partition("\n")
    if first.startswith(">>>"):
        return f"```python\n{block}\n```"
    if first.strip() in HEADINGS:
        return f"**{HEADINGS[first.strip()]}**\n\n{_items(textwrap.dedent(rest))}"
    return _words(block)


def _items(text: str) -> str:
    """``name: what it is`` as a list; a description without names stays a paragraph."""
    joined = re.sub(r"\n\s+", " ", text)
    found = [re.match(r"([\w., ]+?): (.*)", line) for line in joined.splitlines()]
    if not all(found):
        return _words(" ".join(joined.split()))
    return "\n".join(f"* `{match[1]}`: {_words(match[2])}" for match in found if match)


def _words(text: str) -> str:
    """In Markdown, code has one backtick on each side."""
    return " ".join(text.replace("``", "`").split())


def main() -> None:
    """Write the page."""
    (Path(__file__).parent / "api.md").write_text(page(), "utf-8")


if __name__ == "__main__":
    main()
