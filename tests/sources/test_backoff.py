import random

import pytest

from heatcam.sources.backoff import JITTER, Backoff


class NoJitter(random.Random):
    def uniform(self, a, b):
        return 1.0


def test_waits_double_from_one_second_to_thirty():
    backoff = Backoff(NoJitter())
    assert [backoff.next_wait_s() for _ in range(8)] == [1, 2, 4, 8, 16, 30, 30, 30]
    assert backoff.attempt == 8


def test_a_minute_of_health_starts_anew_and_less_does_not():
    backoff = Backoff(NoJitter())
    for _ in range(4):
        backoff.next_wait_s()
    backoff.lost(59.9)
    assert backoff.next_wait_s() == 16
    backoff.lost(60.0)
    assert backoff.next_wait_s() == 1


@pytest.mark.parametrize("seed", range(20))
def test_jitter_is_there_and_small(seed):
    waits_s = [Backoff(random.Random(seed + n)).next_wait_s() for n in range(50)]
    assert len(set(waits_s)) == 50
    assert all(1 - JITTER <= wait_s <= 1 + JITTER for wait_s in waits_s)


def test_a_thousand_attempts_do_not_overflow():
    backoff = Backoff(NoJitter(), attempt=5000)
    assert backoff.next_wait_s() == 30
