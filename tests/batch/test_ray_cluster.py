"""Ray itself, on a cluster of two machines that this one plays: the rows are those without it, whatever ends on the way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import polars
import pytest

import heatcam as public
from heatcam.batch import BatchPlan, ray_engine
from heatcam.batch.input_rows import InputRow
from heatcam.batch.parts import Task
from heatcam.batch.ray_engine import RayEngine
from tests.batch import ray_fakes
from tests.batch.fakes import save
from tests.commands.programs import start

pytest.importorskip("ray.data", reason="needs heatcam[ray]")
pytestmark = pytest.mark.soak
_DONE_S = 240.0
_OWN = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_health_check_period_ms": "500", "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of the demo scene, of which one is damaged."""
    folder = tmp_path_factory.mktemp("scenes")
    with public.open_source("demo") as source:
        for n, frame in zip(range(160), source, strict=False):
            cv2.imwrite(str(folder / f"{n:03}.png"), cv2.resize(frame.image_bgr, (320, 180)))
    (folder / "033.png").write_bytes(b"\x89PNG\r\n\x1a\nnonsense")
    return folder


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A cluster whose first machine has one processor; the address is in ``RAY_ADDRESS``."""
    for name, value in _OWN.items():
        monkeypatch.setenv(name, value)
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    monkeypatch.setenv("RAY_ADDRESS", made.address)
    yield made
    made.shutdown()


def words(scenes: Path, folder: Path, *more: object) -> tuple[object, ...]:
    same = ("--model", "markers", "--device", "cpu", "--backend", "torch", "--chunk", 8)
    return ("batch", scenes, "-o", folder, *same, *more)


def rows(folder: Path) -> polars.DataFrame:
    return polars.read_parquet(folder / "part-*.parquet").sort("input_index", "object")


def parts(folder: Path) -> list[dict[str, Any]]:
    path = folder / "manifest.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return [part for part in map(json.loads, lines) if "file" in part]


def wait_for_parts(folder: Path, count: int, process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + _DONE_S
    while len(parts(folder)) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture(scope="module")
def without(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("without") / "maps"
    process = start(*words(scenes, folder, "--workers", 2), env=os.environ | _OWN)
    told = process.communicate(timeout=_DONE_S)
    assert process.returncode == 1, told  # one picture is damaged
    return folder


def test_a_machine_that_is_gone_in_the_middle_changes_no_row(
    cluster: Any, scenes: Path, without: Path, tmp_path: Path
) -> None:
    second = cluster.add_node(num_cpus=1)
    folder = tmp_path / "maps"
    process = start(*words(scenes, folder, "--workers", 2, "--engine", "ray", "--json", "-"))
    wait_for_parts(folder, 3, process)
    cluster.remove_node(second, allow_graceful=False)
    out, err = process.communicate(timeout=_DONE_S)
    assert process.returncode == 1, err
    told = json.loads(out)  # nothing else is on standard output
    assert (told["complete"], told["pictures"], told["failed"]) == (True, 160, 1)
    assert len(err.splitlines()) == 4, err  # loading, model, rate, failed
    assert rows(folder).equals(rows(without))
    assert (folder / "failed.jsonl").read_text() == (without / "failed.jsonl").read_text()


def test_ctrl_c_ends_it_with_what_is_done_and_a_later_start_goes_on_without_ray(
    cluster: Any, scenes: Path, without: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "maps"
    process = start(*words(scenes, folder, "--engine", "ray"))
    wait_for_parts(folder, 2, process)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal: all of its processes get it
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "--resume goes on" in err
    assert "Traceback" not in out + err
    assert 2 <= len(parts(folder)) < 20
    again = start(*words(scenes, folder, "--workers", 2, "--resume"), env=os.environ | _OWN)
    again.communicate(timeout=_DONE_S)
    assert rows(folder).equals(rows(without))


def test_a_picture_that_kills_its_actor_has_failed_and_all_others_are_explained_once(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_engine, "serve", ray_fakes.serve_deadly)
    blues = [1, 2, 254, 1, 0, 1, 3, 1, 1, 1]
    pictures = [InputRow(str(save(tmp_path / f"{n}.png", blue)), n) for n, blue in enumerate(blues)]
    engine = RayEngine(BatchPlan(), 1)
    engine.facts()
    tasks = [Task((0, 10), tuple(pictures[at : at + 2])) for at in range(0, 10, 2)]
    told = sorted(
        (index, status)
        for _, columns in engine.run(tasks)
        for index, status in zip(columns["input_index"], columns["status"], strict=True)
    )
    engine.close()
    assert [index for index, _ in told] == [0, 1, 1, 2, 3, 4, 5, 6, 6, 6, 7, 8, 9]
    assert [index for index, status in told if status == "failed"] == [2]


def test_explain_rows_itself_runs_in_map_batches(cluster: Any, scenes: Path, without: Path) -> None:
    """As the docs show it to those who build their own pipeline."""
    script = f"""
