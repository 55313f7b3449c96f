"""What carries frames between threads: nothing lost of a file, nothing old of a camera, and no thread that waits for ever."""

import threading
import time

from heatcam.live.frame_queue import FrameQueue


def test_a_dropping_belt_keeps_the_newest_and_counts_the_rest():
    queue = FrameQueue(1, drops=True)
    for n in range(5):
        assert queue.put(n)
    assert queue.dropped == 4
    assert queue.take(0) == 4
    assert queue.take(0) is None


def test_losses_do_not_count_while_they_are_meant():
    queue = FrameQueue(1, drops=True)
    queue.counts = False
    queue.put(1)
    queue.put(2)
    assert queue.dropped == 0
    assert queue.take(0) == 2


def test_a_waiting_belt_loses_nothing_and_keeps_the_order():
    queue, taken = FrameQueue(2, drops=False), []
    giver = threading.Thread(target=lambda: [queue.put(n) for n in range(50)] and queue.finish())
    giver.start()
    while not queue.exhausted:
        item = queue.take(1)
        if item is not None:
            taken.append(item)
    giver.join(5)
    assert taken == list(range(50))
    assert queue.dropped == 0


def test_a_giver_that_waits_is_let_go_when_the_belt_is_abandoned():
    queue, answers = FrameQueue(1, drops=False), []
    queue.put(0)
    giver = threading.Thread(target=lambda: answers.append(queue.put(1)))
    giver.start()
    time.sleep(0.05)
    assert giver.is_alive(), "it waits for room"
    queue.abandon()
    giver.join(5)
    assert answers == [False]
    assert queue.take(0) is None


def test_what_lies_on_a_finished_belt_can_still_be_taken():
    queue = FrameQueue(2, drops=False)
    queue.put("last")
    queue.finish()
    assert not queue.exhausted
    assert not queue.put("too late")
    assert queue.peek() == "last"
    assert queue.take(0) == "last"
    assert queue.exhausted


def test_taking_from_an_empty_belt_waits_no_longer_than_asked():
    queue = FrameQueue(1, drops=True)
    started = time.monotonic()
    assert queue.take(0.05) is None
    assert 0.04 < time.monotonic() - started < 2


def test_room_is_always_there_where_the_oldest_may_go():
    waits, drops = FrameQueue(1, drops=False), FrameQueue(1, drops=True)
    assert waits.has_room()
    waits.put(1)
    drops.put(1)
    assert not waits.has_room()
    assert drops.has_room()
