"""Schedules are their project's managers': each change is checked, written once, and plans anew what it must."""

import itertools
from typing import Any

import pytest

from hub.engine.due import Due
from hub.engine.intake import Intake
from hub.errors import ChangedMeanwhile, Conflict, Forbidden, Invalid, NotFound
from hub.operations.projects import Projects
from hub.operations.schedules import ScheduleChange, ScheduleFields, Schedules
from hub.store import audit, projects
from tests.rigs.requesters import ADMIN, manager, member
from tests.rigs.stage import Stage

HOURLY = ScheduleFields("report.due", "Report", every_s=3_600)


@pytest.fixture
def schedules(sqlite: Stage) -> Schedules:
    return Schedules(sqlite.database, Due(sqlite.database, Intake(sqlite.database, lambda: None)))


def test_each_change_is_in_the_audit_trail_and_no_change_is_none(sqlite: Stage, schedules: Schedules) -> None:
    maria = manager(sqlite.project)
    one = schedules.create(maria, sqlite.project, HOURLY)
    for _ in range(2):
        schedules.update(maria, sqlite.project, one.id, ScheduleChange(name="Again"))
    schedules.fire(maria, sqlite.project, one.id)
    schedules.delete(maria, sqlite.project, one.id)

    entries = sqlite.read(lambda: audit.entries(object_id=one.id))[::-1]
    assert [entry.action for entry in entries] == [
        "schedule.created",
        "schedule.updated",
        "schedule.fired",
        "schedule.deleted",
    ]
    assert entries[1].fields == {"name": ["Report", "Again"]}


def test_whoever_says_what_they_saw_undoes_nothing_unseen(store: Stage) -> None:
    schedules = Schedules(store.database, Due(store.database, Intake(store.database, lambda: None)))
    maria, project = manager(store.project), store.project
    first = schedules.create(maria, project, HOURLY)
    store.clock.advance(1)
    theirs = schedules.update(maria, project, first.id, ScheduleChange(every_s=60), first.updated_at)

    with pytest.raises(ChangedMeanwhile):
        schedules.update(maria, project, first.id, ScheduleChange(name="Mine"), first.updated_at)
    assert schedules.get(maria, project, first.id) == theirs
    mine = schedules.update(maria, project, first.id, ScheduleChange(name="Mine"), theirs.updated_at)
    assert (mine.name, mine.every_s) == ("Mine", 60)


@pytest.mark.parametrize(
    ("changes", "is_planned_anew"),
    [
        ({"every_s": 60}, True),
        ({"name": "x"}, False),
        ({"data": {"a": 1}}, False),
        ({"misfire": "skip"}, False),
    ],
)
def test_only_what_changes_its_times_plans_them_anew(
    sqlite: Stage, schedules: Schedules, changes: dict[str, Any], is_planned_anew: bool
) -> None:
    maria = manager(sqlite.project)
    one = schedules.create(maria, sqlite.project, HOURLY)
    sqlite.clock.advance(600)

    changed = schedules.update(maria, sqlite.project, one.id, ScheduleChange(**changes))

    assert (changed.next_at != one.next_at) is is_planned_anew


def test_switched_on_again_it_makes_up_for_nothing(sqlite: Stage, schedules: Schedules) -> None:
    maria = manager(sqlite.project)
    one = schedules.create(maria, sqlite.project, HOURLY)
    off = schedules.update(maria, sqlite.project, one.id, ScheduleChange(enabled=False))
    assert schedules.next_times(off) == ()
    now = sqlite.clock.advance(100 * 3_600)

    on = schedules.update(maria, sqlite.project, one.id, ScheduleChange(enabled=True))

    assert now < on.next_at <= now + 3_600
    assert len(schedules.next_times(on)) == 5


def test_they_are_nobody_elses(sqlite: Stage, schedules: Schedules) -> None:
    other = sqlite.do(lambda: projects.add("OTHER", "", "open", 0))
    one = schedules.create(manager(sqlite.project), sqlite.project, HOURLY)

    for who in (member(sqlite.project), manager(other)):
        with pytest.raises(Forbidden):
            schedules.list(who, sqlite.project)
        with pytest.raises(Forbidden):
            schedules.create(who, sqlite.project, HOURLY)
    with pytest.raises(NotFound):
        schedules.get(manager(other), other, one.id)
    with pytest.raises(NotFound):
        schedules.fire(manager(other), other, one.id)


def test_in_an_archived_project_none_is_made_or_fired(sqlite: Stage, schedules: Schedules) -> None:
    one = schedules.create(ADMIN, sqlite.project, HOURLY)
    Projects(sqlite.database).update(ADMIN, "DEMO", is_archived=True)

    with pytest.raises(Forbidden, match="archived"):
        schedules.create(ADMIN, sqlite.project, HOURLY)
    with pytest.raises(Forbidden, match="archived"):
        schedules.fire(ADMIN, sqlite.project, one.id)


def test_a_project_has_no_more_than_it_may(sqlite: Stage) -> None:
    due = Due(sqlite.database, Intake(sqlite.database, lambda: None))
    schedules = Schedules(sqlite.database, due, schedules_max=1)
    schedules.create(ADMIN, sqlite.project, HOURLY)

    with pytest.raises(Conflict, match="1 schedules"):
        schedules.create(ADMIN, sqlite.project, HOURLY)


def test_times_can_be_looked_at_before_anything_is_saved(sqlite: Stage, schedules: Schedules) -> None:
    times = schedules.preview(HOURLY)

    assert [round(later - earlier) for earlier, later in itertools.pairwise(times)] == [3_600] * 4
    with pytest.raises(Invalid):
        schedules.preview(ScheduleFields("a", cron="nonsense"))