import ray, heatcam, pathlib, json
ray.init(log_to_driver=False)
ray.data.DataContext.get_current().enable_progress_bars = False
paths = ray.data.from_items([dict(path=str(p)) for p in sorted(pathlib.Path({str(scenes)!r}).glob("03*.png"))])
plan = heatcam.BatchPlan(model="markers", device="cpu", threads=1)
rows = paths.map_batches(
    heatcam.ExplainRows, fn_constructor_kwargs=dict(plan=plan), batch_size=4,
    compute=ray.data.ActorPoolStrategy(size=1), num_cpus=1,
).take_all()
print(json.dumps(sorted([r["path"], r["status"], r["class_name"]] for r in rows if r["status"] == "object")))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=_DONE_S, check=False
    )
    assert done.returncode == 0, done.stderr
    got = [tuple(row) for row in json.loads(done.stdout.splitlines()[-1])]
    expected = rows(without).filter(polars.col("path").str.contains(r"/03\d\.png$"))
    assert got == sorted(expected.select("path", polars.lit("object"), "class_name").iter_rows())


def test_a_machine_without_heatcam_ends_the_run_in_one_line(
    cluster: Any, scenes: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "lacks/heatcam"
    empty.mkdir(parents=True)
    (empty / "__init__.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'heatcam'\", name='heatcam')"
    )
    script = "from heatcam.__main__ import main; main()"
    cluster.add_node(num_cpus=2, env_vars={"PYTHONPATH": str(empty.parent)})
    done = subprocess.run(
        [sys.executable, "-P", "-c", script, *map(str, words(scenes, tmp_path / "m", "--engine", "ray", "--streams", 2))],
        capture_output=True, text=True, timeout=_DONE_S, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert done.stderr.splitlines()[-1].startswith("heatcam: a machine of the Ray cluster has no heatcam"), (
        done.stderr
    )


#: Every Python process notes which other machines it looks up or connects to. (A datagram socket's connection sends nothing: Ray
#: asks the system in this way which address of its own it would use.)
NOTE_OTHERS = """
import ipaddress, os, socket, sys

def is_here(host):
    try:
        kind = socket.AF_INET6 if ipaddress.ip_address(host).version == 6 else socket.AF_INET
        with socket.socket(kind, socket.SOCK_DGRAM) as own:
            own.bind((host, 0))
        return True
    except (OSError, ValueError):
        return host in (None, "", "localhost", socket.gethostname())

def note(event, arguments):
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        where = arguments[0]
    elif event in ("socket.connect", "socket.sendto", "socket.sendmsg") and isinstance(arguments[-1], tuple):
        if event == "socket.connect" and arguments[0].type & socket.SOCK_DGRAM:
            return
        where = arguments[-1][0]
    else:
        return
    if not is_here(where.decode() if isinstance(where, bytes) else where):
        with open(os.environ["ASKED_FILE"], "a") as asked:
            print(event, where, sys.argv[:1], file=asked)

sys.addaudithook(note)
"""


def test_a_ray_that_is_started_here_asks_no_other_machine(scenes: Path, tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    (tmp_path / "first/sitecustomize.py").write_text(NOTE_OTHERS)
    asked = tmp_path / "asked"
    path = os.pathsep.join([str(tmp_path / "first"), os.environ.get("PYTHONPATH", "")])
    env = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
    env |= {"ASKED_FILE": str(asked), "PYTHONPATH": path}
    process = start(*words(scenes / "00*.png", tmp_path / "maps", "--engine", "ray"), env=env)
    told = process.communicate(timeout=_DONE_S)
    assert process.returncode == 0, told
    assert not asked.exists(), asked.read_text()


def test_a_cluster_that_is_not_there_is_told_in_one_line(
    scenes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "auto")
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    process = start(*words(scenes, tmp_path / "maps", "--engine", "ray"))
    _, err = process.communicate(timeout=_DONE_S)
    assert process.returncode == 1
    assert err.splitlines()[-1].startswith("heatcam: there is no Ray at RAY_ADDRESS auto ("), err
