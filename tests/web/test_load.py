"""Fifty uploads at once, again and again, and ten viewers for a minute: none lost, none wrong, memory flat."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import mean, median
from typing import Any

import cv2
import httpx
import pytest
from websockets.sync.client import connect

from heatcam.sources import DemoScene
from tests.web.serving import ServedProcess
from tests.web.test_as_snapshot import alike, snapshot

pytestmark = [pytest.mark.soak, pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")]

UPLOADS, VIEWERS, LASTS_S = 50, 10, 60.0
PICTURES = 5
#: Bytes that the service may grow by after its first fifty uploads; their pictures and answers together are 150 MB.
MOST_GROWTH = 60_000_000
_GIVES_UP_S = 120.0


@pytest.fixture(scope="module")
def service() -> Iterator[ServedProcess]:
    served = ServedProcess(["heatcam", "serve", "--device", "cpu"])
    served.start()
    deadline = time.monotonic() + 120
    while httpx.get(f"{served.address}live").json()["phase"] != "running":
        assert time.monotonic() < deadline, "the live view does not run"
        time.sleep(0.2)
    yield served
    served.kill()


class Viewer(threading.Thread):
    """Counts the frames that it sees, as the page takes them."""

    def __init__(self, address: str) -> None:
        super().__init__(daemon=True)
        self.address, self.frames, self.lasted_s, self.ends = address, 0, 0.0, threading.Event()

    def run(self) -> None:
        with connect(
            self.address.replace("http", "ws") + "live/ws", compression=None, max_size=None
        ) as socket:
            began = time.monotonic()
            while not self.ends.is_set():
                if isinstance(socket.recv(30), bytes):
                    self.frames += 1
                    socket.send("ok")
            self.lasted_s = time.monotonic() - began

    @property
    def fps(self) -> float:
        return self.frames / self.lasted_s


def watched(address: str, count: int, seconds: float | None = None) -> list[Viewer]:
    viewers = [Viewer(address) for _ in range(count)]
    for viewer in viewers:
        viewer.start()
    if seconds is not None:
        time.sleep(seconds)
        left(viewers)
    return viewers


def left(viewers: list[Viewer]) -> None:
    for viewer in viewers:
        viewer.ends.set()
    for viewer in viewers:
        viewer.join(60)
        assert not viewer.is_alive()


def resident(served: ServedProcess) -> int:
    """Bytes of memory of the service and of its children."""
    assert served._process is not None
    own = str(served._process.pid)
    pids = [own]
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            pids += [stat.parent.name] if stat.read_text().rpartition(")")[2].split()[1] == own else []
        except OSError:  # (it has ended)
            continue
    return sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 for pid in pids)


class Asking:
    """Programs that upload pictures and come back when they are told to.

    Attributes:
        seen: the number of answers by their status.
        wrong: answers that differ from what was expected.
        seconds: from each first try to its answer.
    """

    def __init__(self, address: str, pictures: list[tuple[bytes, dict[str, Any]]]) -> None:
        self.seen, self.wrong, self.seconds = Counter[int](), 0, list[float]()
        self._pictures, self._lock = pictures, threading.Lock()
        self._client = httpx.Client(
            base_url=address, timeout=90, limits=httpx.Limits(max_connections=UPLOADS)
        )

    def round(self) -> None:
        with ThreadPoolExecutor(UPLOADS) as pool:
            list(pool.map(self.one, range(UPLOADS)))

    def one(self, number: int) -> None:
        data, expected = self._pictures[number % len(self._pictures)]
        began = time.monotonic()
        while True:
            answer = self._client.post("/analyze", content=data)
            with self._lock:
                self.seen[answer.status_code] += 1
            if answer.status_code not in (429, 503):
                break
            assert time.monotonic() - began < _GIVES_UP_S
            time.sleep(float(answer.headers["retry-after"]))
        with self._lock:
            self.seconds.append(time.monotonic() - began)
            self.wrong += answer.status_code != 200 or alike(answer.json()) != expected


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[bytes, dict[str, Any]]]:
    """Pictures, and what ``heatcam snapshot --json`` says of each."""
    found = []
    views = "original,overlay,heatmap,boxes,regions"
    for number in range(PICTURES):
        folder = tmp_path_factory.mktemp("picture")
        path = folder / "scene.png"
        assert cv2.imwrite(str(path), DemoScene((640, 360)).render(40 * number).image_bgr)
        found.append((path.read_bytes(), plain(alike(snapshot(path, folder, "--images", views)))))
    assert len({json.dumps(expected["images"][0]["detections"]) for _, expected in found}) == PICTURES
    return found


def plain(document: dict[str, Any]) -> dict[str, Any]:
    return dict(json.loads(json.dumps(document)))


def test_fifty_uploads_at_once_and_ten_viewers_for_a_minute(
    service: ServedProcess,
    pictures: list[tuple[bytes, dict[str, Any]]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    (alone,) = watched(service.address, 1, 8)
    together = watched(service.address, VIEWERS, 8)
    viewers, asking = watched(service.address, VIEWERS), Asking(service.address, pictures)
    memory, began = [], time.monotonic()
    while time.monotonic() - began < LASTS_S:
        asking.round()
        memory.append(resident(service))
    left(viewers)
    rates = [viewer.fps for viewer in viewers]
    with capsys.disabled():
        sys.stdout.write(
            f"\nframes a second: {alone.fps:.1f} for one viewer, {mean(v.fps for v in together):.1f} for each of ten, "
            f"{min(rates):.1f} to {max(rates):.1f} beside the uploads\n"
            f"uploads: {dict(asking.seen)}, {asking.wrong} wrong, {median(asking.seconds):.1f} s median and "
            f"{max(asking.seconds):.1f} s at most until the answer\n"
            f"memory after each fifty, MB: {', '.join(f'{one / 1e6:.0f}' for one in memory)}\n"
        )
    assert len(asking.seconds) == len(memory) * UPLOADS
    assert set(asking.seen) <= {200, 429, 503} and asking.wrong == 0, asking.seen
    assert min(rates) > 0.5 * max(rates) > 0
    assert max(memory[1:], default=0) - memory[0] < MOST_GROWTH, memory
