"""What carries frames between threads: nothing lost of a file, nothing old of a camera, and no thread that waits for ever."""

import _thread
import threading
import time

import pytest

from heatcam.runtime import FrameQueue, WhenFull


def test_a_dropping_queue_keeps_the_newest_and_counts_the_rest():
    queue = FrameQueue(1, WhenFull.DROP_OLDEST)
    for n in range(5):
        assert queue.put(n)
    assert queue.dropped == 4
    assert queue.take(0) == 4
    assert queue.take(0) is None


def test_losses_do_not_count_while_they_are_meant():
    queue = FrameQueue(1, WhenFull.DROP_OLDEST)
    queue.counts = False
    queue.put(1)
    queue.put(2)
    assert queue.dropped == 0
    assert queue.take(0) == 2


def test_a_waiting_queue_loses_nothing_and_keeps_the_order():
    queue, taken = FrameQueue(2, WhenFull.WAIT), []
    giver = threading.Thread(target=lambda: [queue.put(n) for n in range(50)] and queue.finish())
    giver.start()
    while not queue.exhausted:
        item = queue.take(1)
        if item is not None:
            taken.append(item)
    giver.join(5)
    assert taken == list(range(50))
    assert queue.dropped == 0


def test_a_giver_that_waits_is_let_go_when_the_queue_is_abandoned():
    queue, answers = FrameQueue(1, WhenFull.WAIT), []
    queue.put(0)
    giver = threading.Thread(target=lambda: answers.append(queue.put(1)))
    giver.start()
    time.sleep(0.05)
    assert giver.is_alive(), "it waits for room"
    queue.abandon()
    giver.join(5)
    assert answers == [False]
    assert queue.take(0) is None


def test_what_lies_in_a_finished_queue_can_still_be_taken():
    queue = FrameQueue(2, WhenFull.WAIT)
    queue.put("last")
    queue.finish()
    assert not queue.exhausted
    assert not queue.put("too late")
    assert queue.peek() == "last"
    assert queue.take(0) == "last"
    assert queue.exhausted


def test_taking_from_an_empty_queue_waits_no_longer_than_asked():
    queue = FrameQueue(1, WhenFull.DROP_OLDEST)
    started = time.monotonic()
    assert queue.take(0.05) is None
    assert 0.04 < time.monotonic() - started < 2


def test_room_is_always_there_where_the_oldest_may_go():
    waits, drops = FrameQueue(1, WhenFull.WAIT), FrameQueue(1, WhenFull.DROP_OLDEST)
    assert waits.has_room()
    waits.put(1)
    drops.put(1)
    assert not waits.has_room()
    assert drops.has_room()


def test_an_item_that_finds_no_room_is_not_taken_where_the_newest_is_dropped():
    queue = FrameQueue(2, WhenFull.DROP_NEWEST)
    assert [queue.put(n) for n in range(4)] == [True, True, False, False]
    assert queue.has_room(), "nobody waits"
    assert [queue.take(0), queue.take(0)] == [0, 1]
    assert queue.dropped == 2
    queue.finish()
    assert not queue.put(5)
    assert queue.dropped == 3, "one that comes too late is lost as well"


def test_whoever_iterates_gets_every_item_and_then_what_ended_the_writer():
    queue, taken = FrameQueue(3, WhenFull.WAIT), []
    for item in (1, None, 2):
        queue.put(item)
    queue.finish(ZeroDivisionError("in the writer"))
    with pytest.raises(ZeroDivisionError, match="in the writer"):
        for item in queue:
            taken.append(item)
    assert taken == [1, None, 2]


def test_an_owner_waits_for_items_and_for_more_on_one_condition():
    changed, woken = threading.Condition(), []
    queue = FrameQueue(1, WhenFull.DROP_OLDEST, changed=changed)

    def wait():
        with changed:
            woken.append(changed.wait_for(lambda: queue.peek() == 1, 5))

    waiter = threading.Thread(target=wait)
    waiter.start()
    with changed:  # an owner may hold it
        queue.put(0)
        queue.put(1)
    waiter.join(5)
    assert woken == [True]


@pytest.mark.parametrize("is_full", [True, False])
def test_ctrl_c_ends_a_wait_for_room_and_a_wait_for_an_item(is_full):
    queue = FrameQueue(1, WhenFull.WAIT)
    if is_full:
        queue.put(0)
    timer = threading.Timer(0.1, _thread.interrupt_main)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        queue.put(1) if is_full else next(iter(queue))
    timer.join()
    assert queue.take(0) == (0 if is_full else None), "the queue is none the worse"
    assert queue.put(2)
