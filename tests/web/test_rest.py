"""The live view rests while nobody watches, and goes on with the present for whoever comes."""

from __future__ import annotations

import time

import cv2
import numpy as np

from heatcam.web.interest import Interest
from heatcam.web.live_parts import LiveSettings
from tests.web.live_fakes import FakeModels, camera, file, live_run, until

SOON = LiveSettings(rests_after_s=0.3)


def test_interest_lasts_a_while_after_a_request_and_after_the_last_viewer() -> None:
    now_s, viewers = [0.0], [0]
    interest = Interest(lambda: viewers[0], 10.0, lambda: now_s[0])
    seen = []
    for now_s[0], viewers[0] in ((9.9, 0), (10.1, 0), (11.0, 1), (50.0, 1), (59.9, 0), (60.1, 0)):
        seen.append(interest.is_there)
    assert seen == [True, False, True, True, True, False]
    interest.note()
    assert interest.is_there


def resting(page):
    """A live view that has run and that nobody watches any more."""
    page.start()
    page.until_phase("running")
    session = page.run._session
    until(lambda: session.rests)
    return session


def test_nothing_is_explained_while_nobody_watches_and_the_camera_stays_open(page_of):
    source, models = camera(), FakeModels()
    page = page_of(live_run(source, models=models, settings=SOON))
    session = resting(page)
    time.sleep(0.1)  # (what was in work)
    asked, shown, given = len(models.explain.asked), session.session.stats.frames_shown, source.newest.given
    time.sleep(0.4)
    assert (len(models.explain.asked), session.session.stats.frames_shown) == (asked, shown)
    assert source.newest.given > given + 5
    assert not source.newest.left.is_set()
    assert page.run.status().fps == 0
    dropped = page.run.status().dropped
    time.sleep(0.2)
    assert page.run.status().dropped == dropped, "frames that nobody asked for are not lost"


def test_who_comes_sees_the_present_at_once_and_never_the_picture_from_before(page_of):
    page = page_of(live_run(camera(), settings=SOON))
    session = resting(page)
    last = session.session.presenter.shown.entry.explanation.frame.frame_index
    time.sleep(0.5)
    with page.watch() as client:
        began = time.monotonic()
        header, _ = client.next()
        assert time.monotonic() - began < 1
        assert header["status"]["position_s"] > last / 100 + 0.4
        assert header["status"]["phase"] == "running"
        time.sleep(0.6)
        assert not session.rests, "a viewer keeps it awake"
        client.next()
    until(lambda: session.rests)


def test_a_request_for_the_status_wakes_it_and_a_snapshot_is_of_the_present(page_of):
    page = page_of(live_run(camera(), settings=SOON))
    session = resting(page)
    assert page.status["phase"] == "running"
    until(lambda: not session.rests)
    until(lambda: session.rests)
    before = session.session.presenter.shown.entry.explanation.frame.frame_index
    time.sleep(0.3)
    answer = page.http.get("/live/snapshot.png?view=original")
    assert answer.status_code == 200
    picture = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
    assert (int(picture[0, 0, 0]) - before) % 256 >= 25  # (each frame is one shade lighter)


def test_numbers_for_a_supervisor_do_not_wake_it(page_of):
    page = page_of(live_run(camera(), settings=SOON))
    session = resting(page)
    page.run.status()
    page.http.get("/session")
    time.sleep(0.1)
    assert session.rests


def test_a_file_stands_still_and_goes_on_from_where_it_was(page_of):
    page = page_of(live_run(file(500), settings=SOON))
    session = resting(page)
    time.sleep(0.1)
    at_s = page.run.status().position_s
    time.sleep(0.8)
    assert page.run.status().position_s == at_s
    with page.watch() as client:
        header, _ = client.next()
        assert at_s <= header["status"]["position_s"] < at_s + 0.3
        until(lambda: client.next()[0]["status"]["position_s"] > at_s + 0.2)
    assert session is page.run._session


def test_a_recording_goes_on_although_nobody_watches(page_of):
    page = page_of(live_run(camera(fps=30), settings=LiveSettings(rests_after_s=0.3)))
    page.start()
    page.until_phase("running")
    page.post("recording/start")
    time.sleep(1.0)
    assert not page.run._session.rests
    assert page.post("recording/stop")["seconds"] > 0.9
    until(lambda: page.run._session.rests)


def test_changes_made_while_it_rests_hold_and_a_pause_stays_a_pause(page_of):
    page = page_of(live_run(camera(), settings=SOON))
    session = resting(page)
    page.change(paused=True)
    time.sleep(0.6)
    assert session.session.current.rests and not session.rests
    with page.watch() as client:
        header, _ = client.next()
        assert header["status"]["state"]["paused"]
        position = header["status"]["position_s"]
        assert client.next()[0]["status"]["position_s"] == position
        page.post("action", action="step_forward")
        assert client.next_where(lambda status: status["position_s"] != position) is not None
        page.change(paused=False, heatmap=False)
        client.next_where(lambda status: status["mode"] == "NORMAL")
        first = client.status["position_s"]
        client.next_where(lambda status: status["position_s"] > first)
