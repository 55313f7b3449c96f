"""Cost of an audit beside plain explaining: ``python benchmarks/audit.py data.yaml MODEL.pt``; its memory: ``--objects 50000``.

Interleaved, round after round, over the same pictures: explained with a map for each object, decoded ahead, in the geometry of an
audit; and audited, which also picks weak boxes, matches, asks why labels were missed, crops, and writes the store. With
``--objects`` no model runs: so many made-up objects go through the store and out as tables; resident memory is read on the way.
"""

from __future__ import annotations

import argparse
import gc
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from rich.console import Console

from benchmarks.memory import resident_mb
from heatcam.audit import AuditedObject, AuditStore, ClassMap, DataSet, open_data_set, write_tables
from heatcam.audit.precision import ScoredBoxes, mean_precision
from heatcam.audit.store import AuditedPicture, ObjectParts
from heatcam.commands.audit_collect import collect
from heatcam.commands.audit_plan import PlannedPicture, plan_pictures
from heatcam.commands.terminal import Terminal
from heatcam.frames import Frame
from heatcam.options import ExplainOptions
from heatcam.runtime import map_ahead
from heatcam.saliency import Surveyor, build_explainer
from heatcam.sources import read_picture

A_PICTURE = 10  # made-up objects
console = Console()


def compare(data: DataSet, model: str, options: ExplainOptions, rounds: int) -> None:
    """Measure both in turn, and print the medians and their ratio."""
    explainer = build_explainer(model, None, options)
    planned = plan_pictures(data, ClassMap(explainer.class_names), explainer)
    todo = [each for each in planned if isinstance(each, PlannedPicture)]

    def plain() -> None:
        for each, image in zip(
            todo, map_ahead(lambda p: read_picture(p.picture.path), todo, 2, 4), strict=True
        ):
            fitted = (
                explainer if each.letterbox is None else explainer.with_fit(lambda _, box=each.letterbox: box)
            )
            fitted.explain(Frame(image, 0, 0.0, 0.0), with_object_maps=True)

    def audited() -> None:
        with tempfile.TemporaryDirectory() as folder:
            store = AuditStore(Path(folder) / "audit.sqlite")
            collect(todo, Surveyor(explainer), store, 0.5, Terminal(Console(quiet=True), Console(quiet=True)))
            store.close()

    seconds: dict[str, list[float]] = {"plain": [], "audited": []}
    plain()
    for _ in range(rounds):
        seconds["plain"].append(timed(plain))
        seconds["audited"].append(timed(audited))
    each, both = (median(seconds[name]) for name in ("plain", "audited"))
    ratios = [a / b for a, b in zip(seconds["plain"], seconds["audited"], strict=True)]
    console.print(
        f"{explainer.title}, {explainer.engine.name}, {options.quality}, {len(todo)} pictures: explained "
        f"{len(todo) / each:.2f} a second of processor time, audited {len(todo) / both:.2f}: {median(ratios):.2f} "
        f"({min(ratios):.2f} to {max(ratios):.2f} in {rounds} rounds)"
    )


def timed(run: Callable[[], None]) -> float:
    """Seconds of processor time, of all threads: other programs on the machine do not count."""
    started = time.process_time()
    run()
    return time.process_time() - started


def measure_memory(objects: int) -> None:
    """Put made-up objects, read them, and print resident memory on the way."""
    with tempfile.TemporaryDirectory() as folder:
        store = AuditStore(Path(folder) / "audit.sqlite")
        store.put_picture(made_up(1))
        gc.collect()
        before, started = resident_mb(), time.perf_counter()
        for n in range(2, objects // A_PICTURE + 1):
            store.put_picture(made_up(n))
        put, wrote = resident_mb(), time.perf_counter() - started
        started = time.perf_counter()
        table = store.table()
        read, took = resident_mb(), time.perf_counter() - started
        for start in range(0, len(table), 500):
            store.parts(table["number"][start : start + 500].to_list())
        parts = resident_mb()
        write_tables(Path(folder), table)
        mean_precision(store.scored())
        size = (Path(folder) / "audit.sqlite").stat().st_size / 2**20
        store.close()
    console.print(
        f"{len(table)} objects: {before:.0f} MB before, {put:.0f} when all were put ({wrote:.0f} s), {read:.0f} with the table "
        f"({took:.1f} s, {table.estimated_size('mb'):.0f} MB of its own), {parts:.0f} when all parts were read, "
        f"{resident_mb():.0f} at the end; the file has {size:.0f} MB"
    )


def made_up(n: int) -> AuditedPicture:
    """A picture of noise."""
    noise = np.random.default_rng(n)
    rows = tuple(
        AuditedObject(
            k, "", 0, 0, 0, "true", k % 5, "thing", 0.5, 1.0, 2.0, 30.0, 40.0, "thing", 1.0, 2.0, 30.0, 40.0, 0.9, None,
            *noise.random(6).tolist(), False, None, None, *noise.random(2).tolist(),
        )
        for k in range(1, A_PICTURE + 1)
    )  # fmt: skip
    small = noise.integers(0, 256, (24, 24)).astype(np.uint8)
    one = ObjectParts(bytes(3_000), bytes(12_000), small, small.view(np.int8), np.zeros(192, np.float32))
    weak = noise.random(300).astype(np.float32), noise.integers(0, 5, 300), np.zeros(300, np.uint16)
    return AuditedPicture(
        f"{n}.jpg", n, "", (640, 480), rows, (one,) * A_PICTURE, ScoredBoxes(*weak, np.arange(5))
    )


def main() -> None:
    """Measure and print one line."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("data", nargs="?")
    asked.add_argument("model", nargs="?")
    asked.add_argument("--split", default="")
    asked.add_argument("--quality", default="live")
    asked.add_argument("--backend", default="torch")
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--objects", type=int, default=0)
    given = asked.parse_args()
    if given.objects:
        measure_memory(given.objects)
    else:
        options = ExplainOptions(backend=given.backend, quality=given.quality)
        compare(open_data_set(given.data, given.split), given.model, options, given.rounds)


if __name__ == "__main__":
    main()
