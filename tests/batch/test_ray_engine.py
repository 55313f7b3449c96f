"""Ray as an engine, without Ray: what is refused, what an actor gets, what it answers, and how the driver's process ends.

``test_ray_cluster`` runs it.
"""

from __future__ import annotations

import importlib.util
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from heatcam.batch import BatchPlan, ray_engine
from heatcam.batch.input_rows import InputRow
from heatcam.batch.parts import Task
from heatcam.batch.ray_actor import ExplainInActor, RayRequest, answer_of, load_facts, table_of
from heatcam.batch.ray_driver import Share, fitted, in_words
from heatcam.batch.ray_engine import RayEngine, require_ray
from heatcam.batch.redoing import PoolError
from heatcam.errors import DeviceError, HeatcamError, ModelError, UsageError
from heatcam.frames import ExplainerFacts
from tests.batch import ray_fakes
from tests.batch.fakes import save, take_the_models_place

CPU, GPU = {"CPU": 4.0}, {"CPU": 8.0, "GPU": 2.0}


# --- what is refused --------------------------------------------------------------------------------------------------------


def test_a_machine_without_ray_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"^--engine ray needs Ray; pip install 'heatcam\[ray\]'$"):
        require_ray()


def _with_ray(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    monkeypatch.setenv("RAY_ADDRESS", address)


def test_an_address_where_nothing_answers_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        _with_ray(monkeypatch, address)
        require_ray()
    with pytest.raises(
        HeatcamError, match=rf"no Ray answers at RAY_ADDRESS {address} \(.*refused\); start it"
    ):
        require_ray()


def test_an_address_of_a_ray_client_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    _with_ray(monkeypatch, "ray://head:10001")
    with pytest.raises(UsageError, match="is of a Ray client; run it on a machine of the cluster"):
        require_ray()


@pytest.mark.parametrize("address", ["", "local", "auto"])
def test_addresses_that_ray_itself_understands_are_left_to_it(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    _with_ray(monkeypatch, address)
    require_ray()


# --- what an actor gets -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("device", "machines", "gets", "runs_on"),
    [
        (None, [CPU], Share(2, 0), None),
        (None, [CPU, GPU], Share(2, 1), "cuda"),
        ("auto", [GPU], Share(2, 1), "cuda"),
        ("cpu", [GPU], Share(2, 0), "cpu"),
        ("cuda:1", [CPU, GPU], Share(2, 1), "cuda"),
        ("0", [GPU], Share(2, 1), "cuda"),
    ],
)
def test_an_actor_has_a_processor_for_each_stream_and_a_gpu_where_there_are_some(
    device: str | None, machines: list[dict[str, float]], gets: Share, runs_on: str | None
) -> None:
    plan, share = fitted(BatchPlan(device=device, streams=2), machines)
    assert (share, plan.device, plan.threads) == (gets, runs_on, 1)


def test_what_no_machine_has_is_refused_for_ray_would_wait_for_ever() -> None:
    with pytest.raises(DeviceError, match="no machine of the Ray cluster has a GPU; give --device cpu"):
        fitted(BatchPlan(device="cuda"), [CPU])
    with pytest.raises(UsageError, match=r"no machine of the Ray cluster has 9 CPUs .*fewer --streams"):
        fitted(BatchPlan(streams=9), [CPU, GPU])
    with pytest.raises(UsageError, match="has 6 CPUs"):
        fitted(BatchPlan(streams=6, device="cuda"), [{"CPU": 8.0}, {"CPU": 2.0, "GPU": 1.0}])


def test_errors_of_ray_are_one_line_each() -> None:
    lacks = in_words(RuntimeError("traceback\nModuleNotFoundError: No module named 'heatcam'\nmore"))
    assert str(lacks).startswith(
        "a machine of the Ray cluster has no heatcam, or another version of it; pip install"
    )
    assert not isinstance(lacks, PoolError)
    dies = in_words(RuntimeError("The actor died.\n  it was killed\n"))
    assert isinstance(dies, PoolError)
    assert str(dies).startswith(
        "Ray's actors or machines die (RuntimeError:   it was killed)".replace("   ", " ")
    )


# --- what an actor answers --------------------------------------------------------------------------------------------------


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[RayRequest]:
    pytest.importorskip("pyarrow")
    take_the_models_place(monkeypatch)
    monkeypatch.chdir(tmp_path)
    from heatcam import __version__

    yield RayRequest(BatchPlan(), str(tmp_path), __version__)


def test_an_answer_is_that_of_explain_rows(asked: RayRequest, tmp_path: Path) -> None:
    save(tmp_path / "2.png", 2)
    task = Task(
        (4, 7),
        (InputRow("2.png", 4), InputRow("missing.png", 5), InputRow("a.tar/b", 6, "a.tar", "b", (3, 4))),
    )
    actor = ExplainInActor(asked)
    assert answer_of(actor(table_of(task))) == actor._explain(task.batch())


def test_an_error_that_ends_the_run_comes_back_as_itself(
    asked: RayRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_plan: BatchPlan) -> Any:
        raise ModelError("best.pt is damaged", "fetch it again")

    monkeypatch.setattr("heatcam.batch.explain_rows.explainers_for", refuse)
    table = table_of(Task((0, 1), (InputRow("2.png", 0),)))
    with pytest.raises(ModelError, match=r"best\.pt is damaged; fetch it again"):
        answer_of(ExplainInActor(asked)(table))
    assert isinstance(load_facts(asked), ModelError)
    monkeypatch.setattr("heatcam.batch.explain_rows.explainers_for", lambda plan: 1 / 0)
    with pytest.raises(HeatcamError, match=r"an actor of Ray failed \(ZeroDivisionError: division by zero\)"):
        answer_of(ExplainInActor(asked)(table))


def test_a_machine_with_another_heatcam_ends_the_run(asked: RayRequest) -> None:
    other = RayRequest(asked.plan, asked.folder, "0.0.9")
    with pytest.raises(HeatcamError, match=r"has heatcam .* and not 0\.0\.9; pip install heatcam==0\.0\.9"):
        answer_of(ExplainInActor(other)(table_of(Task((0, 1), (InputRow("2.png", 0),)))))
    assert isinstance(load_facts(other), HeatcamError)


# --- the driver's process ---------------------------------------------------------------------------------------------------


def _engine(monkeypatch: pytest.MonkeyPatch, serve: Any) -> RayEngine:
    monkeypatch.setattr(ray_engine, "serve", serve)
    return RayEngine(BatchPlan(), 2)


def test_tasks_are_handed_over_in_lists_and_all_are_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_engine, "_MOST_TASKS", 2)
    engine = _engine(monkeypatch, ray_fakes.serve_here)
    assert isinstance(engine.facts(), ExplainerFacts)
    tasks = [Task((0, 5), (InputRow(f"{n}.png", n),)) for n in range(5)]
    assert [columns["input_index"] for _, columns in engine.run(tasks)] == [[0], [1], [2], [3], [4]]
    engine.close()
    assert engine._process.exitcode == 3  # it ended by itself, and was not killed


def test_errors_of_the_driver_and_its_death_end_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = _engine(monkeypatch, ray_fakes.serve_refused)
    with pytest.raises(ModelError, match=r"best\.pt is damaged"):
        refused.facts()
    refused.close()
    dead = _engine(monkeypatch, ray_fakes.serve_nothing)
    with pytest.raises(HeatcamError, match=r"Ray's driver ended \(exit code -9\)"):
        dead.facts()
    dead.close()
