"""A process that suspects its own network: what it probes, what it counts, and how it goes on."""

import logging
from pathlib import Path

import pytest

from hub.engine.network import LOOK_EVERY_S, PROBE_EVERY_S, PROBE_MAX_S, Network
from hub.errors import Phase
from hub.rules.fairness import Load, Room
from hub.rules.outage import ATTEMPTS_MIN, HOSTS_MIN
from hub.rules.outcome import Kind, Outcome
from hub.store.leases import Claim
from tests.rigs.engine import Engine
from tests.rigs.receivers import Receiver
from tests.rigs.waiting import until

ROOM = Room(Load(512, 10**9), Load(256, 10**9))


def ended(
    n: int, at: float, kind: Kind = "failure", phase: Phase = "connect", host: str = ""
) -> tuple[Claim, Outcome]:
    name = host or f"h{n % HOSTS_MIN}.example"
    claim = Claim(f"dlv{n}", 1, "hook", 1, "evt", False, 10, name)
    return claim, Outcome(kind, at, 0.0, phase=phase, reason="no", url=f"https://{name}/")


@pytest.fixture
def suspicious() -> Network:
    network = Network()
    network.counted([ended(n, 100.0 + n) for n in range(ATTEMPTS_MIN)])
    assert network.is_suspected()
    return network


def test_outcomes_are_counted_in_the_order_in_which_they_ended() -> None:
    network = Network()
    shown = network.counted([ended(n, 100.0 + n) for n in reversed(range(ATTEMPTS_MIN + 2))])
    assert [outcome.kind for _, outcome in shown] == ["failure"] * (ATTEMPTS_MIN - 1) + ["fault"] * 3


def test_it_claims_in_turns_and_leaves_the_hosts_alone_that_it_probes(suspicious: Network) -> None:
    assert suspicious.may_claim(200.0)
    assert suspicious.bounded(ROOM, 200.0).probed_hosts == frozenset()
    assert not suspicious.may_claim(200.0 + LOOK_EVERY_S / 2)
    assert suspicious.may_claim(200.0 + LOOK_EVERY_S)

    claim, _ = ended(0, 0.0, host="probed.example")
    suspicious.begun([claim], 201.0)
    assert suspicious.bounded(ROOM, 210.0).probed_hosts == {"probed.example"}, "it is under way still"
    suspicious.counted([ended(0, 211.0, host="probed.example")])
    assert suspicious.bounded(ROOM, 201.0 + PROBE_EVERY_S - 1).probed_hosts == {"probed.example"}
    assert suspicious.bounded(ROOM, 201.0 + PROBE_EVERY_S).probed_hosts == frozenset()

    suspicious.begun([claim], 300.0)
    assert suspicious.bounded(ROOM, 300.0 + PROBE_MAX_S).probed_hosts == frozenset(), "its end was never seen"


def test_when_somebody_is_reached_it_goes_on_slowly(
    suspicious: Network, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        suspicious.counted([ended(0, 160.0, "success", "body")])
    assert not suspicious.is_suspected()
    assert "no more, after 41 s" in caplog.text
    assert suspicious.may_claim(160.0)
    assert suspicious.bounded(ROOM, 160.0).total.requests_max == 1
    suspicious.counted([ended(n, 161.0 + n, "failure", "head") for n in range(3)])
    room = suspicious.bounded(ROOM, 165.0)
    assert (room.total.requests_max, room.probed_hosts) == (4, None)
    suspicious.counted([ended(n, 170.0, "success", "body") for n in range(100)])
    assert suspicious.bounded(ROOM, 171.0) == ROOM


def test_a_network_that_is_well_is_not_looked_at_twice() -> None:
    network = Network()
    outcomes = [ended(n, 100.0 + n, "success", "body") for n in range(5)]
    assert network.counted(outcomes) == outcomes
    assert network.bounded(ROOM, 1.0) == ROOM
    assert network.may_claim(1.0)
    assert network.may_claim(1.0)


def test_an_outage_of_the_hub_is_charged_to_nobody_and_ends_by_itself(
    database_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level(logging.WARNING),
        Receiver() as receiver,
        Engine(database_url, tmp_path, failure_limit=2, retry_schedule_s=[3600]) as hub,
    ):
        # Nobody listens at these addresses: each refuses the connection.
        dead = [
            hub.hook(f"http://127.0.0.{2 + n % 6}:{receiver.port}/", ["task.*"])
            for n in range(ATTEMPTS_MIN + 10)
        ]
        well = hub.hook(receiver.url, ["story.*"])
        hub.publish(1, "task.create")
        dispatcher = hub.services.dispatcher
        assert dispatcher is not None
        until(dispatcher.network.is_suspected)
        until(lambda: {hub.states(hook)[0] for hook in dead}, lambda states: states == {"retrying"})
        counted = [hub.row(hook).consecutive_failures for hook in dead]
        assert sum(counted) == ATTEMPTS_MIN - 1, "what came before it was suspicious"
        faults = [hub.attempts(hook)[-1] for hook, count in zip(dead, counted, strict=True) if not count]
        assert {attempt.kind for attempt in faults} == {"fault"}
        assert "suspects its own network" in str(faults[0].reason)
        assert "the hub suspects its own network" in caplog.text

        hub.publish(5, "story.create")
        hub.settled(well)
        assert not dispatcher.network.is_suspected()
        assert "suspects its network no more" in caplog.text
        assert {hub.row(hook).state for hook in dead} == {"active", "failing"}
