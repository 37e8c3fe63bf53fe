"""A connection that is down: one try at a time, told once, and open again as soon as the broker answers."""

from dataclasses import replace

import pytest

from hub.errors import DeliveryError
from hub.targets.brokers.breakers import FIRST_PAUSE_S, PAUSE_MAX_S, PROBE_MAX_S, Breakers
from hub.targets.brokers.client import Broker, not_taken, refused, too_large, unanswered, unreachable

BROKER = Broker("queue", "nats", "nats://127.0.0.1:4222")
DOWN = unreachable("is not to be had")


class Rig:
    def __init__(self) -> None:
        self.now = 1000.0
        self.told: list[tuple[str, str | None]] = []
        self.breakers = Breakers(lambda name, error: self.told.append((name, error)), lambda: self.now)

    def sent(self, error: DeliveryError | None, broker: Broker = BROKER) -> bool:
        is_probe = self.breakers.enter(broker)
        if error is None:
            self.breakers.worked(broker)
        else:
            self.breakers.failed(broker, error, is_probe)
        return is_probe

    def put_off(self, broker: Broker = BROKER) -> float:
        with pytest.raises(DeliveryError, match="not tried: the connection queue is down") as caught:
            self.breakers.enter(broker)
        assert caught.value.fault == "receiver"
        assert caught.value.after_s is not None
        return caught.value.after_s


def test_a_connection_that_is_down_is_tried_after_growing_pauses_and_told_once() -> None:
    rig = Rig()
    rig.sent(DOWN)
    for pause_s in (FIRST_PAUSE_S, 10, 20, PAUSE_MAX_S, PAUSE_MAX_S):
        assert rig.put_off() == pause_s
        rig.now += pause_s
        assert rig.sent(DOWN) is True
    assert rig.told == [("queue", "is not to be had")]
    rig.now += PAUSE_MAX_S
    assert rig.sent(None) is True
    assert rig.sent(None) is False
    assert rig.told == [("queue", "is not to be had"), ("queue", None)]


def test_while_one_tries_all_others_are_put_off_and_a_try_that_is_lost_does_not_hold_them_for_ever() -> None:
    rig = Rig()
    rig.sent(DOWN)
    rig.now += FIRST_PAUSE_S
    assert rig.breakers.enter(BROKER) is True
    assert rig.put_off() == FIRST_PAUSE_S
    rig.now += PROBE_MAX_S
    assert rig.breakers.enter(BROKER) is True


def test_of_what_was_under_way_when_it_went_down_one_counts_and_the_pause_stays_short() -> None:
    rig = Rig()
    under_way = [rig.breakers.enter(BROKER) for _ in range(3)]
    ends = [rig.breakers.failed(BROKER, unanswered("silence"), is_probe) for is_probe in under_way]
    assert [(end.after_s, end.was_sent) for end in ends] == [(None, True), *[(FIRST_PAUSE_S, True)] * 2]
    assert rig.put_off() == FIRST_PAUSE_S


@pytest.mark.parametrize(
    "error", [not_taken("no queue"), too_large("big"), refused("no"), DeliveryError("x", "none", "hub")]
)
def test_what_is_no_fault_of_the_connection_closes_nothing(error: DeliveryError) -> None:
    rig = Rig()
    rig.sent(error)
    rig.sent(error)
    assert rig.told == []


def test_a_broker_that_says_no_is_there() -> None:
    rig = Rig()
    rig.sent(DOWN)
    rig.now += FIRST_PAUSE_S
    rig.sent(not_taken("no queue"))
    assert rig.sent(None) is False


def test_a_try_that_says_nothing_leaves_the_next_one_to_try() -> None:
    rig = Rig()
    rig.sent(DOWN)
    rig.now += FIRST_PAUSE_S
    rig.sent(too_large("big"))
    assert rig.sent(None) is True


def test_a_connection_that_was_changed_is_tried_at_once() -> None:
    rig = Rig()
    rig.sent(DOWN)
    assert rig.sent(None, replace(BROKER, username="ann")) is False


def test_what_another_process_found_down_is_told_to_be_well() -> None:
    rig = Rig()
    rig.sent(None, replace(BROKER, last_error="is down"))
    assert rig.told == [("queue", None)]
