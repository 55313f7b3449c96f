"""The page's screen: events in, pictures out, no window."""

import numpy as np
import pytest

from heatcam.live import Choose
from heatcam.sinks import Action, Click
from heatcam.web.page_screen import PageScreen, SessionOverError


def test_events_come_in_their_order_and_are_answered_when_the_next_are_asked_for():
    screen = PageScreen(lambda _: None)
    first, second = screen.ask(Choose({"alpha": 0.1})), screen.ask(Action.PAUSE)
    assert screen.poll() == [Choose({"alpha": 0.1}), Action.PAUSE]
    assert not first.done()
    assert screen.poll() == []
    assert first.done() and second.done()


def test_events_that_nobody_answers_any_more_say_so():
    with PageScreen(lambda _: None) as screen:
        waits = screen.ask(Action.PAUSE)
        screen.poll()
        late = screen.ask(Action.PAUSE)
    for future in (waits, late, screen.ask(Action.PAUSE)):
        with pytest.raises(SessionOverError):
            future.result(0)


def test_who_gives_up_waiting_does_not_disturb_the_session():
    screen = PageScreen(lambda _: None)
    assert not screen.ask(Action.PAUSE).cancel()
    screen.poll()
    screen.poll()


def test_a_picture_is_drawn_as_large_as_it_is_sent():
    screen = PageScreen(lambda _: None, most_wide=1280)
    assert screen.room_wh((640, 480)) == (640, 480)
    assert screen.room_wh((3840, 2160)) == (1280, 720)
    assert screen.room_wh((1080, 1920)) == (720, 1280)


def test_clicks_are_in_shares_of_the_picture_shown():
    shown = []
    screen = PageScreen(shown.append)
    assert not screen.is_open
    screen.show(np.zeros((100, 200, 3), np.uint8))
    assert screen.is_open
    assert (screen.click_at(0.5, 0.25), screen.click_at(1, 1)) == (Click(100, 25), Click(199, 99))
    assert screen.size_wh() is None
    assert len(shown) == 1
