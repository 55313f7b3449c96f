"""Live view of ``heatcam serve`` with one viewer and with ten: ``python -m benchmarks.viewers`` (``--source``, ``--model``).

Interleaved, round after round, on one running server: the rate that each viewer gets, and the rate that the session draws at. The
viewers are in a process of their own and answer each frame as the page does, but they decode none: browsers are elsewhere.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table
from websockets.asyncio.client import connect

from heatcam.commands.options import LookOptions, ModelChoice, MotionOptions
from heatcam.commands.served_models import ServedModels
from heatcam.commands.terminal import Terminal
from heatcam.sources import open_source
from heatcam.web import AllowedSource, ServeSettings, UploadLimits, WebServer, listen
from heatcam.web.app import create_app, lifespan_of
from heatcam.web.live_routes import live_router
from heatcam.web.live_run import LiveRun
from heatcam.web.model_queue import ModelQueue

console = Console(soft_wrap=True, highlight=False)
MANY = 10
_SETTLES_S = 1.0


@contextmanager
def serving(run: LiveRun) -> Iterator[str]:
    """The address of a server with the live view."""
    router = live_router(run, UploadLimits(), lambda: "")
    with listen("127.0.0.1", 0) as opened:
        app = create_app(ServeSettings(), [router], lifespan_of(lambda: None, run.close))
        server = WebServer(app, opened, run.broadcast.close)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{opened.getsockname()[1]}"
        finally:
            server.stop()
            thread.join(20)


def rates(address: str, viewers: int, seconds: float) -> list[float]:
    """Frames per second of each of so many viewers, who watch from another process at the same time."""
    command = [sys.executable, "-m", "benchmarks.viewers", "--watch", address]
    command += ["--viewers", str(viewers), "--seconds", str(seconds)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: list[float] = json.loads(done.stdout)
    return found


async def watch(address: str, seconds: float) -> float:
    """Watch as the page does, and return the frames per second after the first second."""
    async with connect(f"ws://{address}/live/ws", compression=None, max_size=None) as socket:
        began_s, count, counted_from_s = time.monotonic(), 0, 0.0
        while (now_s := time.monotonic()) - began_s < seconds + _SETTLES_S:
            message = await socket.recv()
            if isinstance(message, str):
                continue
            await socket.send("ok")
            if now_s - began_s > _SETTLES_S:
                counted_from_s = counted_from_s or now_s
                count += 1
        return count / (time.monotonic() - counted_from_s) if count else 0.0


async def watch_all(address: str, viewers: int, seconds: float) -> list[float]:
    return list(await asyncio.gather(*(watch(address, seconds) for _ in range(viewers))))


def measure(address: str, run: LiveRun, rounds: int, seconds: float) -> dict[int, list[tuple[float, float]]]:
    """The median rate of the viewers and that of the session, for each number of viewers and each round."""
    found: dict[int, list[tuple[float, float]]] = {1: [], MANY: []}
    for _ in range(rounds):
        for viewers, rows in found.items():
            rows.append((statistics.median(rates(address, viewers, seconds)), run.status().fps))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", default="demo")
    parser.add_argument("--model", default="markers")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--viewers", type=int, default=1)
    parser.add_argument("--watch", default="", help="for the viewers' own process: an address")
    options = parser.parse_args()
    if options.watch:
        print(json.dumps(asyncio.run(watch_all(options.watch, options.viewers, options.seconds))))
        return
    models = ServedModels(
        [options.model], ModelChoice(model=options.model), LookOptions(), MotionOptions(), Terminal()
    )
    source = AllowedSource("source", options.source, "file", lambda: open_source(options.source))
    run = LiveRun(models, [source], ModelQueue(4, 60.0).turn)
    with serving(run) as address:
        run.start()
        while run.phase()[0] not in ("running", "failed"):
            time.sleep(0.1)
        found = measure(address, run, options.rounds, options.seconds)
        size_wh, backend = run.status().size_wh, run.status().backend
    table = Table(
        "viewers", "each gets", "the session draws", title=f"{options.source}, {size_wh}, {backend}"
    )
    for viewers, rows in found.items():
        seen, drawn = (statistics.median(column) for column in zip(*rows, strict=True))
        table.add_row(str(viewers), f"{seen:.1f} fps", f"{drawn:.1f} fps")
    console.print(table)
    one, many = (statistics.median(seen for seen, _ in found[n]) for n in (1, MANY))
    ratio = statistics.median(b[0] / a[0] for a, b in zip(found[1], found[MANY], strict=True) if a[0])
    console.print(f"median {one:.1f} and {many:.1f} fps, ratio {ratio:.2f} (at least 0.80 is asked for)")


if __name__ == "__main__":
    main()
