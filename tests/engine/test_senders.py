"""Who makes an attempt: a loop for quick hooks, one for the others, a few threads for what is no HTTP."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from queue import SimpleQueue

import pytest

from connectors.base import Answer, Event
from hub.engine.delivery import Shipment
from hub.engine.senders import RENDERED_APART_BYTES, THREADS_MAX, Senders
from hub.rules.outcome import Outcome
from hub.rules.settings import Settings
from hub.store.clock import Clock
from hub.store.destinations import Destination
from hub.store.leases import Claim
from hub.targets.addresses import Addresses
from hub.targets.outbound import Outbound
from hub.targets.transport import Receipt, Request
from tests.rigs.doors import LOOPBACK, Names
from tests.rigs.receivers import Receiver, hang
from tests.rigs.waiting import DEADLINE_S

EVENT = Event("evt_1", "story.create", "2026-11-23T21:04:06.123Z", "DEMO", b'{"a":1}')


class Loft:
    """A transport that is no HTTP; its pigeons fly when it is opened."""

    def __init__(self, _: Addresses) -> None: ...

    is_open = threading.Event()

    def send(self, request: Request) -> Receipt:
        assert self.is_open.wait(DEADLINE_S)
        return Receipt(Answer(None, "cooed"), "body", "loft 7", 0.5)

    def close(self) -> None: ...


class Rig:
    def __init__(self) -> None:
        self.then: Callable[[], None] = lambda: None
        self._destinations: dict[object, Destination] = {}
        self.ended: SimpleQueue[tuple[str, Outcome, str]] = SimpleQueue()
        self.door = Outbound(allow=LOOPBACK, resolve=Names(["127.0.0.1"]), transports={"pigeon": Loft})
        self.senders = Senders(self.door, Clock(), self._ended, lambda: None)

    def send(
        self,
        url: str,
        hook_id: str,
        delivery_id: str,
        is_slow: bool = False,
        template: str | None = None,
        event: Event = EVENT,
        timeout_s: float = DEADLINE_S,
    ) -> None:
        made = Destination(hook_id, 1, "DEMO", url, "standard", True, {}, None, (), template=template)
        destination = self._destinations.setdefault((hook_id, url, template), made)
        claim = Claim(delivery_id, 1, hook_id, 1, event.id, is_slow)
        settings = Settings(attempt_timeout_s=timeout_s, connect_timeout_s=timeout_s)
        self.senders.send(claim, Shipment(delivery_id, 1, event, destination), settings)

    def _ended(self, claim: Claim, outcome: Outcome) -> None:
        self.then()
        self.ended.put((claim.delivery_id, outcome, threading.current_thread().name))


@pytest.fixture
def rig() -> Iterator[Rig]:
    made = Rig()
    yield made
    made.senders.stop()
    made.door.close()


def test_slow_hooks_have_a_loop_of_their_own(rig: Rig) -> None:
    with Receiver() as receiver:
        for delivery_id, is_slow in (("quick", False), ("slow", True)):
            rig.send(receiver.url, "hook_1", delivery_id, is_slow)
            name, outcome, thread = rig.ended.get(timeout=DEADLINE_S)
            assert (name, outcome.kind, thread) == (delivery_id, "success", f"sender-{delivery_id}")


def test_who_is_told_an_outcome_may_send_the_next_from_there(rig: Rig) -> None:
    with Receiver() as receiver:
        left = list(range(20))

        def next_one() -> None:
            if left:
                rig.send(receiver.url, "hook_1", f"dlv_{left.pop()}")

        rig.then = next_one
        next_one()
        assert [rig.ended.get(timeout=DEADLINE_S)[1].kind for _ in range(20)] == ["success"] * 20
        assert receiver.connections == 1


def test_what_is_no_http_goes_by_a_few_threads_and_hanging_pigeons_hold_up_no_loop(rig: Rig) -> None:
    many = THREADS_MAX + 5
    for n in range(many):
        rig.send("pigeon://loft/7", "hook_1", f"dlv_{n}")
    with Receiver(hang()) as receiver:
        rig.send(receiver.url, "hook_2", "hanging", timeout_s=1)
        assert rig.ended.get(timeout=DEADLINE_S)[1].kind == "failure"
    Loft.is_open.set()
    assert {rig.ended.get(timeout=DEADLINE_S)[0] for _ in range(many)} == {f"dlv_{n}" for n in range(many)}
    rig.senders.let_start("hook_1", DEADLINE_S)
    assert len([t for t in threading.enumerate() if t.name.startswith("sender-")]) <= THREADS_MAX + 2


def test_a_url_that_nothing_sends_to_is_refused(rig: Rig) -> None:
    rig.send("gopher://x/", "hook_1", "dlv_1")
    assert rig.ended.get(timeout=DEADLINE_S)[1].kind == "refused"


def test_templates_of_large_events_and_those_that_took_long_are_rendered_beside_the_loops(rig: Rig) -> None:
    large = replace(EVENT, data=b'{"a":"' + b"x" * RENDERED_APART_BYTES + b'"}')
    costly = replace(EVENT, data=b'{"l":[' + b",".join([b"0"] * 8_000) + b"]}")
    no_json = "{% for one in l %}{{ one }}{% endfor %} no JSON"
    sent = [(EVENT, "sender-quick"), (large, "renderer-0"), (costly, "sender-quick"), (EVENT, "renderer-0")]
    for event, thread in [*sent, (EVENT, "sender-quick")]:
        rig.send("http://receiver.example.com/", "hook_1", "dlv_1", template=no_json, event=event)
        _, outcome, made_by = rig.ended.get(timeout=DEADLINE_S)
        assert (outcome.kind, made_by) == ("refused", thread)

    with Receiver() as receiver:
        rig.send(receiver.url, "hook_1", "dlv_2", template='{"text": "{{ a }}"}', event=large)
        rig.senders.let_start("hook_1", DEADLINE_S)
        assert rig.ended.get(timeout=DEADLINE_S)[1].kind == "success"
