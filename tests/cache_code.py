"""The code behind what is remembered between runs, as digests: ``python -m tests.cache_code`` writes them anew.

What counts is everything that the modules in ``ROOTS`` import of heatcam, directly or through others, so that no module can be
forgotten; comments, docstrings and layout do not count.
"""

from __future__ import annotations

import ast
import hashlib
import json
from pathlib import Path

from heatcam.runtime.json_cache import CACHE_VERSION
from tests.test_house import imports_of, modules

STORED = Path(__file__).with_name("cache_code.json")
#: What makes the remembered numbers: calibrations, proofs, speeds and judged precisions, converted networks.
ROOTS = (
    "heatcam.saliency.factory",
    "heatcam.saliency.calibration",
    "heatcam.saliency.methods",
    "heatcam.engine.proof_cache",
    "heatcam.engine.backends",
    "heatcam.engine.conversion",
    "heatcam.engine.openvino_passes",
    "heatcam.models.embedded",  # whose pictures are measured on
)
#: Imported on the way, without a say in any number; of how a network is read its hash says all.
WITHOUT_A_SAY = (
    *("heatcam.runtime.doing", "heatcam.errors", "heatcam.runtime.environment", "heatcam.runtime.stopping"),
    *("heatcam.models.loading", "heatcam.models.checkpoint"),
)


def code_behind(roots: tuple[str, ...] = ROOTS) -> dict[str, Path]:
    """The roots, and what they import of heatcam, directly or through others."""
    known, found, waiting = modules(), {}, list(roots)
    while waiting:
        name = waiting.pop()
        if name in found or name not in known or name in WITHOUT_A_SAY:
            continue
        found[name] = known[name]
        waiting += imports_of(known[name]) - {"heatcam"}
    return dict(sorted(found.items()))


def digest_of(source: str) -> str:
    """Of a module's code; its version number of the cache is kept apart."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and _is_text(body[0]):
            body[0] = ast.Pass()
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "CACHE_VERSION":
            node.value = ast.Constant(0)
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()[:16]


def _is_text(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def now() -> dict[str, object]:
    """The version, and the digest of each module."""
    digests = {name: digest_of(path.read_text("utf-8")) for name, path in code_behind().items()}
    return {"CACHE_VERSION": CACHE_VERSION, "modules": digests}


if __name__ == "__main__":
    STORED.write_text(json.dumps(now(), indent=1) + "\n", "utf-8")
