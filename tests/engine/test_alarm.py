"""What wakes the dispatcher."""

import threading
import time

from hub.engine.alarm import Alarm
from tests.rigs.waiting import DEADLINE_S


def test_one_that_is_set_is_not_waited_for_and_is_over_then() -> None:
    alarm = Alarm()
    alarm.set()
    began = time.monotonic()
    alarm.wait(DEADLINE_S)
    assert time.monotonic() - began < DEADLINE_S / 2
    alarm.wait(0.01)
    assert time.monotonic() - began >= 0.01, "it has been waited for"


def test_what_may_wait_a_little_waits_no_longer_and_never_puts_off_what_is_due() -> None:
    alarm = Alarm()
    alarm.within(0.02)
    alarm.within(DEADLINE_S)
    began = time.monotonic()
    alarm.wait(DEADLINE_S)
    assert 0.01 < time.monotonic() - began < DEADLINE_S / 2


def test_another_thread_wakes_whoever_waits() -> None:
    alarm, woken = Alarm(), threading.Event()

    def wait() -> None:
        alarm.wait(DEADLINE_S)
        woken.set()

    threading.Thread(target=wait).start()
    alarm.within(0.001)
    assert woken.wait(DEADLINE_S / 2)
