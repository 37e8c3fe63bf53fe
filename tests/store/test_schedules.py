"""Schedules in their table, on both engines."""

from hub.store import projects, schedules
from hub.store.schedules import Schedule
from tests.rigs.stage import Stage


def made(store: Stage, next_in_s: float = 60, enabled: bool = True, cron: str | None = None) -> Schedule:
    every_s = 60 if cron is None else None
    columns = {"name": "n", "cron": cron, "every_s": every_s, "time_zone": "UTC", "event_type": "a.b"}
    columns |= {"data": "{}", "enabled": enabled, "misfire": "once", "grace_s": 60}
    now = store.clock.now()
    return store.do(lambda: schedules.add(store.project.id, columns, "maria", now + next_in_s, now))


def test_what_is_due_is_what_has_come_of_those_that_are_on_the_longest_overdue_first(store: Stage) -> None:
    late, later, _ahead = made(store, 30), made(store, 10), made(store, 90)
    made(store, 10, enabled=False)
    now = store.clock.advance(40)

    assert [one.id for one in store.read(lambda: schedules.due(now, 10))] == [later.id, late.id]
    assert [one.id for one in store.read(lambda: schedules.due(now, 1))] == [later.id]


def test_a_time_is_taken_once(store: Stage) -> None:
    one = made(store)

    assert store.do(lambda: schedules.advance(one, one.next_at + 60))
    assert not store.do(lambda: schedules.advance(one, one.next_at + 60))


def test_a_time_of_one_that_was_changed_or_switched_off_meanwhile_is_not_taken(store: Stage) -> None:
    one, other = made(store), made(store)
    store.do(lambda: schedules.update(one, {"next_at": one.next_at + 5}, store.clock.now()))
    store.do(lambda: schedules.update(other, {"enabled": False}, store.clock.now()))

    assert not store.do(lambda: schedules.advance(one, one.next_at + 60))
    assert not store.do(lambda: schedules.advance(other, other.next_at + 60))


def test_only_those_of_cron_are_planned_anew(store: Stage) -> None:
    made(store)
    ahead = made(store, 90, cron="0 9 * * *")

    assert [one.id for one in store.read(lambda: schedules.planned(store.clock.now()))] == [ahead.id]


def test_they_end_with_their_project(store: Stage) -> None:
    one = made(store)
    store.do(lambda: schedules.remember(one.id, "evt_1", 2, 5.0))
    kept = store.read(lambda: schedules.get(one.id))
    assert kept is not None
    assert (kept.last_event_id, kept.missed, kept.last_at) == ("evt_1", 2, 5.0)

    store.do(lambda: projects.delete(store.project, store.clock.now()))

    assert store.read(lambda: schedules.get(one.id)) is None


def test_they_are_listed_newest_first_and_page_by_page(store: Stage) -> None:
    ids = [made(store).id for _ in range(3)]

    assert [one.id for one in store.read(lambda: schedules.find(store.project.id))] == ids[::-1]
    assert [one.id for one in store.read(lambda: schedules.find(store.project.id, ids[1]))] == ids[:1]
    assert store.read(lambda: schedules.count(store.project.id)) == 3
    assert store.read(lambda: schedules.find(store.project.id + 1)) == ()
