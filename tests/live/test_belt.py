"""What carries frames between threads: nothing lost of a file, nothing old of a camera, and no thread that waits for ever."""

import threading
import time

from heatcam.live.belt import Belt


def test_a_dropping_belt_keeps_the_newest_and_counts_the_rest():
    belt = Belt(1, drops=True)
    for n in range(5):
        assert belt.put(n)
    assert belt.dropped == 4
    assert belt.take(0) == 4
    assert belt.take(0) is None


def test_losses_do_not_count_while_they_are_meant():
    belt = Belt(1, drops=True)
    belt.counts = False
    belt.put(1)
    belt.put(2)
    assert belt.dropped == 0
    assert belt.take(0) == 2


def test_a_waiting_belt_loses_nothing_and_keeps_the_order():
    belt, taken = Belt(2, drops=False), []
    giver = threading.Thread(target=lambda: [belt.put(n) for n in range(50)] and belt.finish())
    giver.start()
    while not belt.exhausted:
        item = belt.take(1)
        if item is not None:
            taken.append(item)
    giver.join(5)
    assert taken == list(range(50))
    assert belt.dropped == 0


def test_a_giver_that_waits_is_let_go_when_the_belt_is_abandoned():
    belt, answers = Belt(1, drops=False), []
    belt.put(0)
    giver = threading.Thread(target=lambda: answers.append(belt.put(1)))
    giver.start()
    time.sleep(0.05)
    assert giver.is_alive(), "it waits for room"
    belt.abandon()
    giver.join(5)
    assert answers == [False]
    assert belt.take(0) is None


def test_what_lies_on_a_finished_belt_can_still_be_taken():
    belt = Belt(2, drops=False)
    belt.put("last")
    belt.finish()
    assert not belt.exhausted
    assert not belt.put("too late")
    assert belt.peek() == "last"
    assert belt.take(0) == "last"
    assert belt.exhausted


def test_taking_from_an_empty_belt_waits_no_longer_than_asked():
    belt = Belt(1, drops=True)
    started = time.monotonic()
    assert belt.take(0.05) is None
    assert 0.04 < time.monotonic() - started < 2


def test_room_is_always_there_where_the_oldest_may_go():
    waits, drops = Belt(1, drops=False), Belt(1, drops=True)
    assert waits.has_room()
    waits.put(1)
    drops.put(1)
    assert not waits.has_room()
    assert drops.has_room()
