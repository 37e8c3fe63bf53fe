"""A hook goes off, is gone, or is on again: the same follows whoever caused it, and nothing follows what is
undone.
"""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.engine.hook_states import HookStates
from hub.engine.type_counts import TypeCounts
from hub.rules.access import Requester
from hub.rules.health import State, Switched
from hub.store import audit, figures
from tests.rigs.engine import Engine
from tests.rigs.receivers import Receiver
from tests.rigs.waiting import until

ANN = Requester("ann", frozenset({"manage"}), is_person=True, address="192.0.2.7")
LOGGER = "hub.engine.hook_states"


class Told:
    """A hub that is not started, with what `HookStates` tells of: (apps told, how often it woke)."""

    def __init__(self, url: str, folder: Path) -> None:
        self.hub = Engine(url, folder, sends=False)
        self.apps: list[str] = []
        self.woken = 0
        self.counts = TypeCounts(self.hub.database)
        self.states = HookStates(self.hub.database, self.apps.append, self._wake, self.counts)

    def _wake(self) -> None:
        self.woken += 1

    def change(self, hook: str, before: State, after: State, reason: str = "", by: Requester = ANN) -> None:
        switched = Switched(hook, self.hub.project.id, before, after, reason)
        self.hub.do(lambda: self.states.changed([switched], by, 1000.0))


@pytest.fixture
def told(database_url: str, tmp_path: Path) -> Iterator[Told]:
    made = Told(database_url, tmp_path)
    yield made
    made.hub.hub.stop()


@pytest.mark.parametrize(
    ("before", "after", "event_type", "words"),
    [
        ("active", "disabled", "hook.disabled", "hook switched off"),
        ("failing", "auto_disabled", "hook.disabled", "hook switched off"),
        ("active", "gone", "hook.gone", "hook gone"),
        ("auto_disabled", "active", "hook.enabled", "hook switched on"),
    ],
)
def test_each_change_leaves_an_audit_entry_an_own_event_and_one_warning(
    told: Told,
    caplog: pytest.LogCaptureFixture,
    before: State,
    after: State,
    event_type: str,
    words: str,
) -> None:
    hook, watcher = (
        told.hub.hook("http://127.0.0.1:9/credential"),
        told.hub.hook("http://127.0.0.1:9/", ["hook.*"]),
    )
    reason = "" if after == "active" else "five in a row"
    with caplog.at_level(logging.WARNING, LOGGER):
        told.change(hook, before, after, reason)

    [entry] = told.hub.database.read(lambda: list(audit.entries(told.hub.project.id, hook, None, 10)))
    assert (entry.action, entry.actor, entry.address, entry.at) == (event_type, "ann", "192.0.2.7", 1000.0)
    assert entry.fields == {"state": [before, after], **({"reason": reason} if reason else {})}

    [event] = told.hub.events(event_type)
    data = json.loads(bytes(event.data))
    assert data == {
        "id": hook,
        "state": after,
        "by": "ann",
        **({"disabled_reason": reason} if reason else {}),
    }
    assert [row.event_id for row in told.hub.deliveries(watcher)] == [event.id]
    assert told.hub.deliveries(hook) == [], "it is not told of itself"

    [line] = caplog.records
    assert line.levelno == logging.WARNING
    assert line.getMessage().startswith(f"{words} hook={hook} project=DEMO state={after} by='ann' reason=")
    assert reason in line.getMessage()
    assert "credential" not in line.getMessage(), "the URL may hold one"
    assert line.fields["hook"] == hook  # type: ignore[attr-defined]  # for JSON logs
    assert told.woken == 1


def test_only_an_app_whose_hook_failures_switched_off_is_told(told: Told) -> None:
    hook = told.hub.hook("http://127.0.0.1:9/")
    told.change(hook, "active", "disabled", "by hand")
    told.change(hook, "disabled", "active")
    told.change(hook, "active", "gone", "it said so itself", audit.HUB)
    assert told.apps == []
    told.change(hook, "failing", "auto_disabled", "5 in a row", audit.HUB)
    assert told.apps == [hook]
    [event] = [event for event in told.hub.events("hook.disabled") if b"5 in a row" in bytes(event.data)]
    assert "by" not in json.loads(bytes(event.data)), "the hub names nobody for what it does by itself"


def test_nothing_is_told_of_a_change_that_is_undone(told: Told, caplog: pytest.LogCaptureFixture) -> None:
    hook = told.hub.hook("http://127.0.0.1:9/")

    def write() -> None:
        switched = Switched(hook, told.hub.project.id, "failing", "auto_disabled", "5 in a row")
        told.states.changed([switched], audit.HUB, 1000.0)
        raise ValueError("the transaction is undone")

    with caplog.at_level(logging.WARNING, LOGGER), pytest.raises(ValueError, match="undone"):
        told.hub.do(write)
    assert (caplog.records, told.apps, told.woken) == ([], [], 0)
    assert told.hub.events("hook.disabled") == []


def warnings_about(caplog: pytest.LogCaptureFixture, hook: str) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.name == LOGGER and hook in record.getMessage()
    ]


def test_the_log_says_once_that_failures_switched_a_hook_off_and_once_that_it_is_on_again(
    database_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level(logging.WARNING, LOGGER),
        Receiver(500) as receiver,
        Engine(database_url, tmp_path, failure_limit=2) as hub,
    ):
        hook = hub.hook(receiver.url)
        hub.publish(4)
        until(lambda: hub.row(hook).state == "auto_disabled")
        receiver.answer = 200
        hub.services.subscriptions.switch(ANN, hub.project, hook, True)
        hub.settled(hook)
    off, on = warnings_about(caplog, hook)
    assert (
        "state=auto_disabled by='hookhub' reason='2 requests in a row failed, the last: answered 500'" in off
    )
    assert on.startswith(f"hook switched on hook={hook} ")


@pytest.mark.parametrize(("origin", "words"), [("api", "hook gone"), ("page", "hook switched off")])
def test_the_log_says_that_a_receiver_asked_for_no_more(
    database_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, origin: str, words: str
) -> None:
    with (
        caplog.at_level(logging.WARNING, LOGGER),
        Receiver(410) as receiver,
        Engine(database_url, tmp_path) as hub,
    ):
        hook = hub.hook(receiver.url, origin=origin)
        hub.publish(3)
        until(lambda: hub.row(hook).disabled_at)
        until(lambda: hub.row(hook).in_flight == 0)
    [line] = warnings_about(caplog, hook)
    assert line.startswith(f"{words} hook={hook} ")
    assert "410" in line


def test_the_hubs_own_events_are_counted_among_their_type_once_they_are_committed(told: Told) -> None:
    hook, _ = told.hub.hook("http://127.0.0.1:9/"), told.hub.hook("http://127.0.0.1:9/", ["hook.*"])
    told.change(hook, "active", "gone")
    told.counts.write()
    counted = told.hub.database.read(
        lambda: figures.type_counts(told.hub.database, told.hub.project.id, figures.hour_of(1000.0))
    )
    assert [(one.type, one.events, one.deliveries) for one in counted] == [("hook.gone", 1, 1)]
