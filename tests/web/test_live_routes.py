"""The live view over HTTP: start and stop, changes while it runs, failures, files."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import cv2
import httpx
import numpy as np
import pytest

from heatcam.web import page_session
from heatcam.web.live_parts import LiveSettings
from tests.live.streams import BOX, SIZE_WH, FakeExplainer
from tests.web.conftest import Page
from tests.web.live_fakes import FakeModels, camera, colour_in, file, live_run, refused, served, until

MIDDLE = {"x": (BOX[0] + BOX[2]) / 2 / SIZE_WH[0], "y": (BOX[1] + BOX[3]) / 2 / SIZE_WH[1]}


@pytest.fixture(scope="module")
def stopped():
    """A live view that nobody starts."""
    run = live_run(camera())
    with served(run) as address, httpx.Client(base_url=f"http://{address}") as http:
        yield Page(run, address, http)


def running(page, **wanted):
    page.start(**wanted)
    return page.until_phase("running")


def test_nothing_is_opened_before_somebody_starts(page_of):
    source, models = camera(), FakeModels()
    page = page_of(live_run(source, models=models))
    assert page.status["phase"] == "stopped"
    assert (source.made, models.loads) == ([], 0)
    status = running(page)
    assert (status["source"], status["model"], status["device"], status["backend"]) == (
        "a",
        "fake",
        "cpu",
        "fake fp32",
    )
    assert status["size_wh"] == list(SIZE_WH)
    assert status["detections"][0]["box_xyxy"] == pytest.approx([0.25, 0.25, 0.65, 0.78333], abs=1e-4)


def test_start_and_stop_can_be_asked_for_twice_and_stop_releases_the_camera(page_of):
    source = camera()
    page = page_of(live_run(source))
    running(page)
    running(page)
    assert len(source.made) == 1
    assert page.post("stop")["phase"] == "stopped"
    assert source.newest.left.is_set()
    assert page.post("stop")["phase"] == "stopped"
    assert page.status["size_wh"] is None, "the last picture is not kept"


def test_the_toggle_changes_the_picture_while_it_runs(page_of):
    source = camera()
    page = page_of(live_run(source))
    page.change(boxes=False)
    running(page)
    with page.watch() as client:
        hot = client.next_where(lambda status: status["mode"] == "HEATMAP")
        assert page.change(heatmap=False)["mode"] == "NORMAL"
        plain = client.next_where(lambda status: status["mode"] == "NORMAL")
        page.post("action", action="toggle_heatmap")
        until(lambda: colour_in(client.next()[1]) > 60)  # (the next frame has a map again)
    assert colour_in(hot) > 60
    assert colour_in(plain) < 12  # (JPEG)
    assert len(source.made) == 1


def test_a_click_focuses_the_object_and_one_elsewhere_all(page_of):
    page = page_of(live_run(camera()))
    running(page)
    until(lambda: page.status["detections"])
    object_id = page.status["detections"][0]["object_id"]
    assert page.post("click", **MIDDLE)["state"]["focus"] == object_id
    until(lambda: page.status["detections"][0]["energy_in_box"] is not None)
    assert page.post("click", x=0.01, y=0.01)["state"]["focus"] is None
    assert page.change(focus=object_id)["state"]["focus"] == object_id
    wrong = page.http.patch("/live/state", json={"focus": 12})
    assert wrong.status_code == 422
    assert str(object_id) in wrong.json()["detail"]


def test_overlap_and_classes_change_without_the_model_or_the_video_starting_again(page_of):
    source, models = camera(), FakeModels()
    page = page_of(live_run(source, models=models))
    running(page)
    until(lambda: page.status["detections"])
    page.change(classes=["cat"], iou=0.3)
    until(lambda: not page.status["detections"])
    assert models.explain.asked[-1][1].iou == 0.3
    page.change(classes=["0"])
    until(lambda: page.status["detections"])
    wrong = page.http.patch("/live/state", json={"classes": ["dog"]})
    assert (wrong.status_code, wrong.json()["detail"]) == (
        422,
        "the model has no class 'dog'; it has 2: thing, cat",
    )
    assert (models.loads, len(source.made)) == (1, 1)


def test_another_source_or_model_restarts_it_with_the_same_choices(page_of):
    first, second, models = camera(), camera(), FakeModels()
    page = page_of(live_run(first, second, models=models))
    running(page)
    page.change(colormap="viridis", alpha=0.4)
    status = running(page, source="b")
    assert (status["source"], status["state"]["colormap"], status["state"]["alpha"]) == ("b", "viridis", 0.4)
    assert first.newest.left.is_set()
    assert running(page, model="other")["model"] == "other"
    assert models.asked == ["fake", "fake", "other"]
    assert page.status["state"]["alpha"] == 0.4


def test_choices_made_while_it_is_stopped_hold_for_the_next_start(page_of):
    page = page_of(live_run(camera()))
    assert page.change(heatmap=False, every=3)["state"]["every"] == 3
    running(page)
    assert (page.status["state"]["heatmap"], page.status["state"]["every"]) == (False, 3)
    page.change(alpha=0.2)
    assert page.post("stop")["state"]["alpha"] == 0.2


@pytest.mark.parametrize(
    ("method", "path", "body", "says"),
    [
        ("POST", "start", {"source": "/etc/passwd"}, "there are a"),
        ("POST", "start", {"model": "x.pt"}, "fake"),
        ("POST", "start", {"path": "x"}, "there are source, model"),
        ("PATCH", "state", {"heatmop": True}, "did you mean 'heatmap'?"),
        ("PATCH", "state", {"colormap": "rainbow"}, "'turbo', 'inferno'"),
        ("PATCH", "state", {"method": "magic"}, "live, gradcam"),
        ("PATCH", "state", {"every": 4}, "1, 2, 3 or 5"),
        ("PATCH", "state", {"alpha": 2}, "less than or equal to 1"),
        ("PATCH", "state", {"heatmap": "yes"}, "valid boolean"),
        ("PATCH", "state", [1], "valid dictionary"),
        ("POST", "action", {"action": "quit"}, "'toggle_heatmap'"),
        ("POST", "seek", {"seconds": -1}, "greater than or equal to 0"),
        ("POST", "click", {"x": 0.5}, "y"),
    ],
)
def test_what_there_is_not_is_refused_by_naming_what_there_is(stopped, method, path, body, says):
    answer = stopped.http.request(method, f"/live/{path}", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert says in answer.json()["detail"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("action", {"action": "pause"}),
        ("click", {"x": 0.5, "y": 0.5}),
        ("seek", {"seconds": 1}),
        ("recording/start", None),
        ("recording/stop", None),
    ],
)
def test_what_needs_a_picture_says_to_start_first(stopped, path, body):
    answer = stopped.http.post(f"/live/{path}", json=body)
    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        "the live view does not run; start it first",
    )
    assert stopped.http.get("/live/snapshot.png").status_code == 409


def test_a_source_that_dies_is_told_with_its_next_step_and_can_be_started_again(page_of):
    page = page_of(live_run(camera(dies_at=5)))
    running(page)
    status = page.until_phase("failed")
    assert status["reason"] == "the camera is gone; plug it in"
    assert page.start()["phase"] in ("starting", "loading", "running")


def test_a_source_that_cannot_be_opened_and_a_model_that_cannot_be_loaded_are_told(page_of):
    page = page_of(live_run(refused, camera(), models=FakeModels(broken=True)))
    status = page.start()
    assert (status["phase"], status["reason"]) == (
        "failed",
        "there is no camera 7; heatcam cameras lists them",
    )
    page.start(source="b")
    assert page.until_phase("failed")["reason"] == "the file is no model; give another"
    until(lambda: not page.status["viewers"])


def test_a_fault_of_heatcam_is_told_without_its_text_being_lost(page_of):
    def explain(of, request):
        raise ZeroDivisionError("a defect")

    page = page_of(live_run(camera(), models=FakeModels(explain=explain_with(explain))))
    page.start()
    assert "a defect" in page.until_phase("failed")["reason"]


def explain_with(function):
    class Explains(FakeExplainer):
        def __call__(self, of, request):
            return function(of, request)

    return Explains()


def test_while_the_model_loads_the_source_is_shown(page_of):
    page = page_of(live_run(camera(), models=FakeModels(load_s=0.5)))
    page.start()
    status = page.until_phase("loading")
    assert (status["mode"], status["size_wh"]) == ("NORMAL", list(SIZE_WH))
    assert status["note"].startswith("loading fake ... ")
    page.until_phase("running")


def test_the_end_of_a_file_stays_and_can_be_left_by_seeking(page_of):
    page = page_of(live_run(file(20)))
    page.start()
    status = page.until_phase("ended")
    assert (status["position_s"], status["duration_s"], status["can_seek"]) == (0.19, 0.2, True)
    assert page.change(paused=True)["state"]["paused"]
    page.post("seek", seconds=0.05)
    until(lambda: page.status["position_s"] == 0.05)
    assert page.status["phase"] == "running"
    page.change(paused=False)
    page.until_phase("ended")
    page.post("start")
    until(lambda: page.status["phase"] == "running")


def test_a_stream_that_cannot_seek_ends_and_says_so(page_of):
    page = page_of(live_run(file(5, can_seek=False)))
    page.start()
    page.until_phase("ended")
    answer = page.http.post("/live/seek", json={"seconds": 0})
    assert answer.status_code == 409
    camera_page = page_of(live_run(camera()))
    running(camera_page)
    answer = camera_page.http.post("/live/seek", json={"seconds": 0})
    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        "stream cannot be sought in: only files can",
    )


def test_fifty_changes_at_once_are_all_answered_and_the_picture_goes_on(page_of):
    page = page_of(live_run(camera()))
    running(page)
    with ThreadPoolExecutor(50) as pool:
        alphas = [n / 50 for n in range(50)]
        states = list(pool.map(lambda alpha: page.change(alpha=alpha)["state"]["alpha"], alphas))
    assert set(states) <= set(alphas)
    assert page.status["state"]["alpha"] in alphas
    before = page.status["position_s"]
    until(lambda: page.status["position_s"] > before)


def test_a_snapshot_is_what_is_shown_or_a_view_of_it(page_of):
    page = page_of(live_run(camera()))
    running(page)
    until(lambda: page.status["detections"])
    shown = page.http.get("/live/snapshot.png")
    assert shown.headers["content-disposition"].startswith('attachment; filename="heatcam-')
    assert decoded(shown).shape == (SIZE_WH[1], SIZE_WH[0], 3)
    plain = decoded(page.http.get("/live/snapshot.png?view=original"))
    assert (plain.max(2) == plain.min(2)).all()
    page.change(heatmap=False)
    until(lambda: page.status["mode"] == "NORMAL")
    failed = page.http.get("/live/snapshot.png?view=heatmap")
    assert failed.status_code == 409
    assert page.http.get("/live/snapshot.png?view=magic").status_code == 422


def decoded(answer):
    assert answer.status_code == 200, answer.text
    return cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)


def test_a_recording_is_downloaded_plays_and_is_deleted(page_of, tmp_path):
    run = live_run(camera(fps=30))
    page = page_of(run)
    running(page)
    assert page.post("recording/start")["recording_s"] is not None
    page.post("recording/start")  # without effect
    time.sleep(0.7)
    done = page.post("recording/stop")
    assert page.http.get("/live/recordings").json() == {"recordings": [done]}
    answer = page.http.get(f"/live/recordings/{done['id']}")
    assert len(answer.content) == done["bytes"]
    assert done["name"] in answer.headers["content-disposition"]
    assert answer.headers["content-disposition"].startswith("attachment")
    path = tmp_path / "a.mp4"
    path.write_bytes(answer.content)
    film = cv2.VideoCapture(str(path))
    frames = sum(1 for _ in iter(lambda: film.read()[0], False))
    assert frames >= 5
    folder = run.recordings.folder
    assert (folder.stat().st_mode & 0o777) == 0o700
    assert page.http.delete(f"/live/recordings/{done['id']}").status_code == 204
    assert page.http.get(f"/live/recordings/{done['id']}").status_code == 404
    run.close()
    assert not folder.exists()


def test_recordings_are_limited_and_one_that_runs_is_finished_at_the_end(page_of):
    page = page_of(live_run(camera(fps=30), settings=LiveSettings(recordings=1, recording_s=0.3)))
    running(page)
    page.post("recording/start")
    until(lambda: page.status["recording_s"] is None)
    until(lambda: page.http.get("/live/recordings").json()["recordings"])
    refused_one = page.http.post("/live/recording/start")
    assert (refused_one.status_code, "delete one first" in refused_one.json()["detail"]) == (409, True)
    (done,) = page.http.get("/live/recordings").json()["recordings"]
    page.http.delete(f"/live/recordings/{done['id']}")
    page.post("recording/start")
    page.post("stop")
    assert len(page.http.get("/live/recordings").json()["recordings"]) == 1


def test_attention_is_a_series_of_each_object_once_it_has_its_own_map(page_of):
    page = page_of(live_run(camera()))
    page.change(object_maps=False)
    running(page)
    assert page.http.get("/live/attention").json() == {"objects": []}
    page.change(object_maps=True)

    def points():
        objects = page.http.get("/live/attention").json()["objects"]
        return len(objects[0]["seconds"]) if objects else 0

    until(lambda: points() >= 2)
    (series,) = page.http.get("/live/attention").json()["objects"]
    assert series["class_name"] == "thing"
    assert series["colour"] == page.status["detections"][0]["colour"]
    assert series["seconds"] == sorted(series["seconds"])
    assert series["seconds"][-1] <= 0
    assert all(0 <= energy <= 1 for energy in series["energy_in_box"])


def test_a_camera_that_does_not_let_go_is_told(page_of, monkeypatch):
    monkeypatch.setattr(page_session, "_RELEASES_IN_S", 0.1)
    source = camera(blocks_at=3)
    page = page_of(live_run(source))
    page.start()
    until(lambda: source.newest.given == 3)
    status = page.post("stop")
    assert (status["phase"], status["reason"]) == (
        "failed",
        "stream does not let go; unplug it or start heatcam again",
    )
    page.start()
    for stream in source.made:
        stream.unblock.set()
    assert page.until_phase("running")["reason"] == ""


def test_the_threads_of_a_live_view_end_with_it(page_of):
    page = page_of(live_run(camera()))
    for _ in range(3):
        running(page)
        page.post("stop")
    own = {"heatcam page session", "heatcam inference", "heatcam capture", "heatcam jpeg"}
    until(lambda: not own & {thread.name for thread in threading.enumerate()})
