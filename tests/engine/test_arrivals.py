"""A new delivery to a hook that is well is leased in the transaction that accepts its event."""

from typing import Any

import pytest

from hub.engine.arrivals import Arrivals
from hub.engine.destinations import Destinations
from hub.engine.in_flight import InFlight
from hub.engine.runs import Item, Runs
from hub.ids import new_id
from hub.rules.pace import Pace, RateLimit
from hub.store import events, projects
from hub.store.events import NewEvent
from hub.store.leases import LEASE_MARGIN_S
from tests.rigs.stage import Stage

MOST = 8


class Process:
    """What takes in, and begins; nothing is sent."""

    def __init__(self, store: Stage, *, part: int | None = None) -> None:
        self.store = store
        self.begun: list[Item] = []
        self.in_flight = InFlight()
        self.runs = Runs(self.in_flight, store.clock, self.begin)
        self.runs.ahead(part or MOST, part)
        self.arrivals = Arrivals(store.database, "me", Destinations(store.box), self.runs)

    def begin(self, item: Item) -> None:
        self.in_flight.begin(item[0], 0.0)
        self.begun.append(item)

    def publish(self, *hooks: str, count: int = 1, **more: Any) -> None:
        self.store.publish(hooks, count, lease=self.arrivals.lease, **more)

    def states(self, hook: str) -> list[str]:
        return [row.state for row in self.store.of(hook)]


@pytest.fixture
def process(store: Stage) -> Process:
    return Process(store)


def test_it_begins_without_a_claim_with_what_was_published(store: Stage, process: Process) -> None:
    hook = store.hook(target_url="https://one.example/")
    process.publish(hook, data=b'{"a": 1}', hops=2)
    [(claim, shipment, _)] = process.begun
    [row] = store.of(hook)
    assert (row.state, row.owner, row.attempts, row.claimed_at) == ("sending", "me", 1, None)
    assert row.lease_until == store.clock.now() + store.settings.attempt_timeout_s + LEASE_MARGIN_S
    assert (claim.delivery_id, claim.attempt, claim.hook_id, claim.body_bytes) == (row.id, 1, hook, 8)
    event = shipment.event
    assert (event.id, event.type, event.project, event.hops) == (row.event_id, "story.create", "DEMO", 2)
    assert (event.data, shipment.destination.url) == (b'{"a": 1}', "https://one.example/")
    assert (store.row(hook).in_flight, store.row(hook).ready_at) == (1, None)
    store.record([claim], owner="me")
    assert (process.states(hook), store.row(hook).in_flight) == (["delivered"], 0)


def test_who_is_not_well_or_has_something_waiting_is_left_to_the_claim(
    store: Stage, process: Process
) -> None:
    unproven, slow = store.hook(quick=False), store.hook()
    store.set(slow, is_slow=True)
    failing, starting, paused = store.hook(), store.hook(), store.hook()
    store.set(failing, state="failing")
    store.set(starting, slow_start=1)
    store.set(paused, open_until=store.clock.now() + 9)
    limited = store.hook(pace=Pace(rate_limit=RateLimit(1, 1)))
    behind = store.hook()
    store.publish([behind])
    chat = store.hook(format="slack")
    hooks = (unproven, slow, failing, starting, paused, limited, behind, chat)
    process.publish(*hooks)
    assert process.begun == []
    assert {state for hook in hooks for state in process.states(hook)} == {"waiting"}
    assert all(store.row(hook).in_flight == 0 for hook in hooks)
    assert store.row(failing).ready_at == store.row(behind).ready_at == store.clock.now()


def test_an_archived_projects_hooks_are_left_alone(store: Stage, process: Process) -> None:
    hook = store.hook()
    store.do(lambda: projects.archive(store.database, store.project, True, store.clock.now()))
    process.publish(hook)
    assert (process.states(hook), process.begun) == (["waiting"], [])


def test_what_is_beyond_the_run_waits_for_a_claim_and_so_does_all_behind_it(
    store: Stage, process: Process
) -> None:
    hook = store.hook()
    process.publish(hook, count=MOST + 2)
    process.publish(hook)
    assert process.states(hook) == ["sending"] * MOST + ["waiting"] * 3
    assert store.row(hook).ready_at is not None
    assert len(process.begun) == MOST


def test_what_was_promised_is_leased_as_it_is_written_with_the_data_of_its_event(
    store: Stage, process: Process
) -> None:
    well, failing = store.hook(), store.hook()
    store.set(failing, state="failing")
    [event] = store.publish([], data=b'{"a": 1}', hops=1)
    rows = [(new_id("dlv"), event, hook, store.project.id, "story.create") for hook in (well, failing)]
    assert store.do(lambda: process.arrivals.lease_promised(rows)) == rows[1:]
    [(_, shipment, _)] = process.begun
    assert (shipment.event.data, shipment.event.project, shipment.event.hops) == (b'{"a": 1}', "DEMO", 1)
    assert process.states(well) == ["sending"]


def test_where_workers_share_a_hook_each_takes_only_what_it_may_begin(store: Stage) -> None:
    process = Process(store, part=2)
    hook = store.hook()
    process.publish(hook, count=3)
    assert process.states(hook) == ["sending", "sending", "waiting"]


def test_nothing_of_a_transaction_that_is_undone_begins(store: Stage, process: Process) -> None:
    hook = store.hook()
    event = NewEvent(new_id("evt"), store.project.id, "a.b", 0, b"{}", [hook])

    def undone() -> None:
        events.add(store.database, [event], 0, process.arrivals.lease)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.do(undone)
    assert (process.begun, store.of(hook), store.row(hook).in_flight) == ([], [], 0)


def test_what_is_withdrawn_before_the_commit_is_told_goes_back(store: Stage, process: Process) -> None:
    hook = store.hook()
    lease = process.arrivals.lease

    def withdrawn_meanwhile(*what: Any) -> Any:
        rest = lease(*what)
        process.runs.withdraw([hook])
        return rest

    store.publish([hook], lease=withdrawn_meanwhile)
    assert process.begun == []
    back = process.runs.take_back()
    assert store.give_back(back, "me") == 1
    [row] = store.of(hook)
    assert (row.state, row.attempts, store.row(hook).in_flight) == ("waiting", 0, 0)


def test_while_nothing_may_be_leased_ahead_nothing_is(store: Stage, process: Process) -> None:
    first, second, third = store.hook(), store.hook(), store.hook()
    process.runs.offer_nothing()
    process.publish(first)
    process.runs.ahead(MOST, None)
    process.publish(second)
    process.runs.stop()
    process.publish(third)
    assert [process.states(one) for one in (first, second, third)] == [["waiting"], ["sending"], ["waiting"]]


def test_one_whose_row_cannot_be_read_is_left_to_the_claim(store: Stage, process: Process) -> None:
    well, broken = store.hook(), store.hook(secret="mine")
    store.set(broken, secrets="damaged")
    process.publish(well, broken)
    assert (process.states(well), process.states(broken)) == (["sending"], ["waiting"])


def test_a_changed_hook_gets_it_as_it_is_now(store: Stage, process: Process) -> None:
    hook = store.hook(target_url="https://one.example/")
    process.publish(hook)
    store.change(hook, target_url="https://two.example/", secret=None)
    store.set(hook, last_success_at=store.clock.now(), is_slow=False)
    process.publish(hook)
    assert [item[1].destination.url for item in process.begun] == [
        "https://one.example/",
        "https://two.example/",
    ]
