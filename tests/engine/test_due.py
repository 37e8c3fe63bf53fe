"""What is due by the clock: each time fires once, whoever looks and whatever dies, and misses are made up for."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfoNotFoundError

import pytest

from hub.engine.due import Due
from hub.engine.intake import Intake
from hub.operations.schedules import ScheduleFields
from hub.rules import filters
from hub.rules.access import Requester
from hub.rules.payload import Published
from hub.rules.settings import Settings
from hub.store import event_lists, hooks, notices, projects, retention, schedules
from hub.store.schedules import Schedule
from tests.rigs.engine import Engine
from tests.rigs.waiting import DEADLINE_S

MANAGER = Requester("ann", frozenset({"manage"}))


@pytest.fixture
def engine(database_url: str, tmp_path: Path) -> Iterator[Engine]:
    running = Engine(database_url, tmp_path, sends=False)
    yield running
    running.hub.stop()


@pytest.fixture
def due(engine: Engine) -> Due:
    return Due(engine.database, engine.services.intake)


def made(engine: Engine, **fields: object) -> Schedule:
    wanted = ScheduleFields(**{"event_type": "report.due", "every_s": 60, **fields})  # type: ignore[arg-type]
    return engine.services.schedules.create(MANAGER, engine.project, wanted)


def said(engine: Engine) -> list[tuple[str, int]]:
    """For when each event was, and how many times had been missed."""
    found = [json.loads(bytes(event.data)) for event in engine.events("report.due")]
    return [(one["scheduled_for"], one["missed"]) for one in found]


def test_a_time_that_has_come_publishes_its_event_to_the_hooks_that_want_it(engine: Engine, due: Due) -> None:
    hook = engine.hook("http://127.0.0.1:9/", ["report.*"])
    one = made(engine, data={"team": "A"})

    assert due.tick(one.next_at - 1) == 0
    assert due.tick(one.next_at + 1) == 1
    [event] = engine.events("report.due")

    data = json.loads(bytes(event.data))
    assert (data["schedule"], data["missed"], data["team"]) == (one.id, 0, "A")
    assert [delivery.event_id for delivery in engine.deliveries(hook)] == [event.id]
    after = engine.database.read(lambda: schedules.get(one.id))
    assert after is not None
    assert (after.next_at, after.last_event_id) == (one.next_at + 60, event.id)


def test_no_time_fires_twice_however_many_look(engine: Engine, due: Due) -> None:
    """A second hub on the same database looks at the same moment."""
    found = [made(engine, name=str(n)) for n in range(10)]
    now = max(one.next_at for one in found)
    other = Due(engine.database, Intake(engine.database, lambda: None))
    taken: list[int] = []
    looking = [
        threading.Thread(target=lambda one=one: taken.append(one.tick(now))) for one in (due, other) * 2
    ]
    for thread in looking:
        thread.start()
    for thread in looking:
        thread.join(DEADLINE_S)

    assert sum(taken) == 10
    assert len(said(engine)) == 10


def test_an_event_that_cannot_be_written_leaves_its_time_to_be_taken_again(engine: Engine) -> None:
    class Failing(Intake):
        def enter(self, *_: object, **__: object) -> None:
            raise OSError("as killed in the middle")

    one = made(engine)
    with pytest.raises(OSError, match="killed"):
        Due(engine.database, Failing(engine.database, lambda: None)).tick(one.next_at)

    assert said(engine) == []
    assert Due(engine.database, engine.services.intake).tick(one.next_at) == 1
    assert len(said(engine)) == 1


@pytest.mark.parametrize(("misfire", "missed"), [("once", [3]), ("skip", [])])
def test_after_a_time_away_one_event_stands_for_all_or_none(
    engine: Engine, due: Due, misfire: str, missed: list[int]
) -> None:
    one = made(engine, misfire=misfire, grace_s=5)
    now = one.next_at + 3 * 60 + 10

    assert due.tick(now) == 1
    assert due.tick(now) == 0
    assert [number for _, number in said(engine)] == missed
    after = engine.database.read(lambda: schedules.get(one.id))
    assert after is not None
    assert after.next_at == one.next_at + 4 * 60
    [notice] = engine.database.read(lambda: notices.find(now + 60, project_ids=None))
    assert notice.count == (3 if missed else 4)


def test_one_that_is_off_or_whose_project_is_archived_publishes_nothing(engine: Engine, due: Due) -> None:
    off, archived = made(engine, enabled=False), made(engine)
    now = engine.database.clock.now()
    engine.do(lambda: projects.archive(engine.database, engine.project, True, now))

    due.tick(max(off.next_at, archived.next_at))

    assert said(engine) == []


def test_those_of_cron_are_planned_anew_when_the_clocks_of_their_zone_have_changed(
    engine: Engine, due: Due
) -> None:
    one = made(engine, every_s=None, cron="0 9 * * *", time_zone="Europe/Berlin")
    engine.do(lambda: schedules.advance(one, one.next_at + 3_600))

    due.replan(engine.database.clock.now())

    again = engine.database.read(lambda: schedules.get(one.id))
    assert again is not None
    assert again.next_at == one.next_at


def later(engine: Engine, at: float, data: bytes = b"{}") -> str:
    event = Published("report.due", data, None, None, at)
    accepted = engine.services.intake.accept(engine.project.id, [event], remembers_types=True)
    [receipt] = accepted.result(DEADLINE_S)
    assert (receipt.deliveries, receipt.due_at) == (0, event.deliver_at)
    return receipt.id


def test_an_event_for_later_goes_to_the_hooks_that_want_it_then(engine: Engine, due: Due) -> None:
    before = engine.hook("http://127.0.0.1:9/")
    now = engine.database.clock.now()
    event_id = later(engine, now + 60)
    engine.do(lambda: hooks.delete(hooks.get(before), now))  # type: ignore[arg-type]
    after = engine.hook("http://127.0.0.1:9/", ["report.*"])

    assert due.tick(now + 59) == 0
    assert due.tick(now + 61) == 1
    assert due.tick(now + 61) == 0

    assert engine.deliveries(before) == []
    assert [delivery.event_id for delivery in engine.deliveries(after)] == [event_id]


def test_an_event_for_later_is_neither_replayed_nor_forgotten_before(engine: Engine, due: Due) -> None:
    now = engine.database.clock.now()
    event_id = later(engine, now + 29 * 86_400)

    found = engine.database.read(lambda: event_lists.between(engine.project.id, 0, now + 60, None, 10))
    assert [one.id for one in found if one.id == event_id] == []
    engine.do(lambda: retention.forget(Settings(retention_days=1), now + 5 * 86_400))
    assert due.tick(now + 30 * 86_400) == 1


def test_a_filter_is_asked_when_an_event_is_due(engine: Engine, due: Due) -> None:
    three = filters.read({"any": [{"all": [{"field": "state", "op": "=", "value": 3}]}]})
    hook = engine.hook("http://127.0.0.1:9/", filter=three)
    at = engine.database.clock.now() + 3_600
    later(engine, at, b'{"state":2}')
    wanted = later(engine, at, b'{"state":3}')

    due.tick(at, tick_s=DEADLINE_S)

    assert [delivery.event_id for delivery in engine.deliveries(hook)] == [wanted]


def test_all_that_is_due_in_one_second_is_taken_in_one_tick(engine: Engine, due: Due) -> None:
    hook = engine.hook("http://127.0.0.1:9/", ["report.*"])
    now = engine.database.clock.now()
    found = [Published("report.due", b"{}", None, None, now + 60) for _ in range(250)]
    engine.services.intake.accept(engine.project.id, found, remembers_types=True).result(DEADLINE_S)
    one = made(engine)

    assert due.tick(max(now + 60, one.next_at), tick_s=DEADLINE_S) == 251
    assert len(engine.deliveries(hook)) == 251


def test_what_cannot_be_taken_keeps_nobody_else_from_it_and_is_told_once(
    engine: Engine, due: Due, caplog: pytest.LogCaptureFixture
) -> None:
    """A zone that the machine's tz database has lost, of the schedule that was due first."""
    broken, good = made(engine, every_s=None, cron="* * * * *"), made(engine)
    engine.do(lambda: schedules.update(broken, {"time_zone": "Mars/Olympus", "next_at": 1.0}, 2.0))
    hook = engine.hook("http://127.0.0.1:9/", ["report.*"])
    now = max(good.next_at, engine.database.clock.now() + 60)
    later(engine, now)

    for second in range(3):
        due.tick(now + second)
    due.replan(0.0)

    assert len(engine.deliveries(hook)) == 2
    told = [record for record in caplog.records if "cannot be planned" in record.message]
    assert [record.exc_info[0] for record in told if record.exc_info] == [ZoneInfoNotFoundError]
    [notice] = engine.database.read(lambda: notices.find(now + 10, project_ids=None))
    assert (notice.kind, notice.count) == ("schedule_missed", 1)
    assert "its next time cannot be told" in notice.reason
